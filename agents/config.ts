/** The agent's configuration: an env file or the environment, every problem at once. Pure but for handed-in reading. */
import { readEnvFile } from "../lib/config/env_file.ts";
import { shownKey, shownValue } from "../lib/config/shown_value.ts";
import { agentNameProblem } from "../lib/config/stations.ts";
import { ConfigError, errorText } from "../lib/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../lib/log.ts";
import { plainText } from "../lib/plain_text.ts";
import { DEFAULT_ROOTS, type TopicRoots, topicWordProblem } from "../lib/mqtt/topics.ts";
import {
  type HostCommands,
  lastStep,
  ownCommandArgv,
  parseCommandsFile,
  type Preparation,
} from "./host_commands.ts";
import { parseKeys } from "./keyring.ts";
import type { HostPlatform } from "./platform/platform.ts";

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
  /** Where its keys are: see `keyring.ts`. */
  readonly keyFile: string;
  readonly allowUnsigned: boolean;
  readonly rehearsal: boolean;
  readonly stateDir: string;
  readonly commands: HostCommands;
  readonly shutdownDelaySec: number;
  /** How long the daemon must be lost before the agent acts alone, s; undefined: it never does. */
  readonly aloneAfterSec?: number;
  readonly logLevel: LogLevel;
}

/** Where texts come from. */
export interface AgentConfigSources {
  readonly file?: { readonly name: string; readonly text: string };
  /** Wins over the file. */
  readonly environment: Readonly<Record<string, string>>;
  /** Text of a file; throws with a plain reason. */
  readonly readFile: (path: string) => string;
  readonly platform: HostPlatform;
  /** Where its state goes when nobody says. */
  readonly defaultStateDir: string;
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
  STATE_DIR: "Where the agent keeps its state.",
  REHEARSAL: "true: print what would run, run nothing.",
  ALLOW_UNSIGNED: "true: obey the predecessor's unsigned commands too.",
  SHUTDOWN_CMD: "Instead of the platform's shutdown.",
  ABORT_CMD: "Instead of the platform's abort.",
  SHUTDOWN_MODE: "poweroff or hibernate; poweroff when not set.",
  COMMANDS_FILE: "TOML file with preparations and the last step, instead of the lines in this file.",
  PRE_SHUTDOWN_LIMIT_SEC: "Time limit of each preparation, 1 to 3600 s; 30 when not set.",
  PRE_SHUTDOWN_ON_FAILURE:
    "continue or stop: whether a failed preparation keeps this host up; continue when not set.",
  SHUTDOWN_DELAY_SEC: "Delay of commands that do not name one, 0 to 3600 s; 60 when not set.",
  ACT_ALONE: "false: never shut down without being told, whatever the plan says; true when not set.",
  ALONE_AFTER_SEC:
    "How long the daemon must be lost before this host acts alone, 30 to 3600 s; 120 when not set.",
  LOG_LEVEL: "The least important lines that are written.",
};

const PRE_SHUTDOWN = /^PRE_SHUTDOWN_CMD_([1-9])$/;

/** @throws ConfigError with every problem found; none shows a secret */
export function loadAgentConfig(sources: AgentConfigSources): AgentConfig {
  const { file, environment, platform } = sources;
  const readFile = (path: string) => plainText(sources.readFile(path));
  const problems: string[] = [];
  const read = file && readEnvFile(file.text, file.name);
  problems.push(...(read?.problems ?? []));
  for (const key of Object.keys(read?.values ?? {})) {
    if (!(key in AGENT_KEYS) && !PRE_SHUTDOWN.test(key)) problems.push(`Unknown key ${shownKey(key)}`);
  }
  const texts = new Texts((key) => environment[key] || read?.values[key] || undefined, readFile, problems);

  const agent = texts.text("AGENT_ID") ?? "";
  const nameProblem = agentNameProblem(agent);
  if (nameProblem) problems.push(`AGENT_ID ${nameProblem}, found ${shownValue(agent)}`);
  const rootProblem = rootProblemOf(texts.text("POWER_MANAGER_BASE"));
  if (rootProblem) problems.push(rootProblem);
  const stateDir = texts.text("STATE_DIR") ?? environment.STATE_DIRECTORY ?? sources.defaultStateDir;
  const actsAlone = texts.flag("ACT_ALONE", true);
  const aloneAfterSec = texts.whole("ALONE_AFTER_SEC", 120, 30, 3600);
  const config: AgentConfig = {
    agent,
    roots: { ...DEFAULT_ROOTS, manager: texts.text("POWER_MANAGER_BASE") ?? DEFAULT_ROOTS.manager },
    broker: readBroker(texts),
    keyFile: readKeyFile(texts, stateDir),
    allowUnsigned: texts.flag("ALLOW_UNSIGNED"),
    rehearsal: texts.flag("REHEARSAL"),
    stateDir,
    commands: readCommands(texts, platform),
    shutdownDelaySec: texts.whole("SHUTDOWN_DELAY_SEC", 60, 0, 3600),
    aloneAfterSec: actsAlone ? aloneAfterSec : undefined,
    logLevel: texts.choice("LOG_LEVEL", LOG_LEVELS) ?? "info",
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function rootProblemOf(root: string | undefined): string | undefined {
  if (root === undefined) return undefined;
  const wrong = root.split("/").map(topicWordProblem).find((problem) => problem !== undefined);
  return wrong && `POWER_MANAGER_BASE: each level ${wrong}, found ${shownValue(root)}`;
}

function readBroker(texts: Texts): AgentConfig["broker"] {
  const host = texts.once("MQTT_HOST", "MQTT_BROKER");
  if (host === undefined) texts.problems.push("MQTT_HOST must name the broker in the house, found nothing");
  const useTls = texts.flag("MQTT_TLS");
  const caFile = texts.text("MQTT_CA_FILE");
  if (caFile !== undefined && !useTls) texts.problems.push("MQTT_CA_FILE needs MQTT_TLS=on, found it off");
  texts.once("MQTT_PASS", "MQTT_PASS_FILE");
  const username = texts.text("MQTT_USER");
  const password = texts.text("MQTT_PASS") ?? texts.fileOf("MQTT_PASS_FILE");
  if (password !== undefined && username === undefined) {
    texts.problems.push("MQTT_USER must be given with a password, found nothing");
  }
  return {
    host: host ?? "",
    port: texts.whole("MQTT_PORT", useTls ? 8883 : 1883, 1, 65535),
    username,
    password,
    tls: useTls ? { ca: texts.fileOf("MQTT_CA_FILE") } : undefined,
  };
}

/** A key that is not there yet is no problem: the agent says so at its start and waits to be paired. */
function readKeyFile(texts: Texts, stateDir: string): string {
  const named = texts.text("AGENT_KEY_FILE");
  const path = named ?? `${stateDir}/agent_key`;
  let text: string;
  try {
    text = texts.readFile(path);
  } catch (error) {
    if (named !== undefined) texts.problems.push(`Cannot read AGENT_KEY_FILE "${path}": ${errorText(error)}`);
    return path;
  }
  try {
    parseKeys(text, `AGENT_KEY_FILE "${path}"`);
  } catch (error) {
    texts.problems.push(errorText(error));
  }
  return path;
}

function readCommands(texts: Texts, platform: HostPlatform): HostCommands {
  const { problems } = texts;
  const limitMs = texts.whole("PRE_SHUTDOWN_LIMIT_SEC", 30, 1, 3600) * 1000;
  const onFailure = texts.choice("PRE_SHUTDOWN_ON_FAILURE", ["continue", "stop"] as const) ?? "continue";
  const mode = texts.choice("SHUTDOWN_MODE", ["poweroff", "hibernate"] as const);
  const argv = (line: string | undefined) => line === undefined ? undefined : ownCommandArgv(platform, line);
  const lines = Array.from({ length: 9 }, (_, i) => texts.text(`PRE_SHUTDOWN_CMD_${i + 1}`));
  let before: readonly Preparation[] = lines.filter((line) => line !== undefined)
    .map((line) => ({ name: line, argv: ownCommandArgv(platform, line), limitMs, onFailure }));
  let wishes = {
    mode,
    ownShutdown: argv(texts.text("SHUTDOWN_CMD")),
    ownAbort: argv(texts.text("ABORT_CMD")),
  };
  const path = texts.text("COMMANDS_FILE");
  if (path !== undefined) {
    if (before.length > 0 || Object.values(wishes).some((wish) => wish !== undefined)) {
      problems.push(
        "COMMANDS_FILE says what to run: PRE_SHUTDOWN_CMD_n, SHUTDOWN_CMD, ABORT_CMD and SHUTDOWN_MODE must not be set beside it",
      );
    }
    try {
      const found = parseCommandsFile(texts.readFile(path), `COMMANDS_FILE "${path}"`, {
        limitMs,
        onFailure,
      });
      before = found.before;
      wishes = { mode: found.mode, ownShutdown: found.ownShutdown, ownAbort: found.ownAbort };
    } catch (error) {
      const text = errorText(error);
      problems.push(text.startsWith("Cannot read") ? text : `Cannot read COMMANDS_FILE "${path}": ${text}`);
    }
  }
  try {
    return { before, last: lastStep(platform, { ...wishes, mode: wishes.mode ?? "poweroff" }) };
  } catch (error) {
    problems.push(errorText(error));
    return { before, last: lastStep(platform, { mode: "poweroff" }) };
  }
}

/** Reads texts by their keys and collects what is wrong with them. */
class Texts {
  constructor(
    readonly text: (key: string) => string | undefined,
    readonly readFile: (path: string) => string,
    readonly problems: string[],
  ) {}

  /** The one of two keys that is set; both is a problem. */
  once(key: string, other: string): string | undefined {
    const [one, two] = [this.text(key), this.text(other)];
    if (one !== undefined && two !== undefined) {
      this.problems.push(`${key} must be given once, found ${key} and ${other}`);
    }
    return one ?? two;
  }

  flag(key: string, absent = false): boolean {
    const value = this.text(key) ?? String(absent);
    if (/^(true|on|yes|1)$/i.test(value)) return true;
    if (!/^(false|off|no|0)$/i.test(value)) {
      this.problems.push(`${key} must be "true" or "false", found ${shownValue(value)}`);
    }
    return false;
  }

  whole(key: string, absent: number, min: number, max: number): number {
    const value = this.text(key);
    if (value === undefined) return absent;
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    this.problems.push(`${key} must be a whole number from ${min} to ${max}, found ${shownValue(value)}`);
    return absent;
  }

  choice<const T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) {
      this.problems.push(`${key} must be one of ${choices.join(", ")}, found ${shownValue(value)}`);
    }
    return found;
  }

  /** The trimmed text of the file that a key names. */
  fileOf(key: string): string | undefined {
    const path = this.text(key);
    if (path === undefined) return undefined;
    try {
      return this.readFile(path).trim();
    } catch (error) {
      this.problems.push(`Cannot read ${key} "${path}": ${errorText(error)}`);
    }
  }
}
