/** A house to be attacked: the daemon, an agent on each of two hosts, and Mosquitto with the product's own access list. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Buffer } from "node:buffer";
import { loadConfig } from "../../../lib/config/load.ts";
import type { MqttClient, MqttDown, MqttMessage } from "../../../lib/mqtt/client.ts";
import { connectMqtt } from "../../../lib/mqtt/npm_client.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../../lib/mqtt/topics.ts";
import { brokerUsers, DAEMON_USER } from "../../../services/broker_access.ts";
import { freePort, startMosquitto } from "../../simulate/mosquitto.ts";
import { startAgentProcess, startDaemonProcess } from "../../simulate/processes.ts";

export const TOPICS = topicsUnder(DEFAULT_ROOTS);
/** The station; both hosts hang on it. */
export const STATION = "Study";
/** A host like any other, and one whose password the attacker has. */
export const HOSTS = ["good", "evil"] as const;
/** Who may do everything at the broker: the broker itself, taken over. */
const BOSS = "boss";

/** The password of the NUT user `good`. */
export const NUT_PASSWORD = "password-of-nut";

/** A running house. */
export interface AttackHouse {
  readonly brokerPort: number;
  readonly dashboardPort: number;
  /** The NUT server's; its UPS is `ups`. */
  readonly nutPort: number;
  readonly keys: Readonly<Record<string, string>>;
  /** Everything that passed the broker, oldest first. */
  readonly seen: MqttMessage[];
  /** Lines of the daemon. */
  readonly log: () => readonly string[];
  /** Whether the daemon still runs. */
  readonly isAlive: () => boolean;
  /** With every right. */
  readonly boss: MqttClient;
  /** Connects as a user; rejects with the reason when the broker refuses. */
  connect(username: string | undefined, password: string | undefined, clientId: string): Promise<MqttClient>;
  passwordOf(user: string): string;
  /** The station says this, now and every second, until it says something else. */
  say(state: { soc: number; grid_connected: boolean }): void;
  stop(): Promise<void>;
}

/** Starts it and resolves when the daemon is ready and both agents are there. */
export async function startAttackHouse(): Promise<AttackHouse> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-attacks-"));
  const undo: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (const one of undo.splice(0).reverse()) await one();
  };
  try {
    return await build(dir, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  dir: string,
  undo: (() => unknown)[],
  stop: () => Promise<void>,
): Promise<AttackHouse> {
  const passwordOf = (user: string) => `password-of-${user}`;
  const map = {
    DEVICE_TO_AGENTS_JSON: JSON.stringify({ [STATION]: HOSTS }),
    ECOFLOW_CLOUD: "off",
    HISTORY: "on",
  };
  const sources = { exists: () => false, readFile: () => "" };
  const users = [
    ...brokerUsers(loadConfig({ ...sources, environment: map })),
    { username: BOSS, publishes: ["#"], subscribes: ["#"] },
  ].map((user) => ({ ...user, password: passwordOf(user.username) }));
  const broker = await startMosquitto({ users, saves: "seldom" });
  undo.push(() => broker.stop());
  const [dashboardPort, nutPort] = [freePort(), freePort()];
  const keys = Object.fromEntries(HOSTS.map((host) => [host, randomHex()]));
  const stateDir = join(dir, "daemon");
  mkdirSync(stateDir, { mode: 0o700 });
  writeFileSync(join(stateDir, "agent_keys.json"), JSON.stringify(keys), { mode: 0o600 });
  const login = (user: string) => ({
    MQTT_HOST: "127.0.0.1",
    MQTT_PORT: String(broker.port),
    MQTT_USER: user,
    MQTT_PASS: passwordOf(user),
  });
  const daemonEnv = writeEnv(join(dir, "daemon.env"), {
    ...map,
    ...login(DAEMON_USER),
    STATE_DIR: stateDir,
    POLICY_DEBOUNCE_SEC: "0",
    NUT_CONFIG_FILE: writeNutConfig(dir),
    NUT_LISTEN_HOST: "127.0.0.1",
    NUT_PORT: String(nutPort),
    DASHBOARD_LISTEN: `127.0.0.1:${dashboardPort}`,
  });
  const daemon = startDaemonProcess({ envFile: daemonEnv, stateDir });
  undo.push(() => daemon.stop());
  let isAlive = true;
  void daemon.ended.then(() => isAlive = false);
  const ready = await Promise.race([daemon.until(/main READY/), pause(60_000).then(() => false)]);
  if (!ready) throw new Error(`Cannot start the daemon:\n${daemon.lines.join("\n")}`);
  for (const host of HOSTS) {
    const agentDir = join(dir, host);
    mkdirSync(agentDir, { mode: 0o700 });
    writeFileSync(join(agentDir, "key"), `${keys[host]}\n`, { mode: 0o600 });
    const env = {
      AGENT_ID: host,
      AGENT_KEY_FILE: join(agentDir, "key"),
      STATE_DIR: agentDir,
      REHEARSAL: "true",
    };
    const envFile = writeEnv(join(dir, `${host}.env`), { ...env, ...login(host) });
    const agent = startAgentProcess({ envFile, stateDir: agentDir });
    undo.push(() => agent.stop());
    if (!await Promise.race([agent.until(/AGENT CONNECTED/), pause(60_000).then(() => false)])) {
      throw new Error(`Cannot start the agent of ${host}:\n${agent.lines.join("\n")}`);
    }
  }
  const seen: MqttMessage[] = [];
  const connect: AttackHouse["connect"] = (username, password, clientId) =>
    open({ port: broker.port, username, password, clientId }, () => {});
  const boss = await open(
    { port: broker.port, username: BOSS, password: passwordOf(BOSS), clientId: "boss" },
    (message) => seen.push(message),
  );
  undo.push(() => boss.close());
  await boss.subscribe("power-manager/#", 1);
  let state: object | undefined;
  const sayNow = () => {
    if (!state) return;
    const text = JSON.stringify({
      device: STATION,
      age_s: 0,
      soc_age_s: 0,
      grid_age_s: 0,
      out_watts: 60,
      ...state,
    });
    boss.publish(TOPICS.state(STATION), text).catch(() => {});
  };
  const timer = setInterval(sayNow, 1000);
  undo.push(() => clearInterval(timer));
  return {
    brokerPort: broker.port,
    dashboardPort,
    nutPort,
    keys,
    seen,
    log: () => daemon.lines,
    isAlive: () => isAlive,
    boss,
    connect,
    passwordOf,
    say(next) {
      state = next;
      sayNow();
    },
    stop,
  };
}

function open(
  who: { port: number; username: string | undefined; password: string | undefined; clientId: string },
  onMessage: (message: MqttMessage) => void,
): Promise<MqttClient> {
  const { promise, resolve, reject } = Promise.withResolvers<MqttClient>();
  const client = connectMqtt({
    host: "127.0.0.1",
    protocolVersion: 5,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: 10_000,
    ...who,
  }, {
    onUp: () => resolve(client),
    onDown: ({ text }: MqttDown) => reject(new Error(text)),
    onMessage,
  });
  return promise;
}

/** Real time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function writeNutConfig(dir: string): string {
  const path = join(dir, "nut.toml");
  const lines = [
    'allow = ["127.0.0.0/8"]',
    `[[user]]\nname = "good"\npassword = "${NUT_PASSWORD}"`,
    `[[ups]]\nname = "ups"\ndevice = "${STATION}"`,
  ];
  writeFileSync(path, `${lines.join("\n")}\n`, { mode: 0o600 });
  return path;
}

function writeEnv(path: string, values: Readonly<Record<string, string>>): string {
  writeFileSync(path, Object.entries(values).map(([key, value]) => `${key}='${value}'\n`).join(""), {
    mode: 0o600,
  });
  return path;
}

function randomHex(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");
}
