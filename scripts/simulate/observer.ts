/** Somebody who watches the broker of a simulated house, and speaks there. */
import type { BusMessage } from "../../lib/workers/bus.ts";
import type { MqttClient } from "../../lib/mqtt/client.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";

/** See the file comment. */
export interface Observer {
  onMessage(see: (message: BusMessage) => void): void;
  publish(topic: string, payload: string, qos?: 0 | 1): Promise<void>;
  close(): Promise<void>;
}

/** Sees what the filters let through; comes back when the broker does. */
export async function observe(
  port: number,
  login: { username?: string; password?: string },
  filters: readonly string[] = ["#"],
): Promise<Observer> {
  const watchers: ((message: BusMessage) => void)[] = [];
  let client: MqttClient | undefined;
  let isClosed = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const isUp = Promise.withResolvers<void>();
  const connect = () => {
    client = connectMqtt({
      host: "127.0.0.1",
      port,
      ...login,
      clientId: "observer",
      protocolVersion: 4,
      cleanSession: true,
      keepAliveSec: 30,
      connectTimeoutMs: 5000,
    }, {
      onUp: () =>
        void Promise.all(filters.map((filter) => client?.subscribe(filter, 1))).then(
          () => isUp.resolve(),
          () => {},
        ),
      onDown: () => {
        if (!isClosed) retry = setTimeout(connect, 20);
      },
      onMessage: (message) => {
        for (const see of watchers) see(message);
      },
    });
  };
  connect();
  await isUp.promise;
  return {
    onMessage: (see) => void watchers.push(see),
    publish: async (topic, payload, qos = 0) => await client?.publish(topic, payload, { qos }),
    close: async () => {
      isClosed = true;
      clearTimeout(retry);
      await client?.close();
    },
  };
}
