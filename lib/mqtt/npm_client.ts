/** Speaks to real brokers through npm:mqtt: the only file that imports it. */
import "./blank_environment.ts";
import "./lean_packets.ts";
import { Buffer } from "node:buffer";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { IClientOptions, IPublishPacket } from "mqtt";
// Not the whole package, which has websockets and proxies in it.
import mqtt from "mqtt/lib/client";
import { ReasonCodes } from "mqtt/lib/handlers/ack";
import { systemClock } from "../time/clock.ts";
import { BrokerRefusedError, errorText } from "../errors.ts";
import type { MqttClient, MqttConnect, MqttConnectOptions, MqttDown } from "./client.ts";
import { MARK_BYTES, MAX_PACKET_BYTES, PacketFilter } from "./packet_filter.ts";
import { own } from "../own.ts";

/** How long a goodbye may take before the connection is cut, ms. */
const GOODBYE_MS = 1000;

type Fault = Omit<MqttDown, "wasUp">;

/** Opens one connection. It ends for good at the first fault; its owner decides about another. */
export const connectMqtt: MqttConnect = (options, events): MqttClient => {
  let socket: Socket;
  try {
    socket = openSocket(options);
  } catch (error) {
    // A certificate or key that cannot be read, or a host that this worker may not reach.
    queueMicrotask(() =>
      events.onDown({ kind: options.tls ? "tls" : "network", text: at(options, error), wasUp: false })
    );
    return deadClient();
  }
  // A command must not wait for the acknowledgement of what went before it.
  socket.setNoDelay(true);
  const phase = followPhase(socket, options);
  const filter = new PacketFilter(
    options.protocolVersion,
    crypto.getRandomValues(new Uint8Array(MARK_BYTES)),
  );
  filterInto(socket, filter, {
    onBytes: phase.heard,
    onBad: (size) =>
      end({
        kind: "closed",
        text: `the broker sent a packet of ${size} bytes, at most ${MAX_PACKET_BYTES} are taken`,
      }),
  });
  const socketClosed = new Promise<void>((resolve) => socket.once("close", resolve));
  const client = new mqtt.default(() => socket, packageOptions(options));
  const waiting = new Set<(error: Error) => void>();
  let isUp = false;
  let isOver = false;
  let goodbye: Promise<void> | undefined;
  let farewell: Fault | undefined;

  /** Nothing more is expected from this connection; `fault` is absent when we close it ourselves. */
  const end = (fault?: Fault) => {
    if (isOver) return;
    const wasUp = isUp;
    isOver = true;
    isUp = false;
    for (const reject of waiting) reject(new Error("Cannot go on: the connection ended"));
    waiting.clear();
    if (!fault) return;
    const isUnanswered = fault.kind === "closed" && phase.isUnanswered();
    // Ends the package's timers too: it clears them when its socket closes.
    socket.destroy();
    events.onDown({ ...fault, wasUp, ...(isUnanswered ? { isUnanswered } : {}) });
  };
  client.on("connect", ({ sessionPresent }) => {
    if (isOver) return;
    isUp = true;
    events.onUp(sessionPresent);
  });
  client.on("message", (topic, payload, packet: IPublishPacket) => {
    if (isOver) return;
    const leftOutBytes = filter.sizeOfLeftOut(payload);
    if (leftOutBytes !== undefined) return events.onLeftOut?.(topic, leftOutBytes);
    // A plain Uint8Array of its own: the package's buffer may be a view into a larger one.
    const qos = packet.qos === 0 ? 0 : 1;
    events.onMessage({ topic, payload: new Uint8Array(payload), retained: packet.retain, qos });
  });
  // The package passes on only the errors that have a code; this one is heard before it.
  socket.prependListener("error", (error: Error & { code?: unknown }) => {
    end(farewell ?? { kind: phase.faultKind(error), text: phase.describe(error) });
  });
  client.on("error", (error: Error & { code?: unknown }) => {
    const { code } = error;
    if (typeof code === "number" && !isUp) end({ kind: "refused", code, text: at(options, error) });
    else end({ kind: isUp ? "closed" : "network", text: at(options, error) });
  });
  client.on("disconnect", ({ reasonCode = 0 }) => {
    const reason = own(ReasonCodes as Record<number, string>, reasonCode) ?? `reason ${reasonCode}`;
    farewell = {
      kind: "closed",
      code: reasonCode,
      text: at(options, `the broker disconnected us: ${reason}`),
    };
  });
  client.on("close", () => {
    const when = isUp ? "the connection was closed" : "the connection was closed before it was accepted";
    end(farewell ?? { kind: "closed", text: at(options, when) });
  });

  /** Turns a callback into a promise that also ends when the connection does. */
  const settled = (what: string, begin: (done: (error?: Error | null) => void) => void): Promise<void> => {
    if (!isUp) return Promise.reject(new Error(`Cannot ${what}: not connected`));
    return new Promise((resolve, reject) => {
      waiting.add(reject);
      begin((error) => {
        waiting.delete(reject);
        if (error) reject(asRefusal(error, `Cannot ${what}: ${errorText(error)}`));
        else resolve();
      });
    });
  };

  return {
    publish(topic, payload, { qos = 0, retain = false, expirySec } = {}) {
      const bytes = asBuffer(typeof payload === "string" ? new TextEncoder().encode(payload) : payload);
      if (bytes.length > MAX_PACKET_BYTES) {
        const found = `must have at most ${MAX_PACKET_BYTES} bytes, found ${bytes.length}`;
        return Promise.reject(new RangeError(`Cannot publish "${topic}": ${found}`));
      }
      const properties = options.protocolVersion === 5 && expirySec !== undefined
        ? { messageExpiryInterval: expirySec }
        : undefined;
      return settled(
        `publish "${topic}"`,
        (done) => client.publish(topic, bytes, { qos, retain, properties }, (error) => done(error)),
      );
    },
    subscribe(filter, qos, noLocal = false) {
      const nl = noLocal && options.protocolVersion === 5;
      return settled(
        `subscribe "${filter}"`,
        (done) => client.subscribe(filter, { qos, nl }, (error) => done(error)),
      );
    },
    unsubscribe: (filter) =>
      isUp
        ? settled(`unsubscribe "${filter}"`, (done) => client.unsubscribe(filter, (error) => done(error)))
        : Promise.resolve(),
    close() {
      const canSayGoodbye = isUp;
      end();
      goodbye ??= canSayGoodbye ? sayGoodbye(client, socket, socketClosed) : (socket.destroy(), socketClosed);
      return goodbye;
    },
  };
};

/** Says DISCONNECT, so that the broker does not publish our will, and closes; cuts the connection when that takes long. */
async function sayGoodbye(
  client: InstanceType<typeof mqtt.default>,
  socket: Socket,
  socketClosed: Promise<void>,
): Promise<void> {
  // Nobody waits for these any more, and the package would wait for them before it says goodbye.
  for (const messageId of Object.keys(client.outgoing)) delete client.outgoing[Number(messageId)];
  client.end(false, { reasonCode: 0 });
  const cancel = systemClock().after(GOODBYE_MS, () => socket.destroy());
  await socketClosed;
  cancel();
}

function openSocket({ host, port, tls }: MqttConnectOptions): Socket {
  if (!tls) return connectTcp({ host, port });
  const servername = tls.serverName ?? (isIP(host) ? undefined : host);
  return connectTls({
    host,
    port,
    servername,
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key,
    rejectUnauthorized: true,
  });
}

/**
 * Puts the filter between the socket and whatever the package pipes it into.
 *
 * @param told `onBytes`: something came; `onBad`: a packet came that cannot be left out
 */
function filterInto(
  socket: Socket,
  filter: PacketFilter,
  told: { readonly onBytes: () => void; readonly onBad: (size: number) => void },
): void {
  const pipe = socket.pipe.bind(socket);
  socket.pipe = <T extends NodeJS.WritableStream>(parser: T): T => {
    const write = parser.write.bind(parser) as (piece: Uint8Array) => boolean;
    // Not a stream of its own in between: that would cost as much again as the parser.
    parser.write = (chunk: Uint8Array | string) => {
      told.onBytes();
      const { pieces, badBytes } = filter.feed(chunk as Uint8Array);
      if (badBytes !== undefined) told.onBad(badBytes);
      let isReady = true;
      for (const piece of pieces) isReady = write(piece);
      return isReady;
    };
    return pipe(parser);
  };
}

/** Notes how far a connection has come, because that decides what a fault means. */
function followPhase(socket: Socket, options: MqttConnectOptions) {
  let phase: "reaching" | "verifying" | "talking" = "reaching";
  let hasAnswered = false;
  socket.once("connect", () => phase = options.tls ? "verifying" : "talking");
  socket.once("secureConnect", () => phase = "talking");
  const isCut = (error: { code?: unknown }) => error.code === "ECONNRESET" || error.code === "EPIPE";
  return {
    heard: () => void (hasAnswered = true),
    isUnanswered: () => phase === "talking" && !hasAnswered,
    faultKind(error: { code?: unknown }): MqttDown["kind"] {
      if (phase === "verifying") return isCut(error) ? "network" : "tls";
      return phase === "talking" && isCut(error) ? "closed" : "network";
    },
    describe(error: { code?: unknown }): string {
      if (phase !== "verifying" || isCut(error)) return at(options, error);
      // The runtime has one text for an unknown authority, an expired certificate and one that is not valid yet.
      const causes = "its authority is unknown, it has expired, or the clock of this machine is wrong";
      return at(options, error) + (error.code === "UNABLE_TO_VERIFY_LEAF_SIGNATURE" ? ` (${causes})` : "");
    },
  };
}

function packageOptions(options: MqttConnectOptions): IClientOptions {
  const { will } = options;
  return {
    username: options.username,
    password: options.password,
    clientId: options.clientId,
    protocolId: "MQTT",
    protocolVersion: options.protocolVersion,
    clean: options.cleanSession,
    keepalive: options.keepAliveSec,
    connectTimeout: options.connectTimeoutMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: "native",
    // The package's own log shows user names and payloads when DEBUG is set.
    log: () => {},
    properties: options.protocolVersion === 5
      ? { sessionExpiryInterval: options.sessionExpirySec, maximumPacketSize: MAX_PACKET_BYTES }
      : undefined,
    will: will && {
      topic: will.topic,
      payload: asBuffer(new TextEncoder().encode(will.payload)),
      qos: will.qos,
      retain: will.retain,
    },
  };
}

/** PUBACK and SUBACK tell a refusal by a code from 128; the package hands it over in one of two places. */
function asRefusal(
  error: Error & { code?: unknown; packet?: { granted?: readonly unknown[] } },
  text: string,
): Error {
  const code = [error.code, error.packet?.granted?.[0]].find((one) => typeof one === "number");
  return typeof code === "number" && code >= 128 ? new BrokerRefusedError(code, text) : new Error(text);
}

/** A client whose connection could not even be begun. */
function deadClient(): MqttClient {
  const refuse = () => Promise.reject(new Error("Cannot go on: not connected"));
  return {
    publish: refuse,
    subscribe: refuse,
    unsubscribe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** The package's and the runtime's texts hold no credentials. */
function at({ host, port }: MqttConnectOptions, problem: unknown): string {
  return `${host}:${port}: ${errorText(problem).slice(0, 300)}`;
}

function asBuffer(bytes: Uint8Array) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
