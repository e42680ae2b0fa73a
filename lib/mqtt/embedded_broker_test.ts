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
