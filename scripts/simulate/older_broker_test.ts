/** Brokers that close the connection at MQTT 5, with the real daemon and agent: states, commands and answers travel. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAuthority } from "../../lib/certificates.ts";
import type { MqttConnectOptions } from "../../lib/mqtt/client.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { RABBITMQ_SERVER, startRabbitCluster } from "../bench/fleet/rabbit_cluster.ts";
import { startMosquitto } from "./mosquitto.ts";
import { startOlderFront } from "./older_front.ts";
import { type RunningProgram, startAgentProcess, startDaemonProcess } from "./processes.ts";
import { writeEnv } from "./site_files.ts";
import { pause, waited } from "./waited.ts";

/** All of the house runs six times as fast. */
const SPEED = 6;

type Release = (() => unknown)[];

interface House {
  readonly daemon: RunningProgram;
  readonly agent: RunningProgram;
  restartDaemon(): Promise<void>;
  /** What the station says from now on. */
  tell(soc: number, isGridThere: boolean): void;
  /** One of the two programs' doctors. @returns what it says */
  doctor(program: "daemon" | "agent"): Promise<string>;
}

async function within(play: (dir: string, release: Release) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-older-"));
  const release: Release = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    await play(dir, release);
  } finally {
    for (const one of release.splice(0).reverse()) await one();
  }
}

/** @param settings Of the broker, for both programs */
async function startHouse(
  dir: string,
  release: Release,
  broker: Pick<MqttConnectOptions, "port" | "tls" | "username" | "password">,
  settings: Readonly<Record<string, string>> = {},
): Promise<House> {
  const key = "ab".repeat(32);
  const timeScale = `${SPEED}@${Date.now()}`;
  for (const name of ["daemon", "pc"]) mkdirSync(join(dir, name), { mode: 0o700 });
  writeFileSync(join(dir, "daemon/agent_keys.json"), JSON.stringify({ pc: key }), { mode: 0o600 });
  writeFileSync(join(dir, "pc/key"), `${key}\n`, { mode: 0o600 });
  const common = { MQTT_HOST: "127.0.0.1", MQTT_PORT: String(broker.port), ...settings };
  const daemonEnv = writeEnv(join(dir, "daemon.env"), {
    ...common,
    ECOFLOW_CLOUD: "off",
    STATE_DIR: join(dir, "daemon"),
    DEVICE_TO_AGENTS_JSON: '{"Study":["pc"]}',
    POLICY_DEBOUNCE_SEC: "3",
  });
  const agentEnv = writeEnv(join(dir, "pc.env"), {
    ...common,
    AGENT_ID: "pc",
    AGENT_KEY_FILE: join(dir, "pc/key"),
    STATE_DIR: join(dir, "pc"),
    ACT_ALONE: "off",
    REHEARSAL: "true",
  });
  const startDaemon = async () => {
    const started = startDaemonProcess({ envFile: daemonEnv, stateDir: join(dir, "daemon"), timeScale });
    release.push(() => started.stop());
    await waited("the daemon", () => has(started, /BROKER CONNECTED/) && has(started, /main READY/));
    return started;
  };
  let daemon = await startDaemon();
  const agent = startAgentProcess({ envFile: agentEnv, stateDir: join(dir, "pc"), timeScale });
  release.push(() => agent.stop());
  await waited("the agent", () => has(agent, /AGENT CONNECTED/));
  const up = Promise.withResolvers<void>();
  const station = connectMqtt({
    ...broker,
    host: "127.0.0.1",
    clientId: "station",
    protocolVersion: 4,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: 10_000,
  }, { onUp: () => up.resolve(), onDown: ({ text }) => up.reject(new Error(text)), onMessage: () => {} });
  release.push(() => station.close());
  await up.promise;
  let state = { soc: 80, grid_connected: true };
  const timer = setInterval(() => {
    const text = JSON.stringify({ device: "Study", age_s: 0, soc_age_s: 0, grid_age_s: 0, ...state });
    station.publish("bridge-ecoflow/Study/json/state", text).catch(() => {});
  }, 300);
  release.push(() => clearInterval(timer));
  return {
    get daemon() {
      return daemon;
    },
    agent,
    async restartDaemon() {
      await daemon.stop();
      daemon = await startDaemon();
    },
    tell: (soc, grid_connected) => void (state = { soc, grid_connected }),
    async doctor(program) {
      const [main, envFile] = program === "daemon" ? ["main.ts", daemonEnv] : ["agents/main.ts", agentEnv];
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-prompt", "-A", ROOT + main, "doctor", "--env", envFile],
      }).output();
      // Its lines are folded.
      return new TextDecoder().decode(Uint8Array.of(...stdout, ...stderr)).replaceAll(/\s+/g, " ");
    },
  };
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The host is commanded, obeys, and its answer comes. */
async function outage({ daemon, agent, tell }: House): Promise<void> {
  await pause(2000);
  assert.ok(!has(daemon, /SHUTDOWN SENT/) && !has(agent, /COMMAND ACCEPTED/), "all is well so far");
  tell(5, false);
  await waited("the command", () => has(daemon, /SHUTDOWN SENT/));
  await waited("the host takes it", () => has(agent, /COMMAND ACCEPTED/));
  await waited("its answer", () => has(daemon, /AGENT ANSWERED .*status=(accepted|running|shutting_down)/));
  await pause(1000);
  assert.equal(agent.lines.filter((line) => /COMMAND ACCEPTED/.test(line)).length, 1);
}

Deno.test("an outage at a broker that closes the connection at MQTT 5; one that takes it later is spoken to with MQTT 5", () =>
  within(async (dir, release) => {
    const mosquitto = await startMosquitto();
    release.push(() => mosquitto.stop());
    const front = await startOlderFront(mosquitto.port);
    release.push(() => front.stop());
    const house = await startHouse(dir, release, { port: front.port });
    const { daemon, agent } = house;
    for (const program of [daemon, agent]) {
      assert.ok(has(program, / CONNECTED mqtt=3\.1\.1/), program.lines.join("\n"));
      assert.ok(has(program, /MQTT 5 UNANSWERED/), program.lines.join("\n"));
      assert.ok(!has(program, /BROKER DOWN/), program.lines.join("\n"));
    }
    for (const program of ["daemon", "agent"] as const) {
      assert.match(await house.doctor(program), /by MQTT 3\.1\.1, for it closes the connection at MQTT 5/);
    }
    front.learn();
    for (const program of [daemon, agent]) {
      await waited("MQTT 5", () => has(program, /MQTT 5 TAKEN/) && has(program, / CONNECTED mqtt=5/));
      assert.ok(!has(program, /BROKER DOWN|FORGED|CLIENT ID TAKEN/), program.lines.join("\n"));
    }
    await outage(house);
    assert.doesNotMatch(await house.doctor("agent"), /3\.1\.1/);
  }));

Deno.test("an outage at a broker that closes the connection at MQTT 5 throughout", () =>
  within(async (dir, release) => {
    const mosquitto = await startMosquitto();
    release.push(() => mosquitto.stop());
    const front = await startOlderFront(mosquitto.port);
    release.push(() => front.stop());
    await outage(await startHouse(dir, release, { port: front.port }));
    assert.ok(front.closed >= 2);
  }));

Deno.test({
  name: "an outage at RabbitMQ, with TLS and a login",
  ignore: !existsSync(RABBITMQ_SERVER),
  fn: () =>
    within(async (dir, release) => {
      const authority = await createAuthority();
      const tls = { ...await authority.issue(), ca: authority.caPem };
      const password = crypto.randomUUID();
      const cluster = await startRabbitCluster(dir, 1, [{ name: "house", password, may: "all" }], tls);
      release.push(() => cluster.stop());
      const ca = join(dir, "house_ca.pem");
      writeFileSync(ca, authority.caPem);
      const house = await startHouse(dir, release, {
        port: cluster.nodes[0]?.port ?? 0,
        tls: { ca: authority.caPem },
        username: "house",
        password,
      }, { MQTT_TLS: "true", MQTT_CA_FILE: ca, MQTT_USER: "house", MQTT_PASS: password });
      for (const program of ["daemon", "agent"] as const) {
        assert.match(await house.doctor(program), /by MQTT 3\.1\.1, for it closes the connection at MQTT 5/);
      }
      // It keeps the hosts' statuses, and does not give them to a subscription with a wildcard.
      await house.restartDaemon();
      await outage(house);
      for (const { lines } of [house.daemon, house.agent]) {
        assert.ok(!lines.some((line) => line.includes(password)));
      }
    }),
});

function has({ lines }: RunningProgram, pattern: RegExp): boolean {
  return lines.some((line) => pattern.test(line));
}
