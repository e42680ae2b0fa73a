/** A worker without any permission that tries to connect, and tells what it was told. */
import type { MqttDown } from "../client.ts";
import { connectMqtt } from "../npm_client.ts";

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<number>) => void;
  postMessage(reason: MqttDown): void;
};

scope.onmessage = ({ data: port }) => {
  connectMqtt({
    host: "127.0.0.1",
    port,
    clientId: "forbidden",
    protocolVersion: 4,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: 2000,
  }, { onUp() {}, onMessage() {}, onDown: (reason) => scope.postMessage(reason) });
};
