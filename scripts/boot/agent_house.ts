/**
 * What an agent under trial sees of a house: a real Mosquitto with passwords, access list and TLS, the real daemon beside it,
 * and a station whose state the trial says.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAuthority } from "../../lib/certificates.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { parseAgentAck } from "../../lib/messages/agent/ack.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { encodePairing } from "../../lib/pairing/pairing.ts";
import { brokerUsers, DAEMON_USER } from "../../services/broker_access.ts";
import { type Mosquitto, startMosquitto } from "../simulate/mosquitto.ts";
import { type RunningProgram, startDaemonProcess } from "../simulate/processes.ts";

const STATION = "SimulatedDevice";

/** What a station says of itself. */
export interface StationState {
  /** Charge, %, 0 to 100. */
  readonly soc: number;
  readonly grid_connected: boolean;
}

/** The battery is about to end. */
export const EMPTY: StationState = { soc: 5, grid_connected: false };
/** All is well. */
export const GRID: StationState = { soc: 80, grid_connected: true };

/** See the file comment. */
export interface AgentHouse {
  /** The line that `ecoflow-agent pair` asks for. */
  readonly pairingLine: string;
  readonly broker: Mosquitto;
  /** What the agent answered, oldest first. */
  readonly acks: string[];
  /** Whether the agent's retained status says online. */
  isOnline(): boolean;
  feed(state: StationState): void;
  /** Says it again every 2 s. @returns what ends that */
  keepFeeding(state: StationState): () => void;
  /** @throws Error with the last lines when it does not get ready */
  startDaemon(settings: Readonly<Record<string, string>>): Promise<RunningProgram>;
  close(): Promise<void>;
}

/** @param dir Where it may write; the caller removes it */
export async function startAgentHouse(agent: string, dir: string): Promise<AgentHouse> {
  const authority = await createAuthority();
  const hosts = JSON.stringify({ [STATION]: [agent] });
  const config = loadConfig({
    environment: { ECOFLOW_CLOUD: "off", DEVICE_TO_AGENTS_JSON: hosts },
    exists: () => false,
    readFile: () => "",
  });
  const observer = { username: "observer", publishes: ["#"], subscribes: ["#"] };
  const users = [...brokerUsers(config), observer].map((user) => ({ ...user, password: randomHex() }));
  const passwordOf = (name: string) => users.find(({ username }) => username === name)?.password ?? "";
  const broker = await startMosquitto({ users, tls: await authority.issue() });
  const caFile = join(dir, "ca.pem");
  writeFileSync(caFile, authority.caPem);
  const key = randomHex();
  const acks: string[] = [];
  let isOnline = false;
  const login = { username: observer.username, password: passwordOf(observer.username) };
  const watcher = watch(broker.port, authority.caPem, login, (topic, text) => {
    if (topic === `power-manager/${agent}/ack`) acks.push(parseAgentAck(text, topic).status);
    if (topic === `power-manager/${agent}/status`) isOnline = text.includes('"online":true');
  });
  const feed = (state: StationState) =>
    watcher.publish(
      `bridge-ecoflow/${STATION}/json/state`,
      JSON.stringify({ device: STATION, temp_celsius: 25, ac_in_watts: 0, ...state }),
    );
  return {
    pairingLine: encodePairing({
      agent,
      key,
      host: "127.0.0.1",
      port: broker.port,
      tls: true,
      user: agent,
      pass: passwordOf(agent),
      ca: authority.caPem,
    }),
    broker,
    acks,
    isOnline: () => isOnline,
    feed,
    keepFeeding(state) {
      feed(state);
      const timer = setInterval(() => feed(state), 2000);
      return () => clearInterval(timer);
    },
    async startDaemon(settings) {
      const stateDir = mkdtempSync(join(dir, "daemon-"));
      writeFileSync(join(stateDir, "agent_keys.json"), JSON.stringify({ [agent]: key }), { mode: 0o600 });
      const env = {
        ECOFLOW_CLOUD: "off",
        DEVICE_TO_AGENTS_JSON: `'${hosts}'`,
        STATE_DIR: stateDir,
        MQTT_HOST: "127.0.0.1",
        MQTT_PORT: String(broker.port),
        MQTT_TLS: "on",
        MQTT_CA_FILE: caFile,
        MQTT_USER: DAEMON_USER,
        MQTT_PASS: passwordOf(DAEMON_USER),
        ...settings,
      };
      const envFile = join(stateDir, "daemon.env");
      writeFileSync(envFile, Object.entries(env).map(([name, value]) => `${name}=${value}\n`).join(""));
      const daemon = startDaemonProcess({ envFile, stateDir });
      if (!await daemon.until(/\bREADY\b/)) {
        throw new Error(`the daemon ended:\n${daemon.lines.slice(-10).join("\n")}`);
      }
      return daemon;
    },
    async close() {
      await watcher.close();
      await broker.stop();
    },
  };
}

function watch(
  port: number,
  ca: string,
  login: { username: string; password: string },
  see: (topic: string, text: string) => void,
) {
  let isClosed = false;
  let client: ReturnType<typeof connectMqtt> | undefined;
  const connect = () => {
    client = connectMqtt({
      host: "127.0.0.1",
      port,
      tls: { ca },
      ...login,
      clientId: "observer",
      protocolVersion: 5,
      cleanSession: true,
      keepAliveSec: 10,
      connectTimeoutMs: 5000,
    }, {
      onUp: () => void client?.subscribe("power-manager/#", 1).catch(() => {}),
      onDown: () => void (isClosed || setTimeout(connect, 500)),
      onMessage: ({ topic, payload }) => see(topic, new TextDecoder().decode(payload)),
    });
  };
  connect();
  return {
    publish: (topic: string, text: string) =>
      void client?.publish(topic, text, { retain: true }).catch(() => {}),
    close: () => {
      isClosed = true;
      return client?.close() ?? Promise.resolve();
    },
  };
}

/** @throws Error when it is not so in time */
export async function until(what: string, isSo: () => boolean, withinMs: number): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!isSo()) {
    if (Date.now() > endMs) throw new Error(`no "${what}" within ${withinMs / 1000} s`);
    await pause(200);
  }
}

/** Resolves after so many ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function randomHex(): string {
  return randomBytes(32).toString("hex");
}
