/** A broker in this process, on loopback, for a house that has none yet. Speaks MQTT 3.1.1 only: aedes has no 5. */
import "./blank_environment.ts";
import "./lean_packets.ts";
import { createServer, type Server, type Socket } from "node:net";
import { Aedes, type AuthenticateError, type Client } from "aedes";
import { systemClock } from "../time/clock.ts";
import { cannotListenText } from "../text/cannot_listen.ts";
import { flattenQueue } from "./flat_queue.ts";
import { MAX_PACKET_BYTES } from "./packet_filter.ts";

/** Somebody who wants to do something on a topic. */
export interface BrokerRequest {
  readonly clientId: string;
  readonly action: "publish" | "subscribe";
  /** A topic, or the filter of a subscription. */
  readonly topic: string;
}

/** Where to listen; only this machine can connect. */
export interface EmbeddedBrokerOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly host: "127.0.0.1";
  /** Who may connect; absent: anybody on this machine. False is answered with CONNACK 5. */
  readonly authenticate?: (
    client: { readonly clientId: string; readonly username?: string; readonly password?: string },
  ) => boolean;
  /** A client that leaves what it is sent lying for so long is cut off, ms; {@link STANDS_STILL_MS} when absent. */
  readonly standsStillMs?: number;
  /** Who may do what; absent: everybody everything. A forbidden publish ends the connection. */
  readonly authorize?: (request: BrokerRequest) => boolean;
}

/** A running broker. */
export interface RunningBroker {
  readonly port: number;
  /** Ends every connection and frees the port; may be called twice. */
  stop(): Promise<void>;
}

/**
 * A client that does not take what is sent to it makes aedes wait for it, and at last all others with it. Its keep-alive would end that after minutes,
 * or never. This is longer than a busy machine takes, and shorter than an agent waits.
 */
export const STANDS_STILL_MS = 10_000;

/** CONNACK 5 of MQTT 3.1.1. */
const NOT_AUTHORIZED = 5;

/** Starts one. @throws Error saying what to do when the port is taken */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<RunningBroker> {
  const { port, host } = options;
  const broker = await createBroker(options);
  flattenQueue(broker);
  broker.on("client", forgetCounters);
  const sockets = new Set<Socket>();
  const endWatch = cutWhoStandsStill(sockets, options.standsStillMs ?? STANDS_STILL_MS);
  const server: Server = createServer((socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // A client that resets its connection is its own business.
    socket.on("error", () => {});
    broker.handle(socket);
    tellOfTheRest(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      endWatch();
      broker.close(() =>
        reject(
          new Error(
            cannotListenText({
              what: "the embedded broker",
              host,
              port,
              keys: { address: "MQTT_EMBEDDED_PORT", port: "MQTT_EMBEDDED_PORT" },
              or: "set MQTT_HOST to the broker that is there",
            }, cause),
            { cause },
          ),
        )
      );
    });
    server.listen(port, host, resolve);
  });
  const address = server.address();
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    // Nobody waits for the server to say that it is closed: Deno 2.6 sometimes never does.
    server.close();
    endWatch();
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => broker.close(() => resolve()));
  };
  return {
    port: typeof address === "object" && address ? address.port : port,
    stop: () => stopped ??= stop(),
  };
}

/**
 * Looks twice in that time, so a client is cut off after 1 to 1.5 times of it. What counts is that a whole write has gone out: Deno does not
 * say how much of one. A write holds at most the 100 messages that aedes hands on at a time.
 *
 * @returns what ends it
 */
function cutWhoStandsStill(sockets: ReadonlySet<Socket>, standsStillMs: number): () => void {
  /** The looks at which a socket had taken nothing of what waits for it, and what it had taken before. */
  const seen = new WeakMap<Socket, { readonly taken: number; readonly looks: number }>();
  return systemClock().every(standsStillMs / 2, () => {
    for (const socket of sockets) {
      const taken = socket.bytesWritten - socket.writableLength;
      const before = seen.get(socket);
      const isStill = socket.writableNeedDrain && before?.taken === taken;
      const looks = isStill ? before.looks + 1 : 0;
      seen.set(socket, { taken, looks });
      if (looks >= 2) socket.destroy();
    }
  });
}

/** So long aedes has to read what it was told of, ms. */
const REST_MS = 5;

/**
 * aedes reads once at each "readable". Deno (2.9.6) may give it a part then, and say nothing of the rest: a message of more than
 * 192 kB was never read to its end, and its sender, the whole daemon, was cut off. So what is left is told of again.
 */
function tellOfTheRest(socket: Socket): void {
  const clock = systemClock();
  let isWaiting = false;
  socket.on("readable", () => {
    if (isWaiting || socket.readableLength === 0) return;
    isWaiting = true;
    // Not at once, or a client for whom aedes makes the others wait would take the processor.
    clock.after(REST_MS, () => {
      isWaiting = false;
      if (!socket.destroyed && socket.readableLength > 0) socket.emit("readable");
    });
  });
}

/**
 * aedes numbers what is published and drops, for each client, what comes with a lower number than the last: that shall
 * keep overlapping subscriptions from hearing a message twice. But a retained message is stored before it is sent,
 * so a later one may overtake it, and the retained one, a station's state for example, is lost. Hearing twice is
 * allowed by MQTT, losing is not.
 */
function forgetCounters(client: Client): void {
  const noMemory = new Proxy({}, { get: () => undefined, set: () => true });
  Object.defineProperty(client, "duplicates", { value: noMemory });
}

function createBroker({ authenticate, authorize }: EmbeddedBrokerOptions): Promise<Aedes> {
  return Aedes.createBroker({
    authenticate(client, username, password, done) {
      const known = authenticate?.({ clientId: client.id, username, password: password?.toString() }) ?? true;
      if (known) return done(null, true);
      const error: AuthenticateError = Object.assign(new Error("not authorized"), {
        returnCode: NOT_AUTHORIZED,
      });
      done(error, false);
    },
    authorizePublish(client, { topic }, done) {
      // Without a client it is the broker itself, with its own notices.
      const allowed = !client || (authorize?.({ clientId: client.id, action: "publish", topic }) ?? true);
      done(allowed ? null : new Error("not authorized"));
    },
    authorizeSubscribe(client, subscription, done) {
      const { topic } = subscription;
      const allowed = authorize?.({ clientId: client.id, action: "subscribe", topic }) ?? true;
      // Null is answered with "failure" in the SUBACK; an error would end the connection.
      done(null, allowed ? subscription : null);
    },
    // Our own client ends a connection that brings more, and would meet a kept message again at every connect.
    authorizeForward: (_client, packet) => packet.payload.length > MAX_PACKET_BYTES ? null : packet,
  });
}
