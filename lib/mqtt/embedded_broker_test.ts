import assert from "node:assert/strict";
import type { MqttClient } from "./client.ts";
import { startEmbeddedBroker } from "./embedded_broker.ts";
import { connectMqtt } from "./npm_client.ts";

/** A connection that is up; `onMessage` hears what it subscribes to. */
async function connected(
  port: number,
  clientId: string,
  onMessage: (topic: string) => void = () => {},
): Promise<MqttClient> {
  const up = Promise.withResolvers<void>();
  const client = connectMqtt({
    host: "127.0.0.1",
    port,
    clientId,
    protocolVersion: 4,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: 3000,
  }, { onUp: () => up.resolve(), onDown: () => {}, onMessage: ({ topic }) => onMessage(topic) });
  await up.promise;
  return client;
}

Deno.test("startEmbeddedBroker() loses no retained message when another message overtakes it", async () => {
  const broker = await startEmbeddedBroker({ port: 0, host: "127.0.0.1" });
  const heard = new Map<string, number>();
  const all = Promise.withResolvers<void>();
  const reader = await connected(broker.port, "reader", (topic) => {
    heard.set(topic, (heard.get(topic) ?? 0) + 1);
    if (topic === "end") all.resolve();
  });
  await reader.subscribe("#", 0);
  const writer = await connected(broker.port, "writer");
  const COUNT = 500;
  for (let i = 0; i < COUNT; i++) {
    // Both in one piece: the broker takes what arrives together side by side, and has to store the first.
    await Promise.all([
      writer.publish(`kept/${i}`, "x", { retain: true }),
      writer.publish(`plain/${i}`, "x"),
    ]);
  }
  await writer.publish("end", "x", { qos: 1 });
  await all.promise;
  const lost = Array.from({ length: COUNT }, (_, i) => `kept/${i}`).filter((topic) => !heard.has(topic));
  assert.deepEqual(lost, []);
  for (const client of [reader, writer]) await client.close();
  await broker.stop();
});

for (const kilobytes of [190, 250, 1000]) {
  Deno.test(`startEmbeddedBroker() takes messages of ${kilobytes} kB, one behind the other, and small ones between them`, async () => {
    const broker = await startEmbeddedBroker({ port: 0, host: "127.0.0.1" });
    const heard: string[] = [];
    const all = Promise.withResolvers<void>();
    const client = await connected(broker.port, "both", (topic) => {
      heard.push(topic);
      if (topic === "end") all.resolve();
    });
    await client.subscribe("#", 1);
    const limit = setTimeout(() => all.reject(new Error(`only ${heard.join()}`)), 10_000);
    const large = "x".repeat(kilobytes * 1000);
    const sent = [];
    for (const topic of ["a", "b", "c", "d"]) {
      sent.push(client.publish(topic, large, { qos: 1 }), client.publish(`${topic}/small`, "x", { qos: 1 }));
    }
    sent.push(client.publish("end", "x", { qos: 1 }));
    try {
      await all.promise;
      await Promise.all(sent);
      assert.deepEqual(heard.toSorted(), [
        "a",
        "a/small",
        "b",
        "b/small",
        "c",
        "c/small",
        "d",
        "d/small",
        "end",
      ]);
    } finally {
      clearTimeout(limit);
      await client.close();
      await broker.stop();
      await Promise.allSettled(sent);
    }
  });
}

/** A client that subscribes to slow/# and reads only when it is asked to. */
async function lazyReader(port: number): Promise<Deno.Conn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const bytes = (text: string) => [text.length >> 8, text.length & 255, ...new TextEncoder().encode(text)];
  const connect = [...bytes("MQTT"), 4, 2, 0, 60, ...bytes("lazy")];
  const subscribe = [0, 1, ...bytes("slow/#"), 0];
  await conn.write(Uint8Array.from([0x10, connect.length, ...connect, 0x82, subscribe.length, ...subscribe]));
  // CONNACK and SUBACK.
  for (let left = 4 + 5; left > 0;) left -= await conn.read(new Uint8Array(left)) ?? left;
  return conn;
}

const STILL_MS = 400;
/** Each is waited for by the broker until it has gone out: with 150 of them nothing else would. */
const LARGE = { count: 150, bytes: 500_000 };

async function house() {
  const broker = await startEmbeddedBroker({ port: 0, host: "127.0.0.1", standsStillMs: STILL_MS });
  const lazy = await lazyReader(broker.port);
  const writer = await connected(broker.port, "writer");
  const large = new Uint8Array(LARGE.bytes);
  const sent = Array.from({ length: LARGE.count }, () => writer.publish("slow/x", large));
  return { broker, lazy, writer, sent };
}

Deno.test("startEmbeddedBroker() outlives thousands of messages that nobody hears, behind a reader that stands still, and serves the others", async () => {
  const { broker, lazy, writer, sent } = await house();
  for (let i = 0; i < 20_000; i++) sent.push(writer.publish(`nobody/${i % 100}`, "x"));
  await Promise.all(sent);
  const heard = Promise.withResolvers<void>();
  const reader = await connected(broker.port, "reader", () => heard.resolve());
  await reader.subscribe("after", 0);
  await writer.publish("after", "x");
  await heard.promise;
  for (const client of [reader, writer]) await client.close();
  lazy.close();
  await broker.stop();
});

Deno.test("startEmbeddedBroker() gives all to a reader that stood still for less than the time", async () => {
  const { broker, lazy, writer, sent } = await house();
  await new Promise((resolve) => setTimeout(resolve, STILL_MS * 0.8));
  const piece = new Uint8Array(1_000_000);
  for (let taken = 0; taken < LARGE.count * LARGE.bytes;) {
    const length = await lazy.read(piece);
    assert.ok(length !== null, `cut off after ${taken} bytes`);
    taken += length;
  }
  await Promise.all(sent);
  await writer.close();
  lazy.close();
  await broker.stop();
});
