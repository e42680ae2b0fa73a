/** An EcoFlow cloud on loopback: real HTTPS with both APIs, real MQTT over TLS, faults on demand. */
import { type CertificateOptions, createAuthority } from "../../../lib/certificates.ts";
import { Account, type AccountOptions, type CloudFaults, type CloudRecord, USER_ID } from "./account.ts";
import { httpApi } from "./http_api.ts";
import { startCloudBroker } from "./mqtt_broker.ts";

export type { AccountOptions, CloudFaults, CloudRecord, EmulatedStation } from "./account.ts";
export { USER_ID } from "./account.ts";

/** How to start it. */
export interface CloudOptions extends AccountOptions {
  /** What the servers' certificates say instead of their own address: another name, a time that is over. */
  readonly apiCertificate?: CertificateOptions;
  readonly brokerCertificate?: CertificateOptions;
}

/** Where a station speaks. */
export type StationTopic = "property" | "get_reply" | "quota" | "status";

/** A running cloud. */
export interface EmulatedCloud {
  /** `host:port` of the HTTPS API. */
  readonly apiHost: string;
  /** `host:port` of the MQTT broker. */
  readonly brokerHost: string;
  /** The authority to trust, PEM. */
  readonly caPem: string;
  /** What goes wrong; change it at any time. */
  readonly faults: CloudFaults;
  /** What was seen so far. */
  readonly record: CloudRecord;
  /** Sends bytes as a station does. `property` and `get_reply` reach the app account, the others the developer keys. */
  publishFrom(sn: string, topic: StationTopic, payload: Uint8Array | string): void;
  /** Messages that were published and have not left yet: whoever sends many waits for these. */
  waiting(): number;
  /** Ends every MQTT connection without a word. */
  cutConnections(): void;
  /** The credentials handed out before are refused from now on, at the next connect. */
  expireCredentials(): void;
  /** MQTT clients that are connected now. */
  connectedClients(): number;
  /** May be called twice. */
  stop(): Promise<void>;
}

/** Starts one on free ports of 127.0.0.1. */
export async function startCloud(options: CloudOptions): Promise<EmulatedCloud> {
  const account = new Account(options);
  const authority = await createAuthority({ commonName: "emulated EcoFlow cloud" });
  const broker = await startCloudBroker(account, await authority.issue(options.brokerCertificate));
  const { cert, key } = await authority.issue(options.apiCertificate);
  const handle = httpApi(account, () => ({ host: "127.0.0.1", port: broker.port }));
  const api = Deno.serve({ hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} }, handle);
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await broker.stop();
    await api.shutdown();
  };
  return {
    apiHost: `127.0.0.1:${api.addr.port}`,
    brokerHost: `127.0.0.1:${broker.port}`,
    caPem: authority.caPem,
    faults: account.faults,
    record: account.record,
    publishFrom(sn, topic, payload) {
      const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
      broker.publish(topicOf(account, sn, topic), bytes);
    },
    waiting: () => broker.waiting(),
    cutConnections: () => broker.cut(),
    expireCredentials: () => account.expireCredentials(),
    connectedClients: () => broker.connected(),
    stop: () => stopped ??= stop(),
  };
}

function topicOf(account: Account, sn: string, topic: StationTopic): string {
  switch (topic) {
    case "property":
      return `/app/device/property/${sn}`;
    case "get_reply":
      return `/app/${USER_ID}/${sn}/thing/property/get_reply`;
    case "quota":
    case "status":
      return `/open/${account.open.account}/${sn}/${topic}`;
  }
}
