/** The agent's command line: reads its configuration and runs until it is told to end. */
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { REAL_TIME, systemClock, type TimeScale } from "../lib/clock.ts";
import { ConfigError, errorText } from "../lib/errors.ts";
import { consoleSink, createLogger } from "../lib/log.ts";
import { connectMqtt } from "../lib/mqtt/npm_client.ts";
import { parseTimeScale } from "../lib/time_scale.ts";
import { VERSION } from "../lib/version.ts";
import { Agent } from "./agent.ts";
import { type AgentConfig, loadAgentConfig } from "./config.ts";
import { CommandMemory, fileStore } from "./memory.ts";
import { abortArgv, ownCommandArgv, type Platform, shutdownArgv } from "./platform/commands.ts";
import { processRunner, rehearsalRunner } from "./runner.ts";
import type { HostCommands } from "./shutdown_run.ts";

const EXIT = { ok: 0, usage: 64, config: 78 } as const;

const HELP = `ecoflow-agent ${VERSION}: shuts this host down when ecoflow-power says so

Usage: ecoflow-agent COMMAND [--env FILE]

  run       connect and obey (the default)
  version   print the version

  --env FILE   the configuration; .env, else /etc/ecoflow-agent/ecoflow-agent.env, when not given
`;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const [command = "run", ...rest] = args.length > 0 && !args[0]?.startsWith("--") ? args : ["run", ...args];
  if (args.includes("--help") || command === "help") return say(Deno.stdout, HELP, EXIT.ok);
  if (command === "version") return say(Deno.stdout, `ecoflow-agent ${VERSION}\n`, EXIT.ok);
  if (command !== "run") {
    return say(Deno.stderr, `Cannot run "${command}": must be run or version\n`, EXIT.usage);
  }
  try {
    const { values } = parseArgs({
      args: rest,
      options: { env: { type: "string" }, "time-scale": { type: "string" } },
    });
    // For simulations only: `--time-scale SPEED@ORIGIN_WALL_MS`.
    const time = values["time-scale"] === undefined ? REAL_TIME : parseTimeScale(values["time-scale"]);
    return await run(readConfig(values.env), time);
  } catch (error) {
    return say(Deno.stderr, `${errorText(error)}\n`, error instanceof ConfigError ? EXIT.config : EXIT.usage);
  }
}

async function run(config: AgentConfig, time: TimeScale): Promise<number> {
  const clock = systemClock(time);
  const style = Deno.env.get("JOURNAL_STREAM") ? "journal" : "plain";
  const log = createLogger("agent", config.logLevel, consoleSink(style, clock.wallMs));
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  const platform = platformOf(Deno.build.os);
  const agent = new Agent({
    ...config,
    commands: hostCommands(platform, config),
    defaultDelaySec: config.shutdownDelaySec,
    host: { os: platform, hostname: hostname(), uptimeSec: () => Math.round(Deno.osUptime()) },
  }, {
    connect: connectMqtt,
    clock,
    log,
    random: Math.random,
    runner: config.rehearsal ? rehearsalRunner(log) : processRunner(log, clock),
    memory: new CommandMemory(
      fileStore(join(config.stateDir, "obeyed.json")),
      (text) => log.error("COMMAND MEMORY", { reason: text }),
    ),
  });
  const ended = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    // Windows knows only SIGINT and SIGBREAK.
    if (Deno.build.os !== "windows" || signal === "SIGINT") Deno.addSignalListener(signal, ended.resolve);
  }
  agent.start();
  await ended.promise;
  await agent.stop();
  log.notice("AGENT STOPPED");
  return EXIT.ok;
}

/** What this host runs, by platform and by its owner's wishes. */
function hostCommands(platform: Platform, config: AgentConfig): HostCommands {
  const own = (line: string) => ownCommandArgv(platform, line);
  const { shutdownCommand, abortCommand } = config;
  return {
    before: config.preShutdown.map(own),
    beforeLimitMs: config.preShutdownLimitSec * 1000,
    shutdown: (delaySec) =>
      shutdownCommand === undefined ? shutdownArgv(platform, delaySec) : own(shutdownCommand),
    abort: abortCommand === undefined ? abortArgv(platform) : own(abortCommand),
  };
}

function platformOf(os: typeof Deno.build.os): Platform {
  if (os === "linux" || os === "darwin" || os === "windows") return os;
  throw new RangeError(`Cannot run on "${os}": must be linux, darwin or windows`);
}

function readConfig(path: string | undefined): AgentConfig {
  const name = path ?? [".env", "/etc/ecoflow-agent/ecoflow-agent.env"].find((candidate) => {
    try {
      return Deno.statSync(candidate).isFile;
    } catch {
      return false;
    }
  });
  return loadAgentConfig({
    file: name === undefined ? undefined : { name, text: Deno.readTextFileSync(name) },
    environment: Deno.env.toObject(),
    readFile: (file) => Deno.readTextFileSync(file),
  });
}

function say(stream: { writeSync(bytes: Uint8Array): number }, text: string, code: number): number {
  stream.writeSync(new TextEncoder().encode(text));
  return code;
}
