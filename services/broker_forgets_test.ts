/** The whole daemon and an agent beside a Mosquitto without persistence, which is started again. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeDrillRequest } from "../lib/messages/drill.ts";
import type { MqttClient } from "../lib/mqtt/client.ts";
import { connectMqtt } from "../lib/mqtt/npm_client.ts";
import { startMosquitto } from "../scripts/simulate/mosquitto.ts";
import { startAgentProcess, startDaemonProcess } from "../scripts/simulate/processes.ts";

const SN = "R651ZAB1ST5H0001";
const KEY = "ab".repeat(32);
/** How long the daemon may take to say everything again once it is connected, ms. */
const SAID_WITHIN_MS = 10_000;

/** A guest; `seen` fills with what the broker had kept for it, or says to it. */
async function guest(port: number) {
  const seen = new Set<string>();
  const up = Promise.withResolvers<void>();
  const client: MqttClient = connectMqtt({
    host: "127.0.0.1",
    port,
    clientId: `guest-${crypto.randomUUID()}`,
    protocolVersion: 5,
    cleanSession: true,
    keepAliveSec: 60,
    connectTimeoutMs: 10_000,
  }, {
    onUp: () => up.resolve(),
    onDown: ({ text }) => up.reject(new Error(text)),
    onMessage: ({ topic, retained, payload }) => void (retained && payload.length > 0 && seen.add(topic)),
  });
  await up.promise;
  return { client, seen };
}

/** The topics with a retained message, as a newcomer hears of them. */
async function retainedTopics(port: number): Promise<string[]> {
  const { client, seen } = await guest(port);
  await client.subscribe("#", 1);
  await pause(500);
  await client.close();
  return [...seen].sort();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test("every retained topic is back within seconds after Mosquitto was started again without persistence", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-forgets-"));
  const broker = await startMosquitto({ saves: "never" });
  for (const name of ["daemon", "agent"]) mkdirSync(join(dir, name));
  writeFileSync(join(dir, "daemon/agent_keys.json"), JSON.stringify({ pc: KEY }), { mode: 0o600 });
  writeFileSync(join(dir, "agent/agent_key"), `${KEY}\n`, { mode: 0o600 });
  writeFileSync(
    join(dir, "daemon.env"),
    `ECOFLOW_CLOUD=off
ECOFLOW_DEVICE_LIST=${SN}:Study
DEVICE_TO_AGENTS_JSON='{"Fed":["pc","nas"]}'
STATE_DIR=${dir}/daemon
MQTT_HOST=127.0.0.1
MQTT_PORT=${broker.port}
HOME_ASSISTANT_DISCOVERY=on
`,
  );
  writeFileSync(
    join(dir, "agent.env"),
    `AGENT_ID=pc\nMQTT_HOST=127.0.0.1\nMQTT_PORT=${broker.port}\nSTATE_DIR=${dir}/agent\nREHEARSAL=true\n`,
  );
  const daemon = startDaemonProcess({ envFile: join(dir, "daemon.env"), stateDir: join(dir, "daemon") });
  const agent = startAgentProcess({ envFile: join(dir, "agent.env"), stateDir: join(dir, "agent") });
  const FED = "bridge-ecoflow/Fed/json/state";
  const feed = async () => {
    const { client } = await guest(broker.port);
    const state = JSON.stringify({
      device: "Fed",
      soc: 80,
      grid_connected: false,
      battery_wh: 245,
      out_watts: 50,
    });
    await client.publish(FED, state, { retain: true, qos: 1 });
    return client;
  };
  try {
    assert.ok(await daemon.until(/\bREADY\b/), daemon.lines.slice(-10).join("\n"));
    assert.ok(await agent.until(/AGENT CONNECTED/), agent.lines.slice(-10).join("\n"));
    for (let times = 0; times < 3; times++) {
      const feeder = await feed();
      const request = encodeDrillRequest({ id: `d${times}`, all: true });
      await feeder.publish("power-manager/drill/request", request, { qos: 1 });
      await feeder.close();
      await pause(1000);
    }
    const wanted = [
      FED,
      "bridge-ecoflow/Study/json/state",
      "power-manager/drill/report",
      "power-manager/nas/plan",
      "power-manager/orchestrator/status",
      "power-manager/pc/plan",
      "power-manager/pc/status",
      "power-manager/policy/Fed",
    ];
    let before: string[] = [];
    for (let tries = 0; tries < 40 && !wanted.every((topic) => before.includes(topic)); tries++) {
      before = await retainedTopics(broker.port);
    }
    // Discovery waits for what the broker kept before it speaks.
    await pause(6000);
    before = await retainedTopics(broker.port);
    assert.deepEqual(
      wanted.filter((topic) => !before.includes(topic)),
      [],
      daemon.lines.slice(-30).join("\n"),
    );
    assert.ok(before.some((topic) => topic.startsWith("homeassistant/device/")), before.join("\n"));

    await broker.goDown();
    await broker.goUp();
    const deadlineMs = Date.now() + SAID_WITHIN_MS;
    let missing = before;
    while (missing.length > 0 && Date.now() < deadlineMs) {
      const now = await retainedTopics(broker.port);
      // The test's own feeder is not there any more.
      missing = before.filter((topic) => topic !== FED && !now.includes(topic));
    }
    assert.deepEqual(missing, []);
  } finally {
    await Promise.all([daemon.stop(), agent.stop()]);
    await broker.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});
