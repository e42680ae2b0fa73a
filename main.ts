/** The daemon's command line: reads the configuration, starts the services, watches them, talks to systemd. */
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { REAL_TIME, systemClock, type TimeScale } from "./lib/clock.ts";
import { type HouseConfig, loadConfig } from "./lib/config/load.ts";
import type { FromWorker } from "./lib/control.ts";
import { ConfigError, errorText } from "./lib/errors.ts";
import { consoleSink, createLogger } from "./lib/log.ts";
import { encodeOrchestratorStatus } from "./lib/messages/orchestrator_status.ts";
import { openSdNotify, watchdogIntervalMs } from "./lib/sd_notify.ts";
import { type SupervisedService, Supervisor, type WorkerHandle } from "./lib/supervisor.ts";
import { parseTimeScale } from "./lib/time_scale.ts";
import { VERSION } from "./lib/version.ts";
import {
  BROKER_LINK,
  capabilityOf,
  serviceConfigProblems,
  type ServiceRow,
  stateDirOf,
  wantedServices,
  workerPermissions,
} from "./services/registry.ts";

/** sysexits(3): what systemd and scripts see. */
const EXIT = { ok: 0, usage: 64, software: 70, config: 78 } as const;

const HELP = `ecoflow-power ${VERSION}: EcoFlow power stations as a UPS for the whole house

Usage: ecoflow-power COMMAND [options]

  run      run the daemon (the default)
  check    read the configuration, say what is wrong with it or what it means, and end
  decode   decode a recorded payload to JSON: decode FILE, or decode --sn SN --encoding hex|base64|json -
  version  print the version

Options of run and check:
  --env FILE   the configuration; .env, else /etc/ecoflow-power/ecoflow-power.env, when not given
`;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const [command = "run", ...rest] = args.length > 0 && !args[0]?.startsWith("--") ? args : ["run", ...args];
  if (args.includes("--help") || command === "help") return print(HELP);
  switch (command) {
    case "run":
      return await run(rest);
    case "check":
      return check(rest);
    case "decode":
      return await decode(rest);
    case "version":
      return print(`ecoflow-power ${VERSION}\n`);
    default:
      return complain(`Cannot run "${command}": must be run, check, decode or version\n`, EXIT.usage);
  }
}

async function decode(args: readonly string[]): Promise<number> {
  // The tables of all models are not worth their memory in a daemon that decodes in a worker.
  const { runDecode } = await import("./services/soc_bridge/decode_command.ts");
  const result = await runDecode(args, {
    readFile: (path) => Deno.readTextFile(path),
    readStdin: () => new Response(Deno.stdin.readable).text(),
  });
  return result.exitCode === 0 ? print(`${result.output}\n`) : complain(`${result.error}\n`, result.exitCode);
}

function check(args: readonly string[]): number {
  const config = readConfig(args);
  if (typeof config === "number") return config;
  const stations = config.house.stations.map(({ sn, name }) => name ? `${name} (${sn})` : sn);
  return print([
    `The configuration can be used.`,
    `  stations  ${stations.join(", ") || "those of the account"}`,
    ...Object.entries(config.house.agentsByStation).map(([device, agents]) =>
      `  hosts     ${device}: ${agents.join(", ") || "none"}`
    ),
    `  broker    ${
      config.house.broker ? `${config.house.broker.host}:${config.house.broker.port}` : "embedded"
    }`,
    `  state     ${config.house.stateDir}`,
    ...config.house.remarks.map((remark) => `  note      ${remark}`),
    "",
  ].join("\n"));
}

async function run(args: readonly string[]): Promise<number> {
  const read = readConfig(args);
  if (typeof read === "number") return read;
  const { house, time } = read;
  const clock = systemClock();
  const style = Deno.env.get("JOURNAL_STREAM") ? "journal" : "plain";
  const log = createLogger("main", house.logLevel, consoleSink(style, systemClock(time).wallMs));
  const rows = wantedServices(house);
  for (const row of rows) mkdirSync(stateDirOf(house, row.name), { recursive: true, mode: 0o700 });
  log.notice("STARTING", { version: VERSION, host: hostname(), state_dir: house.stateDir });
  for (const remark of house.remarks) log.warn(remark);

  const systemd = openSdNotify(Deno.env.get("NOTIFY_SOCKET"), `${house.stateDir}/.notify.sock`);
  const ended = Promise.withResolvers<number>();
  let isReady = false;
  const supervisor: Supervisor = new Supervisor({
    linkName: BROKER_LINK,
    services: rows.map((row) => supervised(row, house, time, style)),
    clock,
    log,
    random: Math.random,
    onSilent(service) {
      log.crit("SERVICE SILENT: ending the process, for a silent worker cannot be stopped", { service });
      Deno.exit(EXIT.software);
    },
    onChange() {
      const views = supervisor.views();
      supervisor.setPresence(presence(views, systemClock(time).wallMs()));
      if (!isReady && supervisor.ready) {
        isReady = true;
        log.notice("READY");
        systemd.send("READY=1");
      }
    },
  });
  const feedMs = watchdogIntervalMs(Deno.env.get("WATCHDOG_USEC"));
  const stopFeeding = feedMs === undefined
    ? () => {}
    : clock.every(feedMs, () => supervisor.ready && systemd.send("WATCHDOG=1"));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => ended.resolve(EXIT.ok));
  }
  supervisor.start();

  const code = await ended.promise;
  log.notice("STOPPING");
  systemd.send("STOPPING=1");
  stopFeeding();
  await supervisor.stop();
  systemd.close();
  log.notice("STOPPED");
  return code;
}

/** A row of the registry as the supervisor takes it. */
export function supervised(
  row: ServiceRow,
  house: HouseConfig,
  time: TimeScale,
  style: "journal" | "plain",
): SupervisedService {
  const capability = capabilityOf(row, house);
  return {
    name: row.name,
    required: row.required,
    capability,
    init: {
      kind: "init",
      service: row.name,
      config: row.slice(house),
      capability,
      log: { level: house.logLevel, style },
      time,
    },
    spawn: () => spawnWorker(row, house),
  };
}

/** Starts a service's worker with exactly the permissions of its row. */
export function spawnWorker(row: ServiceRow, house: HouseConfig): WorkerHandle {
  const worker = new Worker(row.entry, {
    type: "module",
    name: row.name,
    deno: { permissions: workerPermissions(row, house) },
  });
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (handle) => worker.onmessage = ({ data }) => handle(data as FromWorker),
    onError: (handle) =>
      worker.onerror = (event) => {
        // Otherwise the error would end this process too.
        event.preventDefault();
        handle(event.message);
      },
    terminate: () => worker.terminate(),
  };
}

function presence(views: ReturnType<Supervisor["views"]>, wallMs: number): string {
  const services = Object.entries(views).map(([name, { state, restarts, problems }]) =>
    [name, { state, restarts, problems: problems.map(({ text }) => text) }] as const
  );
  return encodeOrchestratorStatus({
    online: true,
    version: VERSION,
    services: Object.fromEntries(services),
    ts: new Date(wallMs).toISOString(),
  });
}

/** The configuration, or the exit code after its problems were told. */
function readConfig(args: readonly string[]): { house: HouseConfig; time: TimeScale } | number {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { env: { type: "string" }, "time-scale": { type: "string" } },
    });
    const path = values.env ?? [".env", "/etc/ecoflow-power/ecoflow-power.env"].find(exists);
    const house = loadConfig({
      file: path === undefined ? undefined : { name: path, text: readText(path) },
      environment: Deno.env.toObject(),
      readFile: readText,
      exists,
      listFiles: (path) =>
        Array.from(Deno.readDirSync(path)).filter(({ isFile }) => isFile).map(({ name }) => name),
    });
    const problems = serviceConfigProblems(house);
    if (problems.length > 0) throw new ConfigError(problems);
    // For simulations only: `--time-scale SPEED@ORIGIN_WALL_MS`.
    const time = values["time-scale"] === undefined ? REAL_TIME : parseTimeScale(values["time-scale"]);
    return { house: { ...house, stateDir: resolve(house.stateDir) }, time };
  } catch (error) {
    const code = error instanceof ConfigError ? EXIT.config : EXIT.usage;
    return complain(`${errorText(error)}\n`, code);
  }
}

function readText(path: string): string {
  return Deno.readTextFileSync(path);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function print(text: string): number {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
  return EXIT.ok;
}

function complain(text: string, code: number): number {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
  return code;
}
