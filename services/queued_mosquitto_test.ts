/** What a real Mosquitto kept for us while we were away: requests, readings and witnesses are no news then. */
import assert from "node:assert/strict";
import { startMosquitto } from "../scripts/simulate/mosquitto.ts";
import type { Bus } from "../lib/workers/bus.ts";
import { systemClock } from "../lib/time/clock.ts";
import { loadConfig } from "../lib/config/load.ts";
import { createHealth } from "../lib/health.ts";
import { connectMqtt } from "../lib/mqtt/npm_client.ts";
import { PortBus } from "../lib/workers/port_bus.ts";
import { memoryLog } from "../lib/testing.ts";
import { BrokerLink } from "./broker_link/service.ts";
import { PolicyEngine, type PolicyEngineConfig } from "./policy_engine/service.ts";
import { memoryStore } from "./policy_engine/testdata/test_policy.ts";
import { capabilityOf, SERVICES } from "./registry.ts";

const POLICY = `
[[witness]]
name = "plug"
topic = "house/plug"
present_when_equals = "on"
stale_after_sec = 30
`;

/** Waits until something is true; generous, for slow machines. */
async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited 30 s in vain: ${what}`);
}

/** A policy behind a link of its own; `heard` is every message that reached it and was not retained. */
async function daemon(port: number) {
  const config = loadConfig({
    environment: {
      ECOFLOW_CLOUD: "off",
      DEVICE_TO_AGENTS_JSON: '{"Study":["pc"]}',
      MQTT_HOST: "127.0.0.1",
      MQTT_PORT: String(port),
      POLICY_FILE: "policy.toml",
    },
    exists: (path) => path === "policy.toml",
    readFile: (path) => path === "policy.toml" ? POLICY : "",
  });
  const [clock, log] = [systemClock(), memoryLog()];
  const link = new BrokerLink(
    { roots: config.roots, broker: { host: "127.0.0.1", port }, embeddedPort: 0, clientId: "queued-test" },
    { clock, log, health: createHealth(), random: () => 0.5 },
    { connect: connectMqtt, startEmbedded: () => Promise.reject(new Error("none")) },
  );
  const row = SERVICES.find(({ name }) => name === "policy_engine");
  assert.ok(row);
  const portBus = new PortBus(capabilityOf(row, config), log);
  const { port1, port2 } = new MessageChannel();
  portBus.attach(port1);
  link.attach(capabilityOf(row, config), port2);
  const heard: string[] = [];
  const bus: Bus = {
    publish: (topic, payload, options) => portBus.publish(topic, payload, options),
    onLink: (handle) => portBus.onLink(handle),
    subscribe: (filter, handle, options) =>
      portBus.subscribe(filter, (message) => {
        if (!message.retained && !message.topic.endsWith("/status")) heard.push(message.topic);
        handle(message);
      }, options),
  };
  const context = { name: "policy_engine", bus, clock, log, health: createHealth(), random: () => 0.5 };
  const slice = row.slice(config) as PolicyEngineConfig;
  const engine = new PolicyEngine({ ...context, config: slice }, {
    store: memoryStore(),
    newId: () => crypto.randomUUID(),
  });
  await link.start();
  await engine.start();
  await until("the link is up", () => log.text().includes("BROKER CONNECTED"));
  return {
    heard,
    log,
    stop: async () => {
      await engine.stop();
      await link.stop();
      for (const end of [port1, port2]) end.close();
    },
  };
}

Deno.test("what Mosquitto kept while we were away is no news: no witness, no reading, no request; an answer is", async () => {
  const mosquitto = await startMosquitto();
  const up = Promise.withResolvers<boolean>();
  const outsider = connectMqtt({
    host: "127.0.0.1",
    port: mosquitto.port,
    clientId: "outsider",
    protocolVersion: 5,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: 5000,
  }, { onUp: up.resolve, onDown: () => {}, onMessage: () => {} });
  try {
    await up.promise;
    const say = (topic: string, body: unknown) =>
      outsider.publish(topic, typeof body === "string" ? body : JSON.stringify(body), { qos: 1 });
    const sayAll = async () => {
      await say("house/plug", "off");
      await say("bridge-ecoflow/Study/json/state", { device: "Study", soc: 4, grid_connected: false });
      await say("power-manager/drill/request", { id: "drill-1", all: true });
      await say("power-manager/abort/request", { id: "abort-1", device: "Study" });
      await say("power-manager/pc/ack", { id: "x", agent: "pc", status: "accepted" });
    };
    const all = [
      "bridge-ecoflow/Study/json/state",
      "house/plug",
      "power-manager/abort/request",
      "power-manager/drill/request",
      "power-manager/pc/ack",
    ];
    const first = await daemon(mosquitto.port);
    // The witness is subscribed to last.
    while (!first.heard.includes("house/plug")) {
      await say("house/plug", "on");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    first.heard.length = 0;
    await sayAll();
    await until("all is heard while we are there", () => first.heard.length === all.length);
    assert.deepEqual(first.heard.toSorted(), all);
    await first.stop();

    await sayAll();
    const second = await daemon(mosquitto.port);
    await until("the answer that was kept comes", () => second.heard.includes("power-manager/pc/ack"));
    // Whatever the broker says now comes after what it kept.
    await say("power-manager/pc/ack", { id: "last", agent: "pc", status: "accepted" });
    await until("the next answer comes", () => second.heard.length >= 2);
    assert.deepEqual(second.heard, ["power-manager/pc/ack", "power-manager/pc/ack"]);
    await second.stop();
  } finally {
    await outsider.close();
    await mosquitto.stop();
  }
});
