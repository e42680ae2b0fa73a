/** A broker in this process, on loopback, for a house that has none yet. */
import "./blank_environment.ts";
import { createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { errorText } from "../errors.ts";

/** Where to listen; only this machine can connect. */
export interface EmbeddedBrokerOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly host: "127.0.0.1";
}

/** A running broker. */
export interface RunningBroker {
  readonly port: number;
  /** Ends every connection and frees the port; may be called twice. */
  stop(): Promise<void>;
}

/** Starts one. @throws Error saying what to do when the port is taken */
export async function startEmbeddedBroker({ port, host }: EmbeddedBrokerOptions): Promise<RunningBroker> {
  const broker = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // A client that resets its connection is its own business.
    socket.on("error", () => {});
    broker.handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      broker.close(() =>
        reject(
          new Error(
            `Cannot start the embedded broker on ${host}:${port}: ${errorText(cause)}; ` +
              "set MQTT_HOST to the broker that is there, or MQTT_EMBEDDED_PORT to another port",
            { cause },
          ),
        )
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  let stopped: Promise<void> | undefined;
  const stop = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      broker.close(() => server.close(() => resolve()));
    });
  return {
    port: typeof address === "object" && address ? address.port : port,
    stop: () => stopped ??= stop(),
  };
}
