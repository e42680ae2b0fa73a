import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REAL_TIME, systemClock } from "./lib/time/clock.ts";
import { type HouseConfig, loadConfig } from "./lib/config/load.ts";
import type { ToWorker } from "./lib/workers/control.ts";
import { parseOrchestratorStatus } from "./lib/messages/orchestrator_status.ts";
import { connectMqtt } from "./lib/mqtt/npm_client.ts";
import { Supervisor, type WorkerHandle } from "./lib/workers/supervisor.ts";
import { memoryLog } from "./lib/testing.ts";
import { supervised } from "./commands/run.ts";
import { freePort } from "./scripts/simulate/mosquitto.ts";
import { type RunningProgram, startDaemonProcess } from "./scripts/simulate/processes.ts";
import { stateDirOf } from "./services/grant.ts";
import { BROKER_LINK, SERVICES as ALL_SERVICES } from "./services/registry.ts";
import { workersOf } from "./services/workers.ts";

/** Those that run without further configuration. */
const SERVICES = ALL_SERVICES.filter(({ isWanted }) => isWanted === undefined);

/** A daemon of its own in a directory of its own, without the cloud. */
function startDaemon(
  settings: Record<string, string> = {},
  env: Record<string, string> = {},
): { daemon: RunningProgram; dir: string; port: number; end(): Promise<number> } {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-main-test-"));
  const port = freePort();
  const envFile = join(dir, "test.env");
  const all = {
    ECOFLOW_CLOUD: "off",
    MQTT_EMBEDDED_PORT: String(port),
    STATE_DIR: join(dir, "state"),
    ...settings,
  };
  writeFileSync(envFile, Object.entries(all).map(([key, value]) => `${key}='${value}'\n`).join(""));
  const daemon = startDaemonProcess({ envFile, stateDir: dir, env });
  const end = async () => {
    const code = await daemon.stop();
    rmSync(dir, { recursive: true });
    return code;
  };
  return { daemon, dir, port, end };
}

Deno.test("main() run comes up with an embedded broker, and ends within 5 s of SIGTERM with code 0", async () => {
  const { daemon, end } = startDaemon();
  assert.ok(await daemon.until(/notice main READY/), daemon.lines.join("\n"));
  const begun = performance.now();
  assert.equal(await end(), 0);
  assert.ok(performance.now() - begun < 5000);
  assert.match(daemon.lines.at(-1) ?? "", /notice main STOPPED/);
  assert.ok(!daemon.lines.some((line) => /DID NOT STOP IN TIME/.test(line)), daemon.lines.join("\n"));
});

Deno.test("main() run refuses a configuration with five mistakes, tells them all, and exits with code 78", async () => {
  const { daemon, end } = startDaemon({
    POLICY_SOC_MIN: "110",
    POLICY_DEBOUNCE_SEC: "-1",
    GRID_RULE: "tag28",
    MQTT_TLS: "on",
    POLICY_SOC_MAX: "1",
  });
  assert.equal(await daemon.ended, 78);
  await end();
  const text = daemon.lines.join("\n");
  for (const key of ["POLICY_SOC_MIN", "POLICY_DEBOUNCE_SEC", "GRID_RULE", "MQTT_TLS", "POLICY_SOC_MAX"]) {
    assert.match(text, new RegExp(`- .*${key}`));
  }
});

Deno.test("main() run shows a retained status of every service, and its will says offline when it is killed", async () => {
  const { daemon, port, end } = startDaemon();
  assert.ok(await daemon.until(/notice main READY/), daemon.lines.join("\n"));
  const isComplete = Promise.withResolvers<void>();
  const client = connectMqtt({
    host: "127.0.0.1",
    port,
    clientId: "watcher",
    protocolVersion: 4,
    cleanSession: true,
    keepAliveSec: 10,
    connectTimeoutMs: 3000,
  }, {
    // The status may be here before the subscription is acknowledged, and the test over.
    onUp: () => void client.subscribe("power-manager/orchestrator/status", 1).catch(() => {}),
    onDown: () => {},
    onMessage: ({ payload }) => {
      const { online, services = {} } = parseOrchestratorStatus(payload, "status");
      const states = SERVICES.map(({ name }) => services[name]?.state);
      if (online && states.every((state) => state === "ready")) isComplete.resolve();
    },
  });
  await isComplete.promise;
  await client.close();
  await end();
});

Deno.test("main() run tells systemd READY, feeds its watchdog and says that it stops", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-notify-test-"));
  const path = `\0ecoflow-notify-${crypto.randomUUID()}`;
  const systemd = Deno.listenDatagram({ transport: "unixpacket", path });
  const { daemon, end } = startDaemon({}, {
    NOTIFY_SOCKET: path.replace("\0", "@"),
    WATCHDOG_USEC: "200000",
  });
  const heard: string[] = [];
  const nextWord = async () => {
    const [bytes] = await systemd.receive();
    heard.push(new TextDecoder().decode(bytes));
  };
  // The watchdog is fed while the daemon still loads, too.
  while (!heard.includes("READY=1")) await nextWord();
  assert.ok(
    heard.slice(0, -1).every((word) => /^(WATCHDOG=1|EXTEND_TIMEOUT_USEC=\d+)$/.test(word)),
    heard.join(),
  );
  assert.ok(await daemon.until(/ READY$/));
  await nextWord();
  assert.equal(heard.at(-1), "WATCHDOG=1");
  const stopped = end();
  while (!heard.includes("STOPPING=1")) await nextWord();
  assert.equal(await stopped, 0);
  systemd.close();
  rmSync(dir, { recursive: true });
});

Deno.test("main() run creates each service's directory for itself alone", async () => {
  const { daemon, dir, end } = startDaemon();
  assert.ok(await daemon.until(/notice main READY/));
  const names = readdirSync(join(dir, "state"));
  for (const { name } of SERVICES) {
    assert.ok(names.includes(name));
    assert.equal((Deno.statSync(join(dir, "state", name)).mode ?? 0) & 0o777, 0o700);
  }
  await end();
});

Deno.test("Supervisor restarts each real service after an uncaught error in its worker, and all are ready again", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-crash-test-"));
  const config: HouseConfig = loadConfig({
    environment: { ECOFLOW_CLOUD: "off", STATE_DIR: dir, MQTT_EMBEDDED_PORT: String(freePort()) },
    exists: () => false,
    readFile: () => "",
  });
  for (const row of SERVICES) mkdirSync(stateDirOf(config, row.name), { recursive: true });
  const workers = new Map<string, WorkerHandle>();
  const log = memoryLog();
  let changed = () => {};
  const supervisor: Supervisor = new Supervisor({
    linkName: BROKER_LINK,
    services: workersOf(config).filter(({ name }) => SERVICES.some((row) => row.name === name)).flatMap((
      worker,
    ) =>
      supervised(worker, config, REAL_TIME, "plain").map((service) => ({
        ...service,
        init: { ...service.init, log: { level: "crit", style: "plain" } },
        spawn: () => {
          const handle = service.spawn();
          workers.set(service.name, handle);
          return handle;
        },
      }))
    ),
    clock: systemClock(),
    log,
    random: () => 0.5,
    // A machine that is busy with other tests may take long to load a worker; that is not what is shown here.
    silentAfterMs: 60_000,
    onSilent: (name) => assert.fail(`${name} is silent`),
    onChange: () => changed(),
  });
  const until = async (isTrue: () => boolean) => {
    while (!isTrue()) await new Promise<void>((resolve) => changed = resolve);
  };
  const allReady = () => Object.values(supervisor.views()).every(({ state }) => state === "ready");
  supervisor.start();
  await until(allReady);
  for (const { name } of SERVICES) {
    // A port that is none: the handler throws, and nothing catches it.
    const broken = (name === BROKER_LINK ? { kind: "attach" } : { kind: "bus" }) as ToWorker;
    workers.get(name)?.post(broken);
    await until(() => supervisor.views()[name]?.restarts === 1);
    await until(allReady);
  }
  assert.deepEqual(SERVICES.map(({ name }) => supervisor.views()[name]?.restarts), SERVICES.map(() => 1));
  await supervisor.stop();
  rmSync(dir, { recursive: true });
});
