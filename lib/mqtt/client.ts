/** The small MQTT client interface that the house uses; `npm_client.ts` speaks to real brokers. */
import type { BusMessage, PublishOptions } from "../workers/bus.ts";

/** The message that the broker publishes for us when we are gone without a goodbye. */
export interface Will {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: 0 | 1;
}

/** Where and how to connect. */
export interface MqttConnectOptions {
  readonly host: string;
  readonly port: number;
  /** Absent: no TLS. Present: TLS, always verified. */
  readonly tls?: {
    /** PEM certificates to trust instead of the public ones; absent: the public ones. */
    readonly ca?: string;
    /** PEM client certificate and key, both or none. */
    readonly cert?: string;
    readonly key?: string;
    /** Name to verify when it differs from `host`. */
    readonly serverName?: string;
  };
  readonly username?: string;
  readonly password?: string;
  readonly clientId: string;
  /** 5, or 4 for MQTT 3.1.1. */
  readonly protocolVersion: 4 | 5;
  /** False: the broker keeps the subscriptions and QoS 1 messages while we are away. */
  readonly cleanSession: boolean;
  /** How long the broker keeps a session that is not clean, s (MQTT 5 only). */
  readonly sessionExpirySec?: number;
  readonly keepAliveSec: number;
  readonly will?: Will;
  /** How long one connection attempt may take, ms. */
  readonly connectTimeoutMs: number;
}

/** Why a connection could not be made or ended. */
export interface MqttDown {
  /**
   * `refused`: the broker answered CONNACK with `code` (MQTT 3.1.1: 1 to 5; MQTT 5: 128 and up).
   * `closed`: the connection ended, or was closed before a CONNACK.
   * `tls`: the certificate could not be verified.
   * `network`: no route, no name, connection refused, time-out.
   */
  readonly kind: "refused" | "closed" | "tls" | "network";
  /**
   * True: the connection stood, with TLS where it is used, and the broker closed it without a byte of an answer. So does one that does
   * not know this version of MQTT; so may one that is starting or full.
   */
  readonly isUnanswered?: boolean;
  /** The CONNACK or DISCONNECT reason code, where there was one. */
  readonly code?: number;
  /** For a log line; holds no secret. */
  readonly text: string;
  /** True when the connection had been up before. */
  readonly wasUp: boolean;
}

/** A message as it came, with the way it was delivered. */
export interface MqttMessage extends BusMessage {
  /** 1: the broker kept it until we acknowledged it, also while we were away. */
  readonly qos: 0 | 1;
}

/** What happens on a connection. Handlers must not throw. */
export interface MqttEvents {
  /** @param sessionPresent The broker still had our session: subscriptions are in place. */
  onUp(sessionPresent: boolean): void;
  /** Called once a connection; after it the client is dead: make a new one to try again. */
  onDown(reason: MqttDown): void;
  onMessage(message: MqttMessage): void;
  /** A message of so many bytes was too large to be taken: it was acknowledged and left out; the connection goes on. */
  onLeftOut?(topic: string, bytes: number): void;
}

/** One connection, from connect to its end. It never reconnects by itself: its owner decides when. */
export interface MqttClient {
  /** Resolves when sent (QoS 0) or acknowledged (QoS 1); rejects when the connection ends before. */
  publish(topic: string, payload: Uint8Array | string, options?: PublishOptions): Promise<void>;
  /**
   * Resolves when the broker has granted it; rejects when it refuses the filter.
   *
   * @param noLocal The broker keeps from us what we publish ourselves (MQTT 5 only; one that knows the subscription already may not
   * take this in)
   */
  subscribe(filter: string, qos: 0 | 1, noLocal?: boolean): Promise<void>;
  unsubscribe(filter: string): Promise<void>;
  /** Says goodbye and closes; no event comes afterwards. May be called twice. */
  close(): Promise<void>;
}

/** Makes a connection: `connectMqtt` of `npm_client.ts`, or the memory broker's in tests. */
export type MqttConnect = (options: MqttConnectOptions, events: MqttEvents) => MqttClient;
