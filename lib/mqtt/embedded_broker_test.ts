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
