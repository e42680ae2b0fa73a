/** Builds the house's typed configuration from texts and files, or tells every problem at once. */
import { ConfigError, errorText } from "../errors.ts";
import { plainText } from "../text/plain_text.ts";
import { readDashboard } from "./dashboard_keys.ts";
import { readEnvFile } from "./env_file.ts";
import { readAccounts } from "./house/accounts.ts";
import { readBroker } from "./house/broker.ts";
import { pemReader, readAgentKeys, readModelFiles, readPolicyFile } from "./house/named_files.ts";
import { readNut } from "./house/nut_server.ts";
import { refuseSharedPorts } from "./house/own_ports.ts";
import { unmatchedStations } from "./house/unmatched_stations.ts";
import type { ConfigSources, HouseConfig } from "./house_config.ts";
import { AGENT_ONLY_KEYS } from "./keys.ts";
import { readNotifier } from "./notifier/notifier_keys.ts";
import { parseNutPasswords, parseNutSources } from "./nut_sources.ts";
import { type KeyReading, readKeys } from "./read_keys.ts";
import { parseAgentMap, parseDeviceList, parseSimulated, simulatedNames } from "./stations.ts";

export type { ConfigSources, HouseConfig } from "./house_config.ts";

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
      if (!credentials || path === undefined) return undefined;
      try {
        return sources.readFile(path);
      } catch (cause) {
        throw new Error(`Cannot read the credential "${path}": ${errorText(cause)}`, { cause });
      }
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
  const readPem = pemReader(values, sources, problems);
  const stateDir = values.STATE_DIR ?? sources.environment.STATE_DIRECTORY?.split(":")[0] ?? "state";
  const stations = parseDeviceList(values.ECOFLOW_DEVICE_LIST ?? "", problems);
  const nutSources = {
    entries: parseNutSources(values.NUT_SOURCES_JSON, problems),
    passwords: parseNutPasswords(values.NUT_SOURCE_PASSWORDS_JSON ?? "{}", problems),
    caPem: readPem("NUT_SOURCE_CA_FILE"),
    pollSec: values.NUT_SOURCE_POLL_SEC,
  };
  const agentsByStation = parseAgentMap(values.DEVICE_TO_AGENTS_JSON, problems);
  const house: HouseConfig = {
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
    agentKeys: readAgentKeys(values.AGENT_KEYS_FILE, stateDir, sources, problems, remarks),
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
    optionalServices: values.OPTIONAL_SERVICES,
    remarks: [
      ...remarks,
      ...unmatchedStations(
        stations,
        nutSources.entries,
        agentsByStation,
        simulatedNames(values.SIMULATED_STATIONS),
        reading.values.ECOFLOW_CLOUD,
        problems,
      ),
    ],
  };
  refuseSharedPorts(house, problems);
  return house;
}

function readHomeAssistant({ values }: KeyReading, problems: string[]): HouseConfig["homeAssistant"] {
  const prefix = values.HOME_ASSISTANT_PREFIX;
  if (values.HOME_ASSISTANT_DISCOVERY) return { prefix: prefix ?? "homeassistant" };
  if (prefix !== undefined) {
    problems.push("HOME_ASSISTANT_PREFIX must come with HOME_ASSISTANT_DISCOVERY=on, found it alone");
  }
}
