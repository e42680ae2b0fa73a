import assert from "node:assert/strict";
import type { BusMessage } from "../workers/bus.ts";
import type { MqttClient, MqttConnectOptions, MqttDown } from "./client.ts";
import { startEmbeddedBroker } from "./embedded_broker.ts";
import { connectMqtt } from "./npm_client.ts";
import { freePort, type Mosquitto, startMosquitto } from "../../scripts/simulate/mosquitto.ts";

interface Opened {
  readonly client: MqttClient;
  readonly messages: BusMessage[];
  readonly up: Promise<boolean>;
  readonly down: Promise<MqttDown>;
  heard(count: number): Promise<void>;
}

function open(port: number, options: Partial<MqttConnectOptions> = {}): Opened {
  const up = Promise.withResolvers<boolean>();
  const down = Promise.withResolvers<MqttDown>();
  const messages: BusMessage[] = [];
  let wake = () => {};
  const client = connectMqtt({
    host: "127.0.0.1",
    port,
    clientId: `test-${crypto.randomUUID().slice(0, 8)}`,
    protocolVersion: 4,
    cleanSession: true,
    keepAliveSec: 5,
    connectTimeoutMs: 3000,
    ...options,
  }, {
    onUp: (sessionPresent) => up.resolve(sessionPresent),
    onDown: (reason) => down.resolve(reason),
    onMessage: (message) => {
      messages.push(message);
      wake();
    },
  });
  return {
    client,
    messages,
    up: up.promise,
    down: down.promise,
    heard: async (count) => {
      while (messages.length < count) await new Promise<void>((resolve) => wake = resolve);
    },
  };
}

const text = (message: BusMessage | undefined) => new TextDecoder().decode(message?.payload);

const brokers: readonly [
  name: string,
  version: 4 | 5,
  start: () => Promise<{ port: number; stop(): Promise<void> }>,
][] = [
  ["the embedded broker", 4, () => startEmbeddedBroker({ port: 0, host: "127.0.0.1" })],
  ["Mosquitto with MQTT 3.1.1", 4, () => startMosquitto()],
  ["Mosquitto with MQTT 5", 5, () => startMosquitto()],
];

for (const [name, protocolVersion, start] of brokers) {
  Deno.test(`connectMqtt() carries bytes and retained messages on ${name}`, async () => {
    const broker = await start();
    const a = open(broker.port, { protocolVersion });
    const b = open(broker.port, { protocolVersion });
    await Promise.all([a.up, b.up]);
    await b.client.subscribe("t/+", 1);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await a.client.publish("t/1", bytes, { qos: 1 });
    await a.client.publish("t/2", "kept", { qos: 1, retain: true });
    await b.heard(2);
    assert.deepEqual(b.messages[0]?.payload, bytes);
    assert.equal(b.messages[0]?.retained, false);
    const late = open(broker.port, { protocolVersion });
    await late.up;
    await late.client.subscribe("t/2", 0);
    await late.heard(1);
    assert.equal(text(late.messages[0]), "kept");
    assert.equal(late.messages[0]?.retained, true);
    await late.client.close();
    await b.client.close();
    await b.client.close();
    await a.client.close();
    await broker.stop();
  });
}

Deno.test("connectMqtt() keeps a session with QoS 1 messages over a disconnect on Mosquitto", async () => {
  const broker = await startMosquitto();
  const session = {
    clientId: "keeps",
    protocolVersion: 5,
    cleanSession: false,
    sessionExpirySec: 60,
  } as const;
  const first = open(broker.port, session);
  assert.equal(await first.up, false);
  await first.client.subscribe("cmd", 1);
  await first.client.close();
  const sender = open(broker.port, { protocolVersion: 5 });
  await sender.up;
  await sender.client.publish("cmd", "waited", { qos: 1, expirySec: 60 });
  const second = open(broker.port, session);
  assert.equal(await second.up, true);
  await second.heard(1);
  assert.equal(text(second.messages[0]), "waited");
  await second.client.close();
  await sender.client.close();
  await broker.stop();
});

Deno.test("connectMqtt() names a refused password by its CONNACK code, and not the password", async () => {
  const user = { username: "u", password: "right", publishes: [], subscribes: [] };
  const broker = await startMosquitto({ users: [user] });
  for (const [protocolVersion, code] of [[4, 5], [5, 135]] as const) {
    const { down } = open(broker.port, { protocolVersion, username: "u", password: "wrong-secret" });
    const reason = await down;
    assert.equal(reason.kind, "refused");
    assert.equal(reason.code, code);
    assert.equal(reason.wasUp, false);
    assert.ok(!reason.text.includes("wrong-secret"));
  }
  await broker.stop();
});

Deno.test("connectMqtt() tells a network fault when nobody listens", async () => {
  const { down, client } = open(freePort());
  const reason = await down;
  assert.equal(reason.kind, "network");
  assert.match(reason.text, /refused/i);
  await client.close();
});

Deno.test("connectMqtt() tells the end of a connection once, and refuses to publish afterwards", async () => {
  const broker: Mosquitto = await startMosquitto();
  const { up, down, client } = open(broker.port);
  await up;
  await broker.goDown();
  const reason = await down;
  assert.equal(reason.wasUp, true);
  await assert.rejects(client.publish("t", "x"), /not connected/);
  await client.close();
  await broker.stop();
});

Deno.test("startEmbeddedBroker() says what to do when the port is taken", async () => {
  const broker = await startEmbeddedBroker({ port: 0, host: "127.0.0.1" });
  await assert.rejects(
    startEmbeddedBroker({ port: broker.port, host: "127.0.0.1" }),
    /Cannot start the embedded broker at 127.0.0.1:\d+: .*set MQTT_HOST/,
  );
  await broker.stop();
  await broker.stop();
});
