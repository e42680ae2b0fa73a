/** The agent's configuration: an env file or the environment, every problem at once. */
import { readEnvFile } from "../../lib/config/env_file.ts";
import { isHost } from "../../lib/text/host_name.ts";
import { fileFault, shownKey, shownValue } from "../../lib/config/shown_value.ts";
import { agentNameProblem } from "../../lib/config/stations.ts";
import { ConfigError, errorText } from "../../lib/errors.ts";
import { LOG_LEVELS, type LogLevel } from "../../lib/log/log.ts";
import { plainText } from "../../lib/text/plain_text.ts";
import { DEFAULT_ROOTS, type TopicRoots, topicWordProblem } from "../../lib/mqtt/topics.ts";
import { ConfigTexts } from "./config_texts.ts";
import type { HostCommands } from "./host_commands.ts";
import { parseKeys } from "../obey/keyring.ts";
import { AGENT_KEYS } from "./keys.ts";
import type { HostPlatform } from "../platform/platform.ts";
import { readCommands } from "./read_commands.ts";
import { own } from "../../lib/own.ts";

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
  /** What was read otherwise than it was written, for a person; empty when nothing was. */
  readonly notices: readonly string[];
}

/** Where texts come from. */
export interface AgentConfigSources {
  readonly file?: { readonly name: string; readonly text: string };
  /** Wins over the file. */
  readonly environment: Readonly<Record<string, string>>;
  /** Text of a file; throws with a plain reason. */
  readonly readFile: (path: string) => string;
  readonly platform: HostPlatform;
  /** Whether its commands run as root of a Linux or a Mac: then `sudo` is of no use, and harms. */
  readonly isRoot: boolean;
  /** Where its state goes when nobody says. */
  readonly defaultStateDir: string;
}

const PRE_SHUTDOWN = /^PRE_SHUTDOWN_CMD_([1-9])$/;

/** @throws ConfigError with every problem found; none shows a secret */
export function loadAgentConfig(sources: AgentConfigSources): AgentConfig {
  const { file, environment, platform } = sources;
  const readFile = (path: string) => plainText(sources.readFile(path));
  const problems: string[] = [];
  const read = file && readEnvFile(file.text, file.name);
  problems.push(...(read?.problems ?? []));
  for (const key of Object.keys(read?.values ?? {})) {
    if (!Object.hasOwn(AGENT_KEYS, key) && !PRE_SHUTDOWN.test(key)) {
      problems.push(`Unknown key ${shownKey(key)}`);
    }
  }
  const texts = new ConfigTexts(
    (key) => own(environment, key) || own(read?.values ?? {}, key) || undefined,
    readFile,
    problems,
  );
  const notices: string[] = [];

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
    commands: readCommands(texts, platform, sources.isRoot ? notices : undefined),
    shutdownDelaySec: texts.whole("SHUTDOWN_DELAY_SEC", 60, 0, 3600),
    aloneAfterSec: actsAlone ? aloneAfterSec : undefined,
    logLevel: texts.choice("LOG_LEVEL", LOG_LEVELS) ?? "info",
    notices,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function rootProblemOf(root: string | undefined): string | undefined {
  if (root === undefined) return undefined;
  const wrong = root.split("/").map(topicWordProblem).find((problem) => problem !== undefined);
  return wrong && `POWER_MANAGER_BASE: each level ${wrong}, found ${shownValue(root)}`;
}

function readBroker(texts: ConfigTexts): AgentConfig["broker"] {
  const host = texts.once("MQTT_HOST", "MQTT_BROKER");
  // A neighbour's address may have a zone behind it.
  if (host === undefined) texts.problems.push("MQTT_HOST must name the broker in the house, found nothing");
  else if (!isHost(host.replace(/%[\w.-]+$/, ""))) {
    texts.problems.push(
      `MQTT_HOST must be a host name or an IP address, without port and brackets, found ${
        shownValue(host)
      }; the port is MQTT_PORT`,
    );
  }
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
    tls: useTls ? { ca: readAuthority(texts) } : undefined,
  };
}

/** An empty text would be taken for none, and whoever the system trusts would be trusted. */
function readAuthority(texts: ConfigTexts): string | undefined {
  const text = texts.fileOf("MQTT_CA_FILE");
  if (text !== undefined && !text.includes("-----BEGIN ")) {
    texts.problems.push(
      `MQTT_CA_FILE "${texts.text("MQTT_CA_FILE") ?? ""}" must be a PEM file, found none of its markers`,
    );
  }
  return text;
}

/** A key that is not there yet is no problem: the agent says so at its start and waits to be paired. */
function readKeyFile(texts: ConfigTexts, stateDir: string): string {
  const named = texts.text("AGENT_KEY_FILE");
  const path = named ?? `${stateDir}/agent_key`;
  let text: string;
  try {
    text = texts.readFile(path);
  } catch (error) {
    if (named !== undefined) texts.problems.push(fileFault("AGENT_KEY_FILE", path, error));
    return path;
  }
  try {
    parseKeys(text, `AGENT_KEY_FILE "${path}"`);
  } catch (error) {
    texts.problems.push(errorText(error));
  }
  return path;
}
