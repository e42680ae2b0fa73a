/** The agent's configuration: an env file or the environment, every problem at once. Pure but for handed-in reading. */
import { readEnvFile } from "../lib/config/env_file.ts";
import { agentNameProblem } from "../lib/config/stations.ts";
import { ConfigError, errorText } from "../lib/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../lib/log.ts";
import { DEFAULT_ROOTS, type TopicRoots } from "../lib/mqtt/topics.ts";
import { MIN_KEY_HEX_DIGITS } from "../lib/signing.ts";

/** What an agent is told. */
export interface AgentConfig {
  readonly agent: string;
  readonly roots: TopicRoots;
  readonly broker: {
    readonly host: string;
    readonly port: number;
    readonly username?: string;
    readonly password?: string;
    readonly tls?: { readonly ca?: string };
  };
  readonly keyHex?: string;
  readonly allowUnsigned: boolean;
  readonly rehearsal: boolean;
  readonly stateDir: string;
  /** The owner's own commands before the shutdown, in order. */
  readonly preShutdown: readonly string[];
  /** Instead of the platform's own. */
  readonly shutdownCommand?: string;
  readonly abortCommand?: string;
  readonly preShutdownLimitSec: number;
  readonly shutdownDelaySec: number;
  readonly logLevel: LogLevel;
}

/** Where texts come from. */
export interface AgentConfigSources {
  readonly file?: { readonly name: string; readonly text: string };
  /** Wins over the file. */
  readonly environment: Readonly<Record<string, string>>;
  /** Text of a file; throws with a plain reason. */
  readonly readFile: (path: string) => string;
}

/** Every key with one sentence; a name in brackets is the predecessor's. */
export const AGENT_KEYS: Readonly<Record<string, string>> = {
  AGENT_ID: "Name of this host, as DEVICE_TO_AGENTS_JSON has it.",
  MQTT_HOST: "The broker in the house [MQTT_BROKER].",
  MQTT_BROKER: "The predecessor's name for MQTT_HOST.",
  MQTT_PORT: "Its port; 1883, with TLS 8883, when not set.",
  MQTT_USER: "User name at the broker.",
  MQTT_PASS: "Password at the broker.",
  MQTT_PASS_FILE: "File with that password.",
  MQTT_TLS: "on: speak TLS; the certificate is always verified.",
  MQTT_CA_FILE: "PEM file with the certificate authority of the broker.",
  POWER_MANAGER_BASE: "Root of the topics; power-manager when not set.",
  AGENT_KEY_FILE: "File with this agent's key, hex digits; agent_key in STATE_DIR when not set.",
  STATE_DIR: "Where the agent keeps its state; /var/lib/ecoflow-agent when not set.",
  REHEARSAL: "true: print what would run, run nothing.",
  ALLOW_UNSIGNED: "true: obey the predecessor's unsigned commands too.",
  SHUTDOWN_CMD: "Instead of the platform's shutdown.",
  ABORT_CMD: "Instead of the platform's abort.",
  PRE_SHUTDOWN_LIMIT_SEC: "Time limit of each preparation, 1 to 3600 s; 30 when not set.",
  SHUTDOWN_DELAY_SEC: "Delay of commands that do not name one, 0 to 3600 s; 60 when not set.",
  LOG_LEVEL: "The least important lines that are written.",
};

const PRE_SHUTDOWN = /^PRE_SHUTDOWN_CMD_([1-9])$/;

/** @throws ConfigError with every problem found; none shows a secret */
export function loadAgentConfig({ file, environment, readFile }: AgentConfigSources): AgentConfig {
  const problems: string[] = [];
  const read = file && readEnvFile(file.text, file.name);
  problems.push(...(read?.problems ?? []));
  for (const key of Object.keys(read?.values ?? {})) {
    if (!(key in AGENT_KEYS) && !PRE_SHUTDOWN.test(key)) problems.push(`Unknown key "${key}"`);
  }
  const text = (key: string): string | undefined => environment[key] || read?.values[key] || undefined;
  const flag = (key: string): boolean => {
    const value = text(key) ?? "false";
    if (/^(true|on|yes|1)$/i.test(value)) return true;
    if (!/^(false|off|no|0)$/i.test(value)) {
      problems.push(`${key} must be "true" or "false", found "${value}"`);
    }
    return false;
  };
  const whole = (key: string, absent: number, min: number, max: number): number => {
    const value = text(key);
    if (value === undefined) return absent;
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    problems.push(`${key} must be a whole number from ${min} to ${max}, found "${value}"`);
    return absent;
  };
  const secretFile = (key: string, path: string): string | undefined => {
    try {
      return readFile(path).trim();
    } catch (error) {
      problems.push(`Cannot read ${key} "${path}": ${errorText(error)}`);
    }
  };

  const agent = text("AGENT_ID") ?? "";
  const nameProblem = agentNameProblem(agent);
  if (nameProblem) problems.push(`AGENT_ID ${nameProblem}, found "${agent}"`);
  const host = text("MQTT_HOST") ?? text("MQTT_BROKER");
  if (host === undefined) problems.push("MQTT_HOST must name the broker in the house, found nothing");
  const useTls = flag("MQTT_TLS");
  const caFile = text("MQTT_CA_FILE");
  const passFile = text("MQTT_PASS_FILE");
  if (passFile !== undefined && text("MQTT_PASS") !== undefined) {
    problems.push("MQTT_PASS must be given once, found MQTT_PASS and MQTT_PASS_FILE");
  }
  if (caFile !== undefined && !useTls) problems.push("MQTT_CA_FILE needs MQTT_TLS=on, found it off");
  const stateDir = text("STATE_DIR") ?? environment.STATE_DIRECTORY ?? "/var/lib/ecoflow-agent";
  const logLevel = text("LOG_LEVEL") ?? "info";
  if (!LOG_LEVELS.includes(logLevel as LogLevel)) {
    problems.push(`LOG_LEVEL must be one of ${LOG_LEVELS.join(", ")}, found "${logLevel}"`);
  }
  const config: AgentConfig = {
    agent,
    roots: { ...DEFAULT_ROOTS, manager: text("POWER_MANAGER_BASE") ?? DEFAULT_ROOTS.manager },
    broker: {
      host: host ?? "",
      port: whole("MQTT_PORT", useTls ? 8883 : 1883, 1, 65535),
      username: text("MQTT_USER"),
      password: passFile === undefined ? text("MQTT_PASS") : secretFile("MQTT_PASS_FILE", passFile),
      tls: useTls ? { ca: caFile === undefined ? undefined : secretFile("MQTT_CA_FILE", caFile) } : undefined,
    },
    keyHex: readKey(text("AGENT_KEY_FILE"), stateDir, readFile, problems),
    allowUnsigned: flag("ALLOW_UNSIGNED"),
    rehearsal: flag("REHEARSAL"),
    stateDir,
    preShutdown: Array.from({ length: 9 }, (_, i) => text(`PRE_SHUTDOWN_CMD_${i + 1}`)).filter((line) =>
      line !== undefined
    ),
    shutdownCommand: text("SHUTDOWN_CMD"),
    abortCommand: text("ABORT_CMD"),
    preShutdownLimitSec: whole("PRE_SHUTDOWN_LIMIT_SEC", 30, 1, 3600),
    shutdownDelaySec: whole("SHUTDOWN_DELAY_SEC", 60, 0, 3600),
    logLevel: logLevel as LogLevel,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function readKey(
  path: string | undefined,
  stateDir: string,
  readFile: (path: string) => string,
  problems: string[],
): string | undefined {
  let key: string;
  try {
    key = readFile(path ?? `${stateDir}/agent_key`).trim();
  } catch (error) {
    if (path !== undefined) problems.push(`Cannot read AGENT_KEY_FILE "${path}": ${errorText(error)}`);
    return undefined;
  }
  if (/^([0-9a-f]{2})+$/.test(key) && key.length >= MIN_KEY_HEX_DIGITS) return key;
  problems.push(
    `AGENT_KEY_FILE must hold at least ${MIN_KEY_HEX_DIGITS} lower-case hex digits, found ${key.length} characters`,
  );
}
