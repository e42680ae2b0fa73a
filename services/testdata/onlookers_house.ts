/** For tests: a whole house of real workers, its onlookers in one of them, with a notifier that does what the journal says. */
import { mkdirSync } from "node:fs";
import { supervised } from "../../commands/run.ts";
import { type HouseConfig, loadConfig } from "../../lib/config/load.ts";
import { parsePolicyStatus } from "../../lib/messages/policy_status.ts";
import type { MqttClient } from "../../lib/mqtt/client.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { memoryLog } from "../../lib/testing.ts";
import { REAL_TIME, systemClock } from "../../lib/time/clock.ts";
import { Supervisor } from "../../lib/workers/supervisor.ts";
import { encodeFrame } from "../../proto/frame.ts";
import { loadFamily } from "../../proto/registry.ts";
import { freePort } from "../../scripts/simulate/mosquitto.ts";
import { stateDirOf } from "../grant.ts";
import { LineClient } from "../nut_server/testdata/line_client.ts";
import { BROKER_LINK, SERVICES } from "../registry.ts";
import { ONLOOKERS_ENTRY, workersOf } from "../workers.ts";
import { HEARD, PROBE } from "./listening.ts";

const SN = "R655TEST00000001";
/** What the station says without the grid, and with it. */
export const GONE = { plug_in_info_ac_charger_flag: false, pow_get_ac_in: 0, flow_info_ac_in: 0 };
export const THERE = { plug_in_info_ac_charger_flag: true, pow_get_ac_in: 30, flow_info_ac_in: 2 };
const NUT = 'allow = ["127.0.0.0/8"]\n[[ups]]\nname = "ups"\ndevice = "Ups"\n';
const topics = topicsUnder(DEFAULT_ROOTS);

function houseIn(stateDir: string): HouseConfig {
  return loadConfig({
    environment: {
      ECOFLOW_CLOUD: "off",
      ECOFLOW_DEVICE_LIST: `${SN}:Ups`,
      DEVICE_TO_AGENTS_JSON: '{"Ups":["nas"]}',
      POLICY_DEBOUNCE_SEC: "0",
      POLICY_SOC_MIN: "50",
      MQTT_EMBEDDED_PORT: String(freePort()),
      DASHBOARD_LISTEN: `127.0.0.1:${freePort()}`,
      DASHBOARD_READ_WITHOUT_LOGIN: "true",
      HOME_ASSISTANT_DISCOVERY: "true",
      NTFY_URL: "http://127.0.0.1:9/nobody",
      NUT_CONFIG_FILE: "nut.toml",
      NUT_LISTEN_HOST: "127.0.0.1",
      NUT_PORT: String(freePort()),
      OPTIONAL_SERVICES: "together",
      STATE_DIR: stateDir,
    },
    exists: () => false,
    readFile: () => NUT,
  });
}

/** Starts it, and resolves when all of it is ready. @param onSilent A worker says nothing any more */
export async function startHouse(dir: string, onSilent: (service: string) => void) {
  const config = houseIn(dir);
  for (const { name } of SERVICES) mkdirSync(stateDirOf(config, name), { recursive: true });
  const workers = workersOf(config).map((worker) =>
    worker.entry === ONLOOKERS_ENTRY
      ? { ...worker, entry: new URL("./misbehaving_onlookers.ts", import.meta.url) }
      : worker
  );
  const log = memoryLog();
  let changed = () => {};
  const supervisor: Supervisor = new Supervisor({
    linkName: BROKER_LINK,
    services: workers.flatMap((worker) => supervised(worker, config, REAL_TIME, "plain")).map((one) => ({
      ...one,
      init: { ...one.init, log: { level: "crit", style: "plain" } as const },
    })),
    clock: systemClock(),
    log,
    random: () => 0.5,
    pingEveryMs: 200,
    silentAfterMs: 5000,
    onSilent,
    onChange: () => changed(),
  });
  const until = async (isTrue: () => boolean) => {
    while (!isTrue()) await new Promise<void>((resolve) => changed = resolve);
  };
  const state = (name: string) => supervisor.views()[name]?.state;
  const restarts = (names: readonly string[]) => names.map((name) => supervisor.views()[name]?.restarts);
  supervisor.start();
  await until(() => Object.values(supervisor.views()).every(({ state }) => state === "ready"));

  const commands: string[] = [];
  let isListening = false;
  const phases: string[] = [];
  let heard = () => {};
  const client = await connect(config, (topic, payload) => {
    if (topic === topics.events && new TextDecoder().decode(payload) === HEARD) {
      isListening = true;
    }
    if (topic === topics.policy("Ups")) {
      phases.push(parsePolicyStatus(payload, topic).state);
      return heard();
    }
    if (topic !== topics.command("nas") || payload.length === 0) return;
    commands.push((JSON.parse(new TextDecoder().decode(payload)) as { action: string }).action);
    heard();
  });
  await client.subscribe(topics.command("nas"), 1);
  await client.subscribe(topics.events, 1);
  // A service is ready before the broker has its subscription.
  while (!isListening) {
    await client.publish(topics.events, PROBE, { qos: 1 });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { schema } = await loadFamily("river3");
  const nut = await LineClient.connect(config.nut?.port ?? 0);
  return {
    supervisor,
    log,
    until,
    state,
    restarts,
    commands,
    page: async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${config.dashboard?.port}${path}`);
      return await answer.text();
    },
    /** The station's own bytes. */
    say: (fields: Record<string, unknown>) => {
      const pdata = schema.encode("DisplayPropertyUpload", fields);
      return client.publish(
        topics.raw(SN),
        encodeFrame([{ pdata, cmd_func: 254, cmd_id: 21, seq: 7 }]),
        {
          qos: 1,
        },
      );
    },
    /** Has the notifier do this. */
    tell: (deed: string) => client.publish(topics.events, deed, { qos: 1 }),
    commanded: async (action: string) => {
      while (!commands.includes(action)) await new Promise<void>((resolve) => heard = resolve);
    },
    /** In which phase the policy is. */
    policy: async () => {
      await client.subscribe(topics.policy("Ups"), 1);
      while (phases.length === 0) await new Promise<void>((resolve) => heard = resolve);
      return phases[0];
    },
    /** What a NAS hears of the station. */
    status: async () => (await nut.ask("GET VAR ups ups.status")).join(),
    stop: async () => {
      nut.close();
      await client.close();
      await supervisor.stop();
    },
  };
}

function connect(
  config: HouseConfig,
  onMessage: (topic: string, payload: Uint8Array) => void,
): Promise<MqttClient> {
  return new Promise((resolve, reject) => {
    const client: MqttClient = connectMqtt({
      host: "127.0.0.1",
      port: config.embeddedPort,
      clientId: "test",
      protocolVersion: 4,
      cleanSession: true,
      keepAliveSec: 30,
      connectTimeoutMs: 10_000,
    }, {
      onUp: () => resolve(client),
      onDown: ({ text }) => reject(new Error(text)),
      onMessage: ({ topic, payload }) => onMessage(topic, payload),
    });
  });
}
