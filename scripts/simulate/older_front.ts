/** A small server before a broker, which closes the connection at MQTT 5 without an answer, as RabbitMQ before 3.13 does. */
import type { Buffer } from "node:buffer";
import { connect as connectTcp, createServer, type Socket } from "node:net";

/** See the file comment. */
export interface OlderFront {
  readonly port: number;
  /** From now on it lets MQTT 5 through. */
  learn(): void;
  /** Connections that were closed at MQTT 5. */
  readonly closed: number;
  stop(): Promise<void>;
}

/** @param port The broker's */
export async function startOlderFront(port: number): Promise<OlderFront> {
  let [knows, closed] = [false, 0];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on("error", () => {});
    client.once("data", (connect: Buffer) => {
      if (!knows && levelOf(connect) === 5) {
        closed++;
        return client.destroy();
      }
      const broker = connectTcp(port, "127.0.0.1");
      sockets.add(broker);
      broker.on("error", () => {});
      for (const socket of [client, broker]) {
        socket.on("close", () => (client.destroy(), broker.destroy()));
      }
      broker.write(connect);
      client.pipe(broker);
      broker.pipe(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    learn: () => void (knows = true),
    get closed() {
      return closed;
    },
    async stop() {
      const isClosed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await isClosed;
    },
  };
}

/** Of a CONNECT: after its type and length come the name "MQTT", with its length, and the level. */
function levelOf(connect: Buffer): number | undefined {
  let at = 1;
  while ((connect[at] ?? 0) >= 0x80) at++;
  return connect[at + 7];
}
