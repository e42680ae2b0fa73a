import assert from "node:assert/strict";
import type { MqttClient } from "../../lib/mqtt/client.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { startMosquitto } from "./mosquitto.ts";

/** A street of a thousand stations that lose the grid: three events each. */
const BURST = 3000;

Deno.test("the product's Mosquitto loses no message of a burst, over MQTT 5", async () => {
  const mosquitto = await startMosquitto({ saves: "seldom" });
  const heard = new Set<string>();
  const allHeard = Promise.withResolvers<void>();
  const connect = (clientId: string, onMessage: (topic: string) => void) =>
    new Promise<MqttClient>((resolve, reject) => {
      const client: MqttClient = connectMqtt({
        host: "127.0.0.1",
        port: mosquitto.port,
        clientId,
        protocolVersion: 5,
        cleanSession: true,
        keepAliveSec: 60,
        connectTimeoutMs: 30_000,
      }, {
        onUp: () => resolve(client),
        onDown: ({ text }) => reject(new Error(text)),
        onMessage: ({ topic }) => onMessage(topic),
      });
    });
  const listener = await connect("listener", (topic) => {
    if (heard.add(topic).size === BURST) allHeard.resolve();
  });
  const speaker = await connect("speaker", () => {});
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await listener.subscribe("burst/#", 1);
    const payload = "x".repeat(500);
    await Promise.all(
      Array.from({ length: BURST }, (_, i) => speaker.publish(`burst/${i}`, payload, { qos: 1 })),
    );
    const tooLate = new Promise<void>((resolve) => timer = setTimeout(resolve, 30_000));
    await Promise.race([allHeard.promise, tooLate]);
    assert.equal(heard.size, BURST);
  } finally {
    clearTimeout(timer);
    await Promise.all([listener.close(), speaker.close()]);
    await mosquitto.stop();
  }
});
