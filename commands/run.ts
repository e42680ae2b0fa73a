/** `ecoflow-power run`: starts the services, watches them, talks to systemd. */
import { systemClock, type TimeScale } from "../lib/time/clock.ts";
import { collectNowAndThen } from "../lib/workers/collect_garbage.ts";
import type { HouseConfig } from "../lib/config/load.ts";
import { budgeted } from "../lib/log/log_budget.ts";
import { consoleSink, createLogger } from "../lib/log/log.ts";
import { encodeOrchestratorStatus, serviceStatus } from "../lib/messages/orchestrator_status.ts";
import { proveCache } from "../lib/workers/runtime_cache.ts";
import { openSdNotify } from "../lib/workers/sd_notify.ts";
import { type SupervisedService, Supervisor, type WorkerHandle } from "../lib/workers/supervisor.ts";
import { WorkerGroup } from "../lib/workers/worker_group.ts";
import { takeState } from "../lib/state_lock.ts";
import { tellSystemd } from "../lib/workers/tell_systemd.ts";
import { VERSION } from "../lib/version.ts";
import { stateDirOf } from "../services/grant.ts";
import { BROKER_LINK, capabilityOf } from "../services/registry.ts";
import { workerPermissions, type WorkerRow, workersOf } from "../services/workers.ts";
import { EXIT } from "./command.ts";
import { readConfig } from "./read_config.ts";
import { fileErrorText } from "./terminal/file_error.ts";

/** Runs until a signal ends it. @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  const read = readConfig(args);
  if (typeof read === "number") return read;
  const { house, time } = read;
  const clock = systemClock();
  const style = Deno.env.get("JOURNAL_STREAM") ? "journal" : "plain";
  const log = createLogger(
    "main",
    house.logLevel,
    budgeted(consoleSink(style, systemClock(time).wallMs), systemClock(time).monoMs),
  );
  const workers = workersOf(house);
  const together = workers.find(({ services }) => services.length > 1)?.services.map(({ name }) => name);
  try {
    for (const { name } of workers.flatMap(({ services }) => services)) {
      Deno.mkdirSync(stateDirOf(house, name), { recursive: true, mode: 0o700 });
    }
  } catch (error) {
    log.crit("STATE DIRECTORY CANNOT BE MADE: give another STATE_DIR, or make room for it there", {
      state_dir: house.stateDir,
      reason: fileErrorText(error),
    });
    return EXIT.no;
  }
  log.notice("STARTING", { version: VERSION, host: Deno.hostname(), state_dir: house.stateDir });
  for (const remark of house.remarks) log.warn(remark);
  let state = takeState(house.stateDir);
  // Somebody may just be looking, and a daemon that ends holds it until its last breath.
  for (let tries = 0; state.kind === "taken" && tries < 10; tries++) {
    await clock.sleep(100);
    state = takeState(house.stateDir);
  }
  if (state.kind === "taken") {
    log.crit("ANOTHER DAEMON USES THE STATE DIRECTORY: end it, or give this one another STATE_DIR", {
      state_dir: house.stateDir,
      ...(state.pid === undefined ? {} : { process: state.pid }),
    });
    return EXIT.no;
  }
  if (state.kind === "unknown") {
    log.warn("STATE DIRECTORY NOT LOCKED: a second daemon on it would not be noticed", {
      reason: state.reason,
    });
  }

  const systemd = openSdNotify(
    Deno.env.get("NOTIFY_SOCKET"),
    `${house.stateDir}/.notify.sock`,
    `${Deno.env.get("TMPDIR") ?? "/tmp"}/.ecoflow-power-notify.sock`,
  );
  const ended = Promise.withResolvers<number>();
  let isReady = false;
  const supervisor: Supervisor = new Supervisor({
    linkName: BROKER_LINK,
    services: workers.flatMap((worker) => supervised(worker, house, time, style)),
    clock,
    log,
    random: Math.random,
    onSilent(service) {
      log.crit("SERVICE SILENT: ending the process, for a silent worker cannot be stopped", { service });
      Deno.exit(EXIT.software);
    },
    onChange() {
      const views = supervisor.views();
      supervisor.setPresence(presence(views, together, house, systemClock(time).wallMs()));
      if (!isReady && supervisor.ready) {
        isReady = true;
        log.notice("READY");
        systemd.send("READY=1");
        proveCache(Deno.env.get("DENO_DIR"));
      }
    },
  });
  const stopTelling = tellSystemd({
    clock,
    systemd,
    supervisor,
    watchdogUsec: Deno.env.get("WATCHDOG_USEC"),
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => ended.resolve(EXIT.ok));
  }
  supervisor.start();
  const stopCollecting = collectNowAndThen(systemClock(time), log);

  const code = await ended.promise;
  log.notice("STOPPING");
  systemd.send("STOPPING=1");
  stopTelling();
  stopCollecting();
  await supervisor.stop();
  systemd.close();
  if (state.kind === "mine") state.release();
  log.notice("STOPPED");
  return code;
}

/** The services of one worker as the supervisor takes them. */
export function supervised(
  worker: WorkerRow,
  house: HouseConfig,
  time: TimeScale,
  style: "journal" | "plain",
): SupervisedService[] {
  const spawn = spawner(worker, house);
  return worker.services.map((row) => {
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
      spawn,
    };
  });
}

/** What starts one service of this worker. */
function spawner(worker: WorkerRow, house: HouseConfig): () => WorkerHandle {
  const { services } = worker;
  if (services.length === 1) return () => spawnWorker(worker, house);
  const group = new WorkerGroup(services.map(({ name }) => name), () => spawnWorker(worker, house));
  return () => group.spawn();
}

/** Starts a worker with exactly the permissions of the services in it. */
export function spawnWorker<To, From>(
  { name, entry, services }: WorkerRow,
  house: HouseConfig,
): WorkerHandle<To, From> {
  const worker = new Worker(entry, {
    type: "module",
    name,
    deno: { permissions: workerPermissions(services, house) },
  });
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (handle) => worker.onmessage = ({ data }) => handle(data as From),
    onError: (handle) =>
      worker.onerror = (event) => {
        // Otherwise the error would end this process too.
        event.preventDefault();
        handle(event.message);
      },
    terminate: () => worker.terminate(),
  };
}

/** Tells this run of the daemon from every other. */
const INSTANCE = crypto.randomUUID();

function presence(
  views: ReturnType<Supervisor["views"]>,
  together: readonly string[] | undefined,
  house: HouseConfig,
  wallMs: number,
): string {
  const services = Object.entries(views).map(([name, view]) => [name, serviceStatus(view)] as const);
  return encodeOrchestratorStatus({
    instance: INSTANCE,
    state_dir: house.stateDir,
    host_name: house.hostName,
    pid: Deno.pid,
    online: true,
    version: VERSION,
    services: Object.fromEntries(services),
    together: together && [...together],
    ts: new Date(wallMs).toISOString(),
  });
}
