/** Sends one message through the embedded broker and prints how much V8's heap holds then, in bytes. Needs `--expose-gc`. */
import { startEmbeddedBroker } from "../embedded_broker.ts";
import { connectMqtt } from "../npm_client.ts";

const broker = await startEmbeddedBroker({ host: "127.0.0.1", port: 0 });
const up = Promise.withResolvers<void>();
const client = connectMqtt({
  host: "127.0.0.1",
  port: broker.port,
  clientId: "one-message",
  protocolVersion: 4,
  cleanSession: true,
  keepAliveSec: 60,
  connectTimeoutMs: 5000,
}, { onUp: () => up.resolve(), onDown: ({ text }) => up.reject(new Error(text)), onMessage() {} });
await up.promise;
await client.publish("one/message", "hello", { qos: 1 });
(globalThis as { gc?: () => void }).gc?.();
// deno-lint-ignore no-console
console.log(Deno.memoryUsage().heapUsed);
await client.close();
await broker.stop();
