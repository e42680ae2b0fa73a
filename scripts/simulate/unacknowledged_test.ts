/** A broker that does not acknowledge a command, with the real daemon, agent and Mosquitto: the host is told, and the words are true. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePolicyStatus, type PolicyStatus } from "../../lib/messages/policy_status.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { startMosquitto } from "./mosquitto.ts";
import { startAgentProcess, startDaemonProcess } from "./processes.ts";
import { writeEnv } from "./site_files.ts";
import { pause, waited } from "./waited.ts";

/** A host is told within this, ms. */
const LIMIT_MS = 40_000;

/** All of the house runs five times as fast. */
const SCALE = () => `5@${Date.now()}`;
const COMMANDS = "power-manager/pc/cmd";

/** What happens to the first command on its way, and to all that follows. */
type Fault =
  /** The connection ends before the broker has it. */
  | "cut before"
  /** The broker has it, and its acknowledgement is lost with the connection. */
  | "cut after"
  /** The broker has it and never acknowledges it; the connection stays. */
  | "silent"
  /** It never reaches the broker; the connection stays. */
  | "swallowed"
  /** The broker is killed in that moment, and comes back without what it had not saved. */
  | "killed";

for (const fault of ["cut before", "cut after", "silent", "swallowed", "killed"] as const) {
  Deno.test(`a command on whose way this happens: ${fault}; the host is told all the same, obeys once, and the words are true`, async () => {
    const dir = mkdtempSync(join(tmpdir(), "ecoflow-unacknowledged-"));
    const undo: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
    try {
      await play(fault, dir, undo);
    } finally {
      for (const one of undo.splice(0).reverse()) await one();
    }
  });
}

async function play(fault: Fault, dir: string, undo: (() => unknown)[]): Promise<void> {
  const mosquitto = await startMosquitto({ saves: "seldom" });
  undo.push(() => mosquitto.stop());
  const between = await startBetween(
    mosquitto.port,
    fault,
    () => mosquitto.goDown().then(() => mosquitto.goUp()),
  );
  undo.push(() => between.stop());
  const key = "ab".repeat(32);
  for (const name of ["daemon", "pc"]) mkdirSync(join(dir, name), { mode: 0o700 });
  writeFileSync(join(dir, "daemon", "agent_keys.json"), JSON.stringify({ pc: key }), { mode: 0o600 });
  writeFileSync(join(dir, "pc", "key"), `${key}\n`, { mode: 0o600 });
  const daemon = startDaemonProcess({
    envFile: writeEnv(join(dir, "daemon.env"), {
      MQTT_HOST: "127.0.0.1",
      MQTT_PORT: String(between.port),
      ECOFLOW_CLOUD: "off",
      STATE_DIR: join(dir, "daemon"),
      DEVICE_TO_AGENTS_JSON: '{"Study":["pc"]}',
      POLICY_DEBOUNCE_SEC: "3",
    }),
    stateDir: join(dir, "daemon"),
    timeScale: SCALE(),
  });
  undo.push(() => daemon.stop());
  await reached("the daemon", daemon.until(/main READY/));
  const agent = startAgentProcess({
    envFile: writeEnv(join(dir, "pc.env"), {
      MQTT_HOST: "127.0.0.1",
      MQTT_PORT: String(mosquitto.port),
      AGENT_ID: "pc",
      AGENT_KEY_FILE: join(dir, "pc", "key"),
      STATE_DIR: join(dir, "pc"),
      ACT_ALONE: "off",
      REHEARSAL: "true",
    }),
    stateDir: join(dir, "pc"),
    timeScale: SCALE(),
  });
  undo.push(() => agent.stop());
  await reached("the agent", agent.until(/AGENT CONNECTED/));

  let status: PolicyStatus | undefined;
  let say = () => {};
  let isOver = false;
  let again: ReturnType<typeof setTimeout> | undefined;
  undo.push(() => clearTimeout(again));
  const watch = () => {
    const up = Promise.withResolvers<void>();
    const client = connectMqtt({
      host: "127.0.0.1",
      port: mosquitto.port,
      clientId: "outsider",
      protocolVersion: 5,
      cleanSession: true,
      keepAliveSec: 30,
      connectTimeoutMs: 5000,
    }, {
      onUp: () => up.resolve(),
      onDown: () => void (isOver || (again = setTimeout(watch, 200))),
      onMessage: ({ topic, payload }) => {
        if (topic.includes("/policy/") && payload.length > 0) status = parsePolicyStatus(payload, topic);
      },
    });
    say = () => {
      const text = JSON.stringify({ device: "Study", age_s: 0, soc_age_s: 0, grid_age_s: 0, ...state });
      client.publish("bridge-ecoflow/Study/json/state", text).catch(() => {});
    };
    undo.push(() => (isOver = true, client.close()));
    return up.promise.then(() => client.subscribe("power-manager/#", 1)).catch(() => {});
  };
  let state = { soc: 80, grid_connected: true };
  await watch();
  const timer = setInterval(() => say(), 300);
  undo.push(() => clearInterval(timer));
  await pause(2000);
  between.arm();
  state = { soc: 5, grid_connected: false };
  await waited("the fault", () => between.isHit(), LIMIT_MS);
  const begunMs = performance.now();
  // What host and daemon say: whoever only looks on may be without a broker in that moment.
  const taken = () => agent.lines.filter((line) => /COMMAND ACCEPTED/.test(line));
  await waited("the host takes it", () => taken().length > 0, LIMIT_MS);
  const tookMs = performance.now() - begunMs;
  await waited("told", () => daemon.lines.some((line) => /SHUTDOWN SENT/.test(line)), LIMIT_MS);
  await waited(
    // A broker that is killed may have taken the first answers with it.
    "its answer",
    () => daemon.lines.some((line) => /AGENT ANSWERED .*status=(accepted|running|shutting_down)/.test(line)),
    LIMIT_MS,
  );
  await waited("the state of a host that knows", () => {
    const [host] = status?.hosts ?? [];
    return host !== undefined && ["accepted", "shutting_down", "down"].includes(host.state);
  }, LIMIT_MS);
  await pause(3000);
  assert.equal(taken().length, 1, agent.lines.join("\n"));
  assert.equal(daemon.lines.filter((line) => /SHUTDOWN SENT/.test(line)).length, 1, daemon.lines.join("\n"));
  assert.equal(
    daemon.lines.some((line) => /FORGED/.test(line)),
    false,
    "our own last will is nobody's forgery",
  );
  assert.ok(tookMs < 10_000, `told after ${Math.round(5 * tookMs / 1000)} s of the house's time`);
}

/** A relay between daemon and broker that plays the fault with the first command after it was armed. */
async function startBetween(port: number, fault: Fault, restart: () => Promise<void>) {
  let [isArmed, isHit] = [false, false];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const broker = connectTcp(port, "127.0.0.1");
    let isMute = false;
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => (client.destroy(), broker.destroy()));
    }
    client.on("data", (chunk: Buffer) => {
      if (!isArmed || isHit || !chunk.includes(COMMANDS)) return void broker.write(chunk);
      isHit = true;
      isMute = true;
      if (fault === "cut before") return void client.destroy();
      if (fault === "swallowed") return void (isMute = false);
      broker.write(chunk);
      if (fault === "cut after") setTimeout(() => client.destroy(), 100);
      if (fault === "killed") void restart();
    });
    broker.on("data", (chunk: Buffer) => {
      if (!isMute) return void client.write(chunk);
      // All but the acknowledgements of what we sent.
      for (const packet of packetsOf(chunk)) if (packet[0] !== 0x40) client.write(packet);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    arm: () => void (isArmed = true),
    isHit: () => isHit,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Good enough for a broker on loopback, which writes whole packets. */
function* packetsOf(chunk: Buffer): Generator<Buffer> {
  for (let at = 0; at < chunk.length;) {
    let [length, shift, next] = [0, 0, at + 1];
    for (;; shift += 7) {
      const byte = chunk[next++] ?? 0;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    yield chunk.subarray(at, next + length);
    at = next + length;
  }
}

async function reached(what: string, line: Promise<boolean>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), 60_000));
  const isThere = await Promise.race([line, late]);
  clearTimeout(timer);
  if (!isThere) throw new Error(`waited in vain: ${what}`);
}
