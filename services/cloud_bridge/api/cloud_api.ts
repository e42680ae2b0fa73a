/** What the two APIs have in common for the rest of the service. */
import type { BrokerAccess } from "./certification.ts";

/** A station as the account knows it. */
export interface AccountStation {
  readonly sn: string;
  readonly name?: string;
  readonly productName?: string;
  /** What the cloud said at the time of the list. */
  readonly online?: boolean;
}

/** Everything that a connection to the broker needs. */
export interface CloudAccess {
  readonly broker: BrokerAccess;
  readonly clientId: string;
  /** The API host that accepted us. */
  readonly apiHost: string;
  /** The stations of the account; undefined when the API did not say, which is no reason not to connect. */
  readonly stations?: readonly AccountStation[];
  /** Topics to hear a station on. */
  topicsOf(sn: string): readonly string[];
  /** The topic on which the cloud itself says whether a station is there, where there is one. */
  statusTopicOf?(sn: string): string;
  /** The app account's id, under which stations can be asked; absent: they cannot be asked over MQTT. */
  readonly userId?: string;
}

/** One way into the cloud. */
export interface CloudApi {
  readonly name: "app" | "open";
  /** Logs in and fetches all of it. @throws CloudFault */
  connect(signal: AbortSignal): Promise<CloudAccess>;
  /** What this access led to was of no use: begin with another API host next time. */
  postpone(apiHost: string): void;
}

/** What an API needs of the service. */
export interface ApiParts {
  /** The installation's own id. */
  readonly uuid: string;
  /** Hosts that may be named as broker. */
  readonly brokerHosts: readonly string[];
  /** Wall time, ms since 1970. */
  wallMs(): number;
  /** Called when an API host answered a log-in request, whatever it said. */
  noteLogin(): void;
  /** The wait until the next log-in is allowed, ms. */
  loginWaitMs(): number;
  /** One line for the operator. */
  warn(text: string, fields: Readonly<Record<string, string | number>>): void;
}
