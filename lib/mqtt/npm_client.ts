/** Speaks to real brokers through npm:mqtt: the only file that imports it. */
import "./blank_environment.ts";
import { Buffer } from "node:buffer";
import mqtt, { type IClientOptions, type IPublishPacket } from "mqtt";
import { errorText } from "../errors.ts";
import type { MqttClient, MqttConnect, MqttConnectOptions, MqttDown } from "./client.ts";

/** The largest packet that we take from a broker, bytes; a whole-state reply of a station has about 4 kB. */
const MAX_PACKET_BYTES = 1024 * 1024;

/** MQTT 5 reason: the client ended the connection and wants no will. */
const NORMAL_DISCONNECT = 0;

/** Opens one connection. It ends for good at the first fault; its owner decides about another. */
export const connectMqtt: MqttConnect = (options, events): MqttClient => {
  const client = mqtt.connect(packageOptions(options));
  let isUp = false;
  let isOver = false;
  let fault: Omit<MqttDown, "wasUp"> | undefined;

  const end = (reason: Omit<MqttDown, "wasUp">) => {
    if (isOver) return;
    isOver = true;
    // Removes the package's timers and socket; a second end is harmless.
    client.end(true);
    events.onDown({ ...reason, wasUp: isUp });
  };
  client.on("connect", ({ sessionPresent }) => {
    if (isOver) return;
    isUp = true;
    events.onUp(sessionPresent);
  });
  client.on("message", (topic, payload, packet: IPublishPacket) => {
    if (isOver) return;
    // A plain Uint8Array of its own: the package's buffer may be a view into a larger one.
    events.onMessage({ topic, payload: new Uint8Array(payload), retained: packet.retain });
  });
  client.on("error", (error) => {
    fault = describeFault(error);
    end(fault);
  });
  client.on("disconnect", ({ reasonCode }) => {
    fault = { kind: "closed", code: reasonCode, text: `the broker disconnected us, reason ${reasonCode}` };
  });
  client.on("close", () => {
    end(
      fault ??
        { kind: "closed", text: isUp ? "connection closed" : "connection closed before it was accepted" },
    );
  });

  return {
    publish(topic, payload, { qos = 0, retain = false, expirySec } = {}) {
      if (isOver || !isUp) return Promise.reject(new Error(`Cannot publish "${topic}": not connected`));
      const bytes = typeof payload === "string" ? payload : asBuffer(payload);
      const properties = options.protocolVersion === 5 && expirySec !== undefined
        ? { messageExpiryInterval: expirySec }
        : undefined;
      return settled((done) => client.publish(topic, bytes, { qos, retain, properties }, done), client);
    },
    subscribe(filter, qos) {
      if (isOver || !isUp) return Promise.reject(new Error(`Cannot subscribe "${filter}": not connected`));
      return settled((done) =>
        client.subscribe(filter, { qos }, (error, granted) => {
          const refused = granted?.find((grant) => Number(grant.qos) >= 128);
          done(
            error ?? (refused ? new Error(`Cannot subscribe "${filter}": refused by the broker`) : undefined),
          );
        }), client);
    },
    unsubscribe(filter) {
      if (isOver || !isUp) return Promise.resolve();
      return settled((done) => client.unsubscribe(filter, done), client);
    },
    close() {
      if (isOver) return Promise.resolve();
      isOver = true;
      return new Promise((resolve) => {
        const options = { reasonCode: NORMAL_DISCONNECT };
        client.end(!isUp, isUp ? options : {}, () => resolve());
      });
    },
  };
};

function packageOptions(options: MqttConnectOptions): IClientOptions {
  const { tls, will } = options;
  return {
    protocol: tls ? "mqtts" : "mqtt",
    host: options.host,
    port: options.port,
    username: options.username,
    password: options.password,
    clientId: options.clientId,
    protocolVersion: options.protocolVersion,
    clean: options.cleanSession,
    keepalive: options.keepAliveSec,
    connectTimeout: options.connectTimeoutMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: "native",
    properties: options.protocolVersion === 5
      ? { sessionExpiryInterval: options.sessionExpirySec, maximumPacketSize: MAX_PACKET_BYTES }
      : undefined,
    will: will &&
      {
        topic: will.topic,
        payload: asBuffer(new TextEncoder().encode(will.payload)),
        qos: will.qos,
        retain: will.retain,
      },
    ...(tls && {
      ca: tls.ca,
      cert: tls.cert,
      key: tls.key,
      servername: tls.serverName ?? (isAddress(options.host) ? undefined : options.host),
      rejectUnauthorized: true,
    }),
  };
}

/** Turns a callback into a promise that also ends when the connection does. */
function settled(
  begin: (done: (error?: Error | null) => void) => void,
  client: ReturnType<typeof mqtt.connect>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new Error("Cannot go on: the connection ended"));
    client.once("close", onClose);
    begin((error) => {
      client.off("close", onClose);
      if (error) reject(new Error(errorText(error)));
      else resolve();
    });
  });
}

/** The kind of a fault; the package's texts hold no credentials. */
function describeFault(error: Error & { code?: unknown }): Omit<MqttDown, "wasUp"> {
  const text = errorText(error).slice(0, 300);
  if (typeof error.code === "number") return { kind: "refused", code: error.code, text };
  if (/certificate|self.signed|altname|UNABLE_TO|CERT_|handshake|tls|ssl/i.test(`${error.code} ${text}`)) {
    return { kind: "tls", text };
  }
  return { kind: "network", text };
}

function asBuffer(bytes: Uint8Array) {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(":");
}
