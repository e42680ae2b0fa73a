/** The agent's command line. */
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { REAL_TIME, systemClock } from "../lib/time/clock.ts";
import { defaultText, valueText } from "../lib/config/describe_key.ts";
import type { KeySpec } from "../lib/config/key_spec.ts";
import { ConfigError, errorText } from "../lib/errors.ts";
import { consoleSink, createLogger } from "../lib/log/log.ts";
import { connectMqtt } from "../lib/mqtt/npm_client.ts";
import { parseTimeScale } from "../lib/time/time_scale.ts";
import { wrap } from "../lib/text/wrap.ts";
import { VERSION } from "../lib/version.ts";
import { type AgentConfig, loadAgentConfig } from "./settings/config.ts";
import { examine } from "./checks/doctor.ts";
import { findingsText } from "../lib/findings.ts";
import { installHere } from "./install/here.ts";
import { install, uninstall } from "./install/install.ts";
import { parseKeys } from "./obey/keyring.ts";
import { findConfig, noConfigText } from "./settings/find_config.ts";
import { AGENT_KEYS } from "./settings/keys.ts";
import { pair } from "./pair.ts";
import { type AgentPaths, agentPaths } from "./settings/paths.ts";
import { isRoot, platformHere, serviceRights } from "./platform/here.ts";
import { rehearse } from "./checks/rehearse.ts";
import { run } from "./run.ts";
import { textFile } from "../lib/files/text_file.ts";

const EXIT = { ok: 0, failed: 1, usage: 64, config: 78 } as const;

const HELP = `ecoflow-agent ${VERSION}: shuts this host down when ecoflow-power says so

Usage: ecoflow-agent COMMAND [--env FILE]

  run         connect and obey (the default)
  pair        store this host's key; asks for the line that "ecoflow-power keys add" printed
  install     make it a service that starts with this host
  uninstall   remove that; --purge: configuration and key too
  status      how the service stands
  check       read the configuration and say what is wrong with it
  doctor      look at configuration, key, broker, clock and rights, and say what to do
  rehearse    run the preparations for real, and say what the last command would be
  settings    every key of the configuration
  version     print the version

  --env FILE   the configuration; when not given .env here, else the installed one

Exit codes: 0 done; 1 done, and the answer is no; 64 wrong command line; 78 the configuration cannot be used.
`;

/** At most 80 columns, so that no terminal breaks a word. */
function helpText(): string {
  return HELP.split("\n").map((line) => wrap(line, 80, /^ {2}\S+ +/.exec(line)?.[0].length ?? 2)).join("\n");
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const [command = "run", ...rest] = args.length > 0 && !args[0]?.startsWith("-") ? args : ["run", ...args];
  if (args.includes("--help") || args.includes("-h")) return say(helpText());
  if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) {
    return say(`ecoflow-agent ${VERSION}\n`);
  }
  try {
    const { values, positionals } = parseArgs({
      args: rest,
      options: { env: { type: "string" }, "time-scale": { type: "string" }, purge: { type: "boolean" } },
      allowPositionals: command === "pair",
    });
    return await dispatch(command, values, positionals);
  } catch (error) {
    return complain(errorText(error), error instanceof ConfigError ? EXIT.config : EXIT.usage);
  }
}

interface Flags {
  readonly env?: string;
  readonly "time-scale"?: string;
  readonly purge?: boolean;
}

async function dispatch(command: string, flags: Flags, positionals: readonly string[]): Promise<number> {
  const platform = platformHere();
  const paths = agentPaths(platform.name);
  switch (command) {
    case "help":
      return say(helpText());
    case "version":
      return say(`ecoflow-agent ${VERSION}\n`);
    case "settings":
      return say(settingsText());
    case "run": {
      // For simulations only: `--time-scale SPEED@ORIGIN_WALL_MS`.
      const scale = flags["time-scale"];
      await run(
        readConfig(flags.env, paths),
        platform,
        scale === undefined ? REAL_TIME : parseTimeScale(scale),
      );
      return EXIT.ok;
    }
    case "pair":
      return await pairHere(flags.env === undefined ? paths : { ...paths, envFile: flags.env }, positionals);
    case "install":
      return await installChecked(paths);
    case "uninstall":
      return await uninstall(installHere(platform.name, sayLine), flags.purge ?? false);
    case "status": {
      const ports = installHere(platform.name, sayLine);
      return await ports.run(ports.service.status);
    }
    case "check": {
      const config = readConfig(flags.env, paths);
      for (const text of config.notices) sayLine(`Note: ${text}`);
      return say(`The configuration is good: this host is "${config.agent}"\n`);
    }
    case "doctor":
      return await doctorHere(readConfig(flags.env, paths));
    case "rehearse": {
      const clock = systemClock();
      const log = createLogger("agent", "info", consoleSink("plain", clock.wallMs));
      const config = readConfig(flags.env, paths);
      for (const text of config.notices) sayLine(`Note: ${text}`);
      const service = await serviceRights(platform.name);
      if (!service) {
        sayLine("Note: the preparations run with your rights, which may not be those of the service.");
      }
      return await rehearse(config, clock, log, service?.argv) ? EXIT.ok : EXIT.failed;
    }
    default:
      return complain(`Cannot run "${command}": must be one of those that --help shows`, EXIT.usage);
  }
}

/** A service whose configuration it would refuse is not installed; one that is to be written yet is. */
async function installChecked(paths: AgentPaths): Promise<number> {
  return await install({
    ...installHere(platformHere().name, sayLine),
    check(text) {
      const config = configOf({ name: paths.envFile, text }, paths, {});
      return config.notices;
    },
  });
}

async function pairHere(paths: AgentPaths, [given, ...more]: readonly string[]): Promise<number> {
  if (more.length > 0) return complain("Cannot pair: must be one line, found several words", EXIT.usage);
  if (given !== undefined) {
    sayLine(
      "Note: others on this host may have seen the line among its arguments; without it, pair asks for it.",
    );
  } else if (Deno.stdin.isTerminal()) sayLine("The pairing line:");
  const line = given ?? await firstLine();
  return pair(line, {
    paths,
    read: (path) => textFile(path).read(),
    writeSecret(path, text) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      textFile(path).write(text);
      if (Deno.build.os !== "windows") chmodSync(path, 0o600);
    },
    say: sayLine,
  });
}

async function firstLine(): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of Deno.stdin.readable) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\n") || text.length > 65_536) break;
  }
  return text.split("\n")[0] ?? "";
}

async function doctorHere(config: AgentConfig): Promise<number> {
  const service = await serviceRights(platformHere().name);
  const isPosix = Deno.build.os !== "windows";
  const findings = await examine(config, {
    connect: connectMqtt,
    clock: systemClock(),
    platform: platformHere().name,
    keys() {
      const text = textFile(config.keyFile).read();
      return text === undefined ? [] : parseKeys(text, config.keyFile);
    },
    service,
    keyFileMode: () => isPosix ? statSync(config.keyFile).mode : undefined,
    async output([program = "", ...args]) {
      const result = await new Deno.Command(program, { args, stdin: "null" }).output();
      const text = new TextDecoder().decode(result.stdout);
      if (!result.success) throw new Error(`${program} ended with code ${result.code}`);
      return text;
    },
  });
  sayLine(wrap(findingsText(findings), 80, 7));
  return findings.some(({ verdict }) => verdict === "bad") ? EXIT.failed : EXIT.ok;
}

function settingsText(): string {
  const width = Math.max(...Object.keys(AGENT_KEYS).map(({ length }) => length));
  return Object.entries<KeySpec>(AGENT_KEYS)
    .map(([key, spec]) => `${key.padEnd(width)}  ${spec.doc} (${valueText(spec)}; ${defaultText(spec)})\n`)
    .map((line) => wrap(line, 80, width + 2))
    .join("");
}

function readConfig(path: string | undefined, paths: AgentPaths): AgentConfig {
  const file = findConfig(path, paths.envFile);
  try {
    return configOf(file, paths, Deno.env.toObject());
  } catch (error) {
    if (file === undefined && error instanceof ConfigError) {
      complain(noConfigText(paths.envFile), EXIT.config);
    }
    throw error;
  }
}

function configOf(
  file: { readonly name: string; readonly text: string } | undefined,
  paths: AgentPaths,
  environment: Readonly<Record<string, string>>,
): AgentConfig {
  return loadAgentConfig({
    file,
    environment,
    readFile: (path) => Deno.readTextFileSync(path),
    platform: platformHere(),
    isRoot: isRoot(),
    defaultStateDir: paths.stateDir,
  });
}

function sayLine(text: string): void {
  say(`${text}\n`);
}

function say(text: string): number {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
  return EXIT.ok;
}

function complain(text: string, code: number): number {
  Deno.stderr.writeSync(new TextEncoder().encode(`${wrap(text, 80, 4)}\n`));
  return code;
}
