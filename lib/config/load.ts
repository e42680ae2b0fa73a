/** Builds the house's typed configuration from texts and files, or tells every problem at once. */
import {
  type NutSourceEntry,
  type NutSourceSecrets,
  parseNutPasswords,
  parseNutSources,
} from "./nut_sources.ts";
import { type AgentKeys, parseAgentKeys } from "../pairing/agent_keys.ts";
import { fileFault } from "./shown_value.ts";
import { ConfigError, InvalidInputError } from "../errors.ts";
import type { LogLevel } from "../log/log.ts";
import { topicWordProblem } from "../mqtt/topics.ts";
import type { TopicRoots } from "../mqtt/topics.ts";
import { plainText } from "../text/plain_text.ts";
import { readEnvFile } from "./env_file.ts";
import { type DashboardSettings, readDashboard } from "./dashboard_keys.ts";
import { type NotifierSettings, readNotifier } from "./notifier/notifier_keys.ts";
import { AGENT_ONLY_KEYS } from "./keys.ts";
import { type KeyReading, readKeys } from "./read_keys.ts";
import {
  type ConfiguredStation,
  parseAgentMap,
  parseDeviceList,
  parseSimulated,
  simulatedNames,
} from "./stations.ts";
import { nearest } from "../text/nearest.ts";
import type { Installation } from "../text/typable.ts";
import { own } from "../own.ts";

/** Everything that the daemon is told, typed and checked. */
export interface HouseConfig {
  readonly roots: TopicRoots;
  readonly stateDir: string;
  /** Which start of the system this is, 32 lower-case hex digits; absent when nobody says. */
  readonly bootId?: string;
  /** This machine's name; absent when nobody says. */
  readonly hostName?: string;
  /** In which form this program is installed; absent when nobody says. */
  readonly installation?: Installation;
  readonly logLevel: LogLevel;
  readonly cloud: {
    readonly enabled: boolean;
    readonly app?: { readonly user: string; readonly pass: string };
    readonly open?: { readonly accessKey: string; readonly secretKey: string };
    readonly apiHosts: readonly string[];
    readonly brokerHosts: readonly string[];
    readonly caPem?: string;
    readonly keepAliveSec: number;
  };
  readonly stations: readonly ConfiguredStation[];
  readonly gridRule: "auto" | "tag27";
  readonly staleAfterSec: number;
  readonly publishRawJson: boolean;
  /** The owner's own tables of models, by file name. */
  readonly modelFiles: readonly { readonly name: string; readonly text: string }[];
  /** Absent: the embedded broker on `embeddedPort`. */
  readonly broker?: {
    readonly host: string;
    readonly port: number;
    readonly username?: string;
    readonly password?: string;
    readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  };
  readonly embeddedPort: number;
  readonly mqttClientId: string;
  readonly agentsByStation: Readonly<Record<string, readonly string[]>>;
  /** Stations that may be played: none of them is a real one. */
  readonly simulatedStations: readonly string[];
  /** Where the agents' keys are, or will be. */
  readonly agentKeysFile: string;
  readonly agentKeys: AgentKeys;
  readonly policy: {
    readonly socMinPercent: number;
    /** 0: no events about a charge that falls. */
    readonly socStepPercent: number;
    readonly debounceSec: number;
    readonly cooldownSec: number;
    readonly abortWindowSec: number;
    readonly shutdownDelaySec: number;
    readonly commandTtlSec: number;
  };
  /** The policy file's TOML text and where it came from; absent: the keys above are the whole policy. */
  readonly policyFile?: { readonly text: string; readonly source: string };
  /** Stations that a NUT server speaks for as well, as far as the policy file does not name them; and how all are asked. */
  readonly nutSources: NutSourceSecrets & {
    readonly entries: readonly NutSourceEntry[];
    readonly pollSec: number;
  };
  /** Absent: no NUT server. */
  readonly nut?: {
    /** Its TOML text and where it came from. */
    readonly text: string;
    readonly source: string;
    readonly listenHost: string;
    readonly port: number;
    readonly certPem?: string;
    readonly keyPem?: string;
    readonly lowBatteryPercent: number;
  };
  /** Absent: no history is kept. `days`: how long quarter hours are. */
  readonly history?: { readonly days: number };
  /** Absent: no dashboard. */
  readonly dashboard?: DashboardSettings;
  /** Absent: nobody is notified. */
  readonly notifier?: NotifierSettings;
  /** Absent: Home Assistant is not told. */
  readonly homeAssistant?: {
    /** Root of its discovery topics, without slashes at its ends. */
    readonly prefix: string;
  };
  /** Sentences for the log at the start: what is odd, but no reason not to run. */
  readonly remarks: readonly string[];
}

/** How the loader reaches the outside. */
export interface ConfigSources {
  /** Text and name of the env file; absent when there is none. */
  readonly file?: { readonly name: string; readonly text: string };
  readonly environment: Readonly<Record<string, string>>;
  /** Text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
  /** Whether a file is there. */
  readonly exists: (path: string) => boolean;
  /** Names of the files in a directory; throws when it cannot be read. Absent: there are no directories. */
  readonly listFiles?: (path: string) => readonly string[];
  /** This machine's name. */
  readonly hostName?: string;
  readonly installation?: Installation;
}

/** Keys that name a PEM file. */
type PemKey =
  | "ECOFLOW_CA_FILE"
  | "MQTT_CA_FILE"
  | "MQTT_CERT_FILE"
  | "MQTT_KEY_FILE"
  | "DASHBOARD_CERT_FILE"
  | "DASHBOARD_KEY_FILE"
  | "NOTIFY_CA_FILE"
  | "NUT_CERT_FILE"
  | "NUT_SOURCE_CA_FILE"
  | "NUT_KEY_FILE";

/** Loads the configuration. @throws ConfigError with every problem found */
export function loadConfig(given: ConfigSources): HouseConfig {
  const sources = { ...given, readFile: (path: string) => plainText(given.readFile(path)) };
  const reading = readSources(sources);
  const problems = [...reading.problems];
  const config = build(reading, sources, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Each key by itself, with where it came from; what keys mean together is not looked at. */
export function readSources(sources: ConfigSources): KeyReading {
  const file = sources.file && readEnvFile(sources.file.text, sources.file.name);
  const credentials = sources.environment.CREDENTIALS_DIRECTORY;
  const reading = readKeys({
    file: file?.values ?? {},
    environment: sources.environment,
    readSecret: sources.readFile,
    hasCredential: (name) => {
      // Named alone, or out of a directory of credentials, which systemd puts before the name.
      const path = [name, `ecoflow-power_${name}`].map((file) => `${credentials}/${file}`).find(
        sources.exists,
      );
      return credentials && path !== undefined ? sources.readFile(path) : undefined;
    },
  });
  return { ...reading, problems: [...(file?.problems ?? []), ...reading.problems] };
}

/**
 * The kernel's boot id: systemd writes it without dashes, the kernel with them. It comes in the environment because the
 * service's own view of /proc does not have it, and Deno opens /proc only to programs that may do everything.
 */
function readBootId(text: string | undefined): string | undefined {
  const id = text?.trim().replaceAll("-", "").toLowerCase();
  return id !== undefined && /^[0-9a-f]{32}$/.test(id) ? id : undefined;
}

function build(reading: KeyReading, sources: ConfigSources, problems: string[]): HouseConfig {
  const { values } = reading;
  const remarks = reading.unsupported.map((name) =>
    AGENT_ONLY_KEYS.test(name)
      ? `${name} belongs into the configuration of an agent: see docs/agents.md`
      : `${name} is not used by this version: see docs/notifications.md`
  );
  const readPem = (key: PemKey) => {
    const path = own(values, key);
    if (path === undefined) return undefined;
    try {
      const pem = sources.readFile(path);
      if (pem.includes("-----BEGIN ")) return pem;
      problems.push(`${key} "${path}" must be a PEM file, found none of its markers`);
    } catch (error) {
      problems.push(fileFault(key, path, error));
    }
  };

  const stateDir = values.STATE_DIR ?? sources.environment.STATE_DIRECTORY?.split(":")[0] ?? "state";
  const stations = parseDeviceList(values.ECOFLOW_DEVICE_LIST ?? "", problems);
  const nutSources = {
    entries: parseNutSources(values.NUT_SOURCES_JSON, problems),
    passwords: parseNutPasswords(values.NUT_SOURCE_PASSWORDS_JSON ?? "{}", problems),
    caPem: readPem("NUT_SOURCE_CA_FILE"),
    pollSec: values.NUT_SOURCE_POLL_SEC,
  };
  const agentsByStation = parseAgentMap(values.DEVICE_TO_AGENTS_JSON, problems);
  return {
    roots: { stations: values.ECOFLOW_BASE, manager: values.POWER_MANAGER_BASE },
    stateDir,
    bootId: readBootId(sources.environment.BOOT_ID),
    hostName: sources.hostName,
    installation: sources.installation,
    logLevel: values.LOG_LEVEL,
    cloud: {
      ...readAccounts(reading, problems),
      apiHosts: values.ECOFLOW_API_HOSTS.split(","),
      brokerHosts: values.ECOFLOW_BROKER_HOSTS.split(","),
      caPem: readPem("ECOFLOW_CA_FILE"),
      keepAliveSec: values.ECOFLOW_KEEPALIVE_SEC,
    },
    stations,
    gridRule: values.GRID_RULE,
    staleAfterSec: values.STATE_STALE_SEC,
    publishRawJson: values.PUBLISH_RAW_JSON,
    modelFiles: readModelFiles(values.MODELS_DIR, sources, problems),
    broker: readBroker(reading, problems, {
      ca: readPem("MQTT_CA_FILE"),
      cert: readPem("MQTT_CERT_FILE"),
      key: readPem("MQTT_KEY_FILE"),
    }),
    embeddedPort: values.MQTT_EMBEDDED_PORT,
    mqttClientId: values.MQTT_CLIENT_ID,
    agentsByStation,
    simulatedStations: parseSimulated(values.SIMULATED_STATIONS, stations, problems),
    agentKeysFile: values.AGENT_KEYS_FILE ?? `${stateDir}/agent_keys.json`,
    agentKeys: readAgentKeys(values.AGENT_KEYS_FILE, stateDir, sources, problems),
    policy: {
      socMinPercent: values.POLICY_SOC_MIN,
      socStepPercent: values.POLICY_SOC_STEP ?? (values.NOTIFY_SOC_WARNINGS ? 2 : 0),
      debounceSec: values.POLICY_DEBOUNCE_SEC,
      cooldownSec: values.POLICY_COOLDOWN_SEC,
      abortWindowSec: values.POLICY_ABORT_WINDOW_SEC,
      shutdownDelaySec: values.POLICY_SHUTDOWN_DELAY_SEC,
      commandTtlSec: values.POLICY_COMMAND_TTL_SEC,
    },
    policyFile: readPolicyFile(values.POLICY_FILE, sources, problems),
    nutSources,
    nut: readNut(reading, sources, problems, readPem),
    ...(values.HISTORY ? { history: { days: values.HISTORY_DAYS } } : {}),
    dashboard: readDashboard(reading, problems, {
      stateDir,
      exists: sources.exists,
      cert: readPem("DASHBOARD_CERT_FILE"),
      key: readPem("DASHBOARD_KEY_FILE"),
    }),
    notifier: readNotifier(reading, problems, readPem("NOTIFY_CA_FILE")),
    homeAssistant: readHomeAssistant(reading, problems),
    remarks: [
      ...remarks,
      ...unmatchedStations(
        stations,
        nutSources.entries,
        agentsByStation,
        simulatedNames(values.SIMULATED_STATIONS),
        problems,
      ),
    ],
  };
}

function readAccounts(
  { values }: KeyReading,
  problems: string[],
): Pick<HouseConfig["cloud"], "enabled" | "app" | "open"> {
  const pair = (
    first: "ECOFLOW_USER" | "ECOFLOW_ACCESS_KEY",
    second: "ECOFLOW_PASS" | "ECOFLOW_SECRET_KEY",
  ) => {
    const [a, b] = [own(values, first), own(values, second)];
    if (a !== undefined && b !== undefined) return [a.trim(), b] as const;
    if (a !== undefined || b !== undefined) {
      problems.push(
        `${first} and ${second} must be given together, found only ${a === undefined ? second : first}`,
      );
    }
  };
  const app = pair("ECOFLOW_USER", "ECOFLOW_PASS");
  const open = pair("ECOFLOW_ACCESS_KEY", "ECOFLOW_SECRET_KEY");
  const enabled = values.ECOFLOW_CLOUD;
  if (enabled && !app && !open && problems.length === 0) {
    problems.push(
      "ECOFLOW_USER and ECOFLOW_PASS (or ECOFLOW_ACCESS_KEY and ECOFLOW_SECRET_KEY) must be set, found neither; " +
        "ECOFLOW_CLOUD=off runs without the cloud",
    );
  }
  return {
    enabled,
    app: app && { user: app[0], pass: app[1] },
    open: open && { accessKey: open[0], secretKey: open[1].trim() },
  };
}

function readBroker(
  { values }: KeyReading,
  problems: string[],
  pem: { readonly ca?: string; readonly cert?: string; readonly key?: string },
): HouseConfig["broker"] {
  const host = values.MQTT_HOST;
  const useTls = values.MQTT_TLS;
  const username = values.MQTT_USER;
  const password = values.MQTT_PASS;
  if (host === undefined) {
    for (const key of ["MQTT_PORT", "MQTT_USER", "MQTT_PASS", "MQTT_CA_FILE", "MQTT_CERT_FILE"] as const) {
      if (own(values, key) !== undefined) problems.push(`${key} must come with MQTT_HOST, found it alone`);
    }
    if (useTls) problems.push("MQTT_TLS must come with MQTT_HOST, found it alone");
    return undefined;
  }
  if (!useTls && (pem.ca || pem.cert || pem.key)) {
    problems.push("MQTT_CA_FILE, MQTT_CERT_FILE and MQTT_KEY_FILE need MQTT_TLS=on, found it off");
  }
  if ((pem.cert === undefined) !== (pem.key === undefined)) {
    problems.push("MQTT_CERT_FILE and MQTT_KEY_FILE must be given together, found only one");
  }
  if (password !== undefined && username === undefined) {
    problems.push("MQTT_PASS needs MQTT_USER, found it alone");
  }
  return {
    host,
    port: values.MQTT_PORT ?? (useTls ? 8883 : 1883),
    username,
    password,
    tls: useTls ? pem : undefined,
  };
}

function readPolicyFile(
  path: string | undefined,
  sources: ConfigSources,
  problems: string[],
): HouseConfig["policyFile"] {
  if (path === undefined) return undefined;
  try {
    return { text: sources.readFile(path), source: `POLICY_FILE "${path}"` };
  } catch (error) {
    problems.push(fileFault("POLICY_FILE", path, error));
  }
}

function readModelFiles(
  dir: string | undefined,
  sources: ConfigSources,
  problems: string[],
): HouseConfig["modelFiles"] {
  if (dir === undefined) return [];
  try {
    const names = sources.listFiles?.(dir).filter((name) => /\.(toml|json)$/.test(name)) ?? [];
    return names.toSorted().map((name) => ({ name, text: sources.readFile(`${dir}/${name}`) }));
  } catch (error) {
    problems.push(fileFault("MODELS_DIR", dir, error));
    return [];
  }
}

function readNut(
  { values }: KeyReading,
  sources: ConfigSources,
  problems: string[],
  readPem: (key: PemKey) => string | undefined,
): HouseConfig["nut"] {
  const path = values.NUT_CONFIG_FILE;
  const listenHost = values.NUT_LISTEN_HOST;
  const certPem = readPem("NUT_CERT_FILE");
  const keyPem = readPem("NUT_KEY_FILE");
  if (path === undefined) {
    if (listenHost !== undefined) {
      problems.push("NUT_LISTEN_HOST must come with NUT_CONFIG_FILE, found it alone");
    }
    return undefined;
  }
  if (listenHost === undefined) {
    problems.push("NUT_CONFIG_FILE must come with NUT_LISTEN_HOST, found it alone");
  }
  if ((certPem === undefined) !== (keyPem === undefined)) {
    problems.push("NUT_CERT_FILE and NUT_KEY_FILE must be given together, found only one");
  }
  try {
    return {
      text: sources.readFile(path),
      source: `NUT_CONFIG_FILE "${path}"`,
      listenHost: listenHost ?? "",
      port: values.NUT_PORT,
      certPem,
      keyPem,
      lowBatteryPercent: values.NUT_LOW_BATTERY_PERCENT,
    };
  } catch (error) {
    problems.push(fileFault("NUT_CONFIG_FILE", path, error));
  }
}

function readHomeAssistant({ values }: KeyReading, problems: string[]): HouseConfig["homeAssistant"] {
  const prefix = values.HOME_ASSISTANT_PREFIX;
  if (values.HOME_ASSISTANT_DISCOVERY) return { prefix: prefix ?? "homeassistant" };
  if (prefix !== undefined) {
    problems.push("HOME_ASSISTANT_PREFIX must come with HOME_ASSISTANT_DISCOVERY=on, found it alone");
  }
}

function readAgentKeys(
  path: string | undefined,
  stateDir: string,
  sources: ConfigSources,
  problems: string[],
): AgentKeys {
  const file = path ?? `${stateDir}/agent_keys.json`;
  if (path === undefined && !sources.exists(file)) return {};
  try {
    return parseAgentKeys(sources.readFile(file), `AGENT_KEYS_FILE "${file}"`);
  } catch (error) {
    problems.push(
      error instanceof InvalidInputError ? error.message : fileFault("AGENT_KEYS_FILE", file, error),
    );
    return {};
  }
}

/**
 * Hosts on a station that nobody has are protected by nothing. Where stations are listed, a name that is none of theirs is
 * refused when it is one that the list nearly has: a typo; another may be a station that somebody else feeds.
 */
function unmatchedStations(
  stations: readonly ConfiguredStation[],
  cables: readonly NutSourceEntry[],
  agentsByStation: Readonly<Record<string, readonly string[]>>,
  simulated: readonly string[],
  problems: string[],
): string[] {
  const names = stations.map(({ sn, name }) => name ?? sn);
  const unmatched = Object.keys(agentsByStation).filter((device) =>
    !names.includes(device) && !simulated.includes(device) && !cables.some((cable) =>
      cable.device === device
    ) &&
    topicWordProblem(device) === undefined
  );
  const remarks: string[] = [];
  for (const device of unmatched) {
    const hint = nearest(device, names);
    const hosts = own(agentsByStation, device)?.join(", ") ?? "";
    if (hint === "") {
      remarks.push(
        `DEVICE_TO_AGENTS_JSON names "${device}", which ECOFLOW_DEVICE_LIST does not: ${hosts} is NOT protected unless ` +
          "somebody else feeds that station",
      );
    } else {
      problems.push(
        `DEVICE_TO_AGENTS_JSON: "${device}" must be a station of ECOFLOW_DEVICE_LIST (${
          names.join(", ")
        }), else ` +
          `${hosts} would not be protected${hint}`,
      );
    }
  }
  return remarks;
}
