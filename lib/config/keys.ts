/** Every configuration key: its kind, unit, default, range and one sentence. The only list of keys there is. */

import { COMMON_KEYS } from "./common_keys.ts";
import type { KeySpec, ValuesOf } from "./key_spec.ts";

const word = /^[^\s/+#]+(\/[^\s/+#]+)*$/;

/** The keys of `.env` or `/etc/ecoflow-power/ecoflow-power.env`. */
export const KEYS = {
  ECOFLOW_CLOUD: {
    kind: "switch",
    default: true,
    doc: "Connect to EcoFlow's cloud; off when somebody else feeds the raw or decoded topics.",
  },
  ECOFLOW_USER: {
    kind: "text",
    aliases: ["ECOFLOW_USERNAME"],
    doc: "E-mail address of the EcoFlow app account. River 3 models need this way in.",
    example: "you@example.com",
  },
  ECOFLOW_PASS: {
    kind: "text",
    secret: true,
    aliases: ["ECOFLOW_PASSWORD"],
    doc: "Password of the EcoFlow app account.",
  },
  ECOFLOW_ACCESS_KEY: { kind: "text", secret: true, doc: "Access key of EcoFlow's developer API." },
  ECOFLOW_SECRET_KEY: { kind: "text", secret: true, doc: "Secret key of EcoFlow's developer API." },
  ECOFLOW_DEVICE_LIST: {
    kind: "text",
    doc: 'The power stations: serial numbers, each with an optional name: "SN[:Name],…".',
    whenUnset: "all stations of the account",
    example: "R631XXXXXXXXXXXX:Study",
  },
  ECOFLOW_API_HOSTS: {
    kind: "text",
    default: "api.ecoflow.com,api-e.ecoflow.com,api-a.ecoflow.com",
    pattern: /^[A-Za-z0-9.-]+(:\d{1,5})?(,[A-Za-z0-9.-]+(:\d{1,5})?)*$/,
    wanted: '"host[:port],…"',
    doc: "HTTPS hosts to log in at, tried in this order; the first that accepts the account is kept.",
  },
  ECOFLOW_BROKER_HOSTS: {
    kind: "text",
    default: "*.ecoflow.com",
    pattern: /^[*A-Za-z0-9.-]+(:\d{1,5})?(,[*A-Za-z0-9.-]+(:\d{1,5})?)*$/,
    wanted: '"host[:port],…", "*." in front for all its subdomains',
    doc: "Hosts that the cloud may name as its MQTT broker; anything else is refused.",
  },
  ECOFLOW_CA_FILE: {
    kind: "text",
    doc: "PEM file with a certificate authority to trust for the cloud, besides the public ones.",
    example: "/etc/ecoflow-power/cloud-ca.pem",
  },
  ECOFLOW_KEEPALIVE_SEC: {
    kind: "integer",
    default: 45,
    min: 30,
    max: 60,
    unit: "s",
    doc: "How often each station is asked for its whole state, so that its stream does not dry up.",
  },
  ECOFLOW_BASE: {
    kind: "text",
    default: "bridge-ecoflow",
    pattern: word,
    wanted: "an MQTT topic without wildcards",
    doc: "Root of the topics of the stations.",
  },
  POWER_MANAGER_BASE: {
    kind: "text",
    default: "power-manager",
    pattern: word,
    wanted: "an MQTT topic without wildcards",
    doc: "Root of the topics of policy and agents.",
  },
  MQTT_HOST: {
    kind: "text",
    doc: "The broker in the house.",
    whenUnset: "an embedded broker on loopback",
    example: "127.0.0.1",
  },
  MQTT_PORT: COMMON_KEYS.MQTT_PORT,
  MQTT_USER: { kind: "text", doc: "User name at the broker.", example: "ecoflow-power" },
  MQTT_PASS: COMMON_KEYS.MQTT_PASS,
  MQTT_TLS: {
    kind: "switch",
    default: false,
    doc: "Speak TLS to the broker; its certificate is always verified.",
  },
  MQTT_CA_FILE: {
    kind: "text",
    doc: "PEM file with the certificate authority of the broker.",
    example: "/etc/ecoflow-power/broker-ca.pem",
  },
  MQTT_CERT_FILE: {
    kind: "text",
    doc: "PEM file with the client certificate for the broker.",
    example: "/etc/ecoflow-power/broker-client.pem",
  },
  MQTT_KEY_FILE: {
    kind: "text",
    doc: "PEM file with the key of that certificate.",
    example: "/etc/ecoflow-power/broker-client.key",
  },
  MQTT_CLIENT_ID: {
    kind: "text",
    default: "ecoflow-power",
    pattern: /^[A-Za-z0-9_-]{1,64}$/,
    wanted: "1 to 64 letters, digits, - or _",
    doc:
      "Client id at the broker. Yours is used as it is; to the default a part is added that nobody can guess.",
  },
  MQTT_EMBEDDED_PORT: {
    kind: "integer",
    default: 1883,
    min: 0,
    max: 65535,
    doc: "Port of the embedded broker on loopback, 0 for any free one.",
  },
  GRID_RULE: {
    kind: "choice",
    default: "auto",
    choices: ["auto", "tag27"],
    doc: "How the grid is judged: the model's sound indicator, or the predecessor's rule for River 3 Plus.",
  },
  STATE_STALE_SEC: {
    kind: "integer",
    default: 120,
    min: 30,
    max: 3600,
    unit: "s",
    doc: "After this long without fresh evidence a station is shown as stale.",
  },
  MODELS_DIR: {
    kind: "text",
    doc:
      "Directory with your own model files, *.toml or *.json, for stations that this version does not know.",
    example: "/etc/ecoflow-power/models",
  },
  PUBLISH_RAW_JSON: { kind: "switch", default: false, doc: "Publish every decoded field too." },
  DEVICE_TO_AGENTS_JSON: {
    kind: "json",
    default: "{}",
    doc: "Which hosts are plugged into which station: a list of names each.",
    example: '{"Study":["study-pc","nas"]}',
  },
  SIMULATED_STATIONS: {
    kind: "text",
    default: "SimulatedDevice",
    doc: "Stations that `ecoflow-power feed` may play, with commas: names that no real station has.",
  },
  POLICY_SOC_MIN: {
    kind: "number",
    default: 10,
    min: 0,
    max: 100,
    unit: "%",
    doc: "On battery and at or below this charge, hosts are shut down.",
  },
  POLICY_SOC_STEP: {
    kind: "integer",
    min: 0,
    max: 50,
    unit: "%",
    doc: "On battery, an event (charge_falls) each time the charge has fallen by so much; 0: none.",
    whenUnset: "no such event",
    example: "5",
  },
  POLICY_DEBOUNCE_SEC: {
    kind: "integer",
    default: 180,
    min: 0,
    max: 86_400,
    unit: "s",
    doc: "How long it must stay so before the shutdown is triggered.",
  },
  POLICY_COOLDOWN_SEC: {
    kind: "integer",
    default: 300,
    min: 10,
    max: 86_400,
    unit: "s",
    doc: "After this time a host that was told and did not go gets a new command.",
  },
  POLICY_ABORT_WINDOW_SEC: {
    kind: "integer",
    default: 120,
    min: 10,
    max: 86_400,
    unit: "s",
    doc: "After the grid is back, hosts get the abort for this long.",
  },
  POLICY_SHUTDOWN_DELAY_SEC: {
    kind: "integer",
    default: 60,
    min: 0,
    max: 3600,
    unit: "s",
    doc: "How long a host waits between its preparations and switching off.",
  },
  POLICY_COMMAND_TTL_SEC: {
    kind: "integer",
    default: 300,
    min: 10,
    max: 86_400,
    unit: "s",
    doc: "How long a command may be obeyed after it was given.",
  },
  POLICY_FILE: {
    kind: "text",
    doc:
      "TOML file with what does not fit into a line: stages, more triggers, witnesses, waking (docs/policy.md).",
    example: "/etc/ecoflow-power/policy.toml",
  },
  AGENT_KEYS_FILE: {
    kind: "text",
    doc: 'JSON file with the keys of the agents, {"agent":"hex"}.',
    whenUnset: "agent_keys.json in STATE_DIR",
    example: "/etc/ecoflow-power/agent_keys.json",
  },
  NUT_SOURCES_JSON: {
    kind: "json",
    default: "{}",
    doc: "Which stations a NUT server speaks for as well, by cable: its UPS name, host and port each.",
    example: '{"Study":{"ups":"study","host":"127.0.0.1"}}',
  },
  NUT_SOURCE_POLL_SEC: {
    kind: "number",
    default: 3,
    min: 2,
    max: 5,
    unit: "s",
    doc: "How often the NUT server of a station by cable is asked.",
  },
  NUT_SOURCE_PASSWORDS_JSON: {
    kind: "json",
    secret: true,
    doc:
      'Passwords for NUT servers of stations by cable that have a user, by station, {"station":"password"}.',
  },
  NUT_SOURCE_CA_FILE: {
    kind: "text",
    doc: "PEM file with the certificates that may sign those of NUT servers of stations by cable.",
    whenUnset: "the runtime's own list",
    example: "/etc/ecoflow-power/nut-ca.pem",
  },
  NUT_CONFIG_FILE: {
    kind: "text",
    doc: "TOML file with the clients, accounts and names of the NUT server.",
    whenUnset: "no NUT server",
    example: "/etc/ecoflow-power/nut.toml",
  },
  NUT_LISTEN_HOST: {
    kind: "text",
    pattern: /^[0-9A-Fa-f.:]+$/,
    wanted: "an IP address of this machine",
    doc: "Address that the NUT server listens at.",
    example: "192.168.1.2",
  },
  NUT_PORT: { kind: "integer", default: 3493, min: 1, max: 65535, doc: "Port of the NUT server." },
  NUT_CERT_FILE: {
    kind: "text",
    doc: "PEM file with the NUT server's certificate; with it STARTTLS is offered.",
    example: "/etc/ecoflow-power/nut.pem",
  },
  NUT_KEY_FILE: {
    kind: "text",
    doc: "PEM file with the key of that certificate.",
    example: "/etc/ecoflow-power/nut.key",
  },
  NUT_LOW_BATTERY_PERCENT: {
    kind: "number",
    default: 5,
    min: 0,
    max: 100,
    unit: "%",
    doc: "At or below this charge on battery, NUT clients are told LB whatever the policy does.",
  },
  DASHBOARD_LISTEN: {
    kind: "text",
    pattern: /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9A-Fa-f:]+\]):\d{1,5}$/,
    wanted: "an IP address of this machine with a port, such as 127.0.0.1:8080 or 0.0.0.0:8080",
    doc: "Where the dashboard listens. Off the loopback only with a password.",
    whenUnset: "no dashboard",
    example: "127.0.0.1:8080",
  },
  DASHBOARD_HOSTS: {
    kind: "text",
    pattern: /^[A-Za-z0-9.-]+(,[A-Za-z0-9.-]+)*$/,
    wanted: '"name,…" without ports',
    doc: "Names by which browsers may reach the dashboard, besides localhost and IP addresses.",
    example: "pi.lan",
  },
  DASHBOARD_READ_WITHOUT_LOGIN: {
    kind: "switch",
    default: false,
    doc: "Everybody who can reach the dashboard may look without a log-in; buttons always need one.",
  },
  DASHBOARD_METRICS_TOKEN: {
    kind: "text",
    secret: true,
    pattern: /^\S{16,200}$/,
    wanted: "16 to 200 characters without blanks",
    doc: "What Prometheus shows as a bearer token to read /metrics; without it a log-in is needed.",
  },
  DASHBOARD_CERT_FILE: {
    kind: "text",
    doc: "PEM file with the dashboard's certificate; with it the dashboard speaks HTTPS only.",
    example: "/etc/ecoflow-power/dashboard.pem",
  },
  DASHBOARD_KEY_FILE: {
    kind: "text",
    doc: "PEM file with the key of that certificate.",
    example: "/etc/ecoflow-power/dashboard.key",
  },
  HISTORY: {
    kind: "switch",
    default: true,
    doc: "Keep values, events, energy and outages in the state directory.",
  },
  HISTORY_DAYS: {
    kind: "integer",
    default: 730,
    min: 31,
    max: 3650,
    unit: "days",
    doc: "How long quarter hours are kept; minutes are kept for 30 days, 10 s for 2.",
  },
  HOME_ASSISTANT_DISCOVERY: {
    kind: "switch",
    default: false,
    doc: "Show stations, hosts and policy to Home Assistant by its MQTT discovery.",
  },
  HOME_ASSISTANT_PREFIX: {
    kind: "text",
    pattern: word,
    wanted: "an MQTT topic without wildcards",
    doc: "Root of the discovery topics, as set in Home Assistant.",
    whenUnset: "homeassistant",
    example: "homeassistant",
  },
  PUSHOVER_TOKEN: {
    kind: "text",
    secret: true,
    doc: "Token of the Pushover application.",
    aliases: ["PUSHOVER_API_TOKEN"],
  },
  PUSHOVER_USER: {
    kind: "text",
    secret: true,
    doc: "User or group key at Pushover.",
    aliases: ["PUSHOVER_USER_KEY"],
  },
  PUSHOVER_URL: { kind: "text", default: "https://api.pushover.net", doc: "Pushover's address." },
  TELEGRAM_BOT_TOKEN: {
    kind: "text",
    secret: true,
    doc: "Token of the Telegram bot.",
    aliases: ["TELEGRAM_TOKEN"],
  },
  TELEGRAM_CHAT_ID: { kind: "text", doc: "The chat that the bot writes to.", example: "123456789" },
  TELEGRAM_URL: { kind: "text", default: "https://api.telegram.org", doc: "Telegram's address." },
  NTFY_URL: { kind: "text", secret: true, doc: "Server and topic of ntfy: https://ntfy.sh/your-topic." },
  NTFY_TOKEN: { kind: "text", secret: true, doc: "Access token at ntfy." },
  SMTP_HOST: { kind: "text", doc: "Mail server that takes our mail.", example: "mail.example.com" },
  SMTP_PORT: {
    kind: "integer",
    min: 1,
    max: 65535,
    doc: "Its port.",
    whenUnset: "587; 465 with SMTP_TLS=implicit, 25 with none",
    example: "587",
  },
  SMTP_TLS: {
    kind: "choice",
    choices: ["implicit", "starttls", "none"],
    doc: "How mail is kept private; none is for a server on this machine only.",
    whenUnset: "starttls, at port 465 implicit",
    example: "starttls",
  },
  SMTP_USER: { kind: "text", doc: "User name at the mail server.", example: "you@example.com" },
  SMTP_PASS: { kind: "text", secret: true, doc: "Password at the mail server." },
  SMTP_FROM: {
    kind: "text",
    doc: "Sender's address.",
    whenUnset: "the first of SMTP_TO",
    example: "ups@example.com",
  },
  SMTP_TO: { kind: "text", doc: "Addresses that get mail, with commas.", example: "you@example.com" },
  WEBHOOK_URL: { kind: "text", secret: true, doc: "Address that gets each message as JSON." },
  WEBHOOK_SECRET: { kind: "text", secret: true, doc: "Signs the JSON: header x-ecoflow-signature." },
  APPRISE_URL: {
    kind: "text",
    secret: true,
    doc: "Apprise's API: https://apprise.lan/notify/KEY, or /notify.",
  },
  APPRISE_TARGETS: { kind: "text", secret: true, doc: "Apprise's own addresses, when the API keeps none." },
  APPRISE_TAG: { kind: "text", doc: "Which of the kept addresses.", example: "ups" },
  PUSHOVER_ENABLED: {
    kind: "switch",
    default: true,
    doc: "Off: nothing goes by Pushover, whatever its keys.",
  },
  TELEGRAM_ENABLED: {
    kind: "switch",
    default: true,
    doc: "Off: nothing goes by Telegram, whatever its keys.",
  },
  NTFY_ENABLED: { kind: "switch", default: true, doc: "Off: nothing goes by ntfy, whatever its keys." },
  SMTP_ENABLED: { kind: "switch", default: true, doc: "Off: nothing goes by mail, whatever its keys." },
  WEBHOOK_ENABLED: {
    kind: "switch",
    default: true,
    doc: "Off: nothing goes to the webhook, whatever its keys.",
  },
  APPRISE_ENABLED: { kind: "switch", default: true, doc: "Off: nothing goes by Apprise, whatever its keys." },
  NOTIFY_GRID_LOSS: { kind: "switch", default: true, doc: "Off: NOTIFY_EVENTS without grid_lost." },
  NOTIFY_GRID_RESTORED: {
    kind: "switch",
    default: true,
    doc: "Off: NOTIFY_EVENTS without grid_back and called_off.",
  },
  NOTIFY_SHUTDOWN_COMMANDS: {
    kind: "switch",
    default: true,
    doc: "Off: NOTIFY_EVENTS without shutdown_triggered and shutdown_sent.",
  },
  NOTIFY_SYSTEM_EVENTS: {
    kind: "switch",
    default: true,
    doc:
      "Off: NOTIFY_EVENTS without what is said of the cloud and of silent stations; blind is told all the same.",
  },
  NOTIFY_SOC_WARNINGS: {
    kind: "switch",
    default: false,
    doc: "On: as POLICY_SOC_STEP=2, where that is not set.",
  },
  NOTIFY_EVENTS: {
    kind: "text",
    doc: 'Which events are sent: normal, info, notice, warning or danger, then kinds as "+kind" and "-kind".',
    whenUnset: "normal",
    example: "warning,+grid_back",
  },
  NOTIFY_EVENTS_PUSHOVER: {
    kind: "text",
    doc: "The same for Pushover alone.",
    whenUnset: "as NOTIFY_EVENTS",
    example: "warning",
  },
  NOTIFY_EVENTS_TELEGRAM: {
    kind: "text",
    doc: "The same for Telegram alone.",
    whenUnset: "as NOTIFY_EVENTS",
    example: "warning",
  },
  NOTIFY_EVENTS_NTFY: {
    kind: "text",
    doc: "The same for ntfy alone.",
    whenUnset: "as NOTIFY_EVENTS",
    example: "warning",
  },
  NOTIFY_EVENTS_EMAIL: {
    kind: "text",
    doc: "The same for mail alone.",
    whenUnset: "as NOTIFY_EVENTS",
    example: "warning",
  },
  NOTIFY_EVENTS_WEBHOOK: {
    kind: "text",
    doc: "The same for the webhook alone.",
    whenUnset: "as NOTIFY_EVENTS",
    example: "warning",
  },
  NOTIFY_EVENTS_APPRISE: {
    kind: "text",
    doc: "The same for Apprise alone.",
    whenUnset: "as NOTIFY_EVENTS",
    example: "warning",
  },
  NOTIFY_QUIET_HOURS: {
    kind: "text",
    doc: "Hours in which only dangers are sent at once; the rest is sent afterwards.",
    whenUnset: "never quiet",
    example: "22:00-07:00",
  },
  NOTIFY_TIME_ZONE: {
    kind: "text",
    doc: "Time zone of the messages.",
    whenUnset: "this machine's",
    example: "Europe/Berlin",
  },
  NOTIFY_COLLECT_SEC: {
    kind: "integer",
    default: 30,
    min: 0,
    max: 3600,
    unit: "s",
    doc: "How long events below danger are collected into one message.",
  },
  NOTIFY_LINK: {
    kind: "text",
    doc: "Address of the dashboard, put below each message.",
    example: "https://pi.lan:8080",
  },
  NOTIFY_CA_FILE: {
    kind: "text",
    doc: "PEM file with an authority to trust for these, besides the public ones.",
    example: "/etc/ecoflow-power/notify-ca.pem",
  },
  STATE_DIR: {
    kind: "text",
    doc: "Directory where state is kept.",
    whenUnset: "systemd's STATE_DIRECTORY, else ./state",
    example: "/var/lib/ecoflow-power",
  },
  OPTIONAL_SERVICES: {
    kind: "choice",
    default: "separate",
    choices: ["separate", "together"],
    doc:
      "History, dashboard, notifications and Home Assistant each in a worker of its own, or all in one: less memory, " +
      "but they fail together and may do what any of them may.",
  },
  LOG_LEVEL: COMMON_KEYS.LOG_LEVEL,
} as const satisfies Record<string, KeySpec>;

/** The name of a key. */
export type Key = keyof typeof KEYS;

/** The values of all keys. */
export type KeyValues = ValuesOf<typeof KEYS>;

/** The keys whose value is text. */
export type TextKey = { [Name in Key]: KeyValues[Name] extends string | undefined ? Name : never }[Key];

/**
 * Keys of the predecessor that belong to parts which this version does not have. They stop nothing, but each is
 * named at the start, so that nobody believes that it works.
 */
export const UNSUPPORTED_KEYS: readonly RegExp[] = [/^PUSHOVER_/, /^TELEGRAM_/, /^NOTIFY_/];

/** Keys of an agent: they stop nothing here, and mean nothing. */
export const AGENT_ONLY_KEYS = /^(AGENT_ID|MQTT_BROKER|SHUTDOWN_CMD|ABORT_CMD|PRE_SHUTDOWN_CMD_[1-9])$/;
