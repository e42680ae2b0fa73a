/** What `cloud_bridge` gets to see of the configuration. */
import type { TopicRoots } from "../../lib/mqtt/topics.ts";

/** The slice of the configuration that this service gets. */
export interface CloudBridgeConfig {
  readonly roots: TopicRoots;
  /** False: says `off` and does nothing; somebody else feeds the raw or decoded topics. */
  readonly enabled: boolean;
  /** The app account. It serves every station when it is there. */
  readonly app?: { readonly user: string; readonly pass: string };
  /** Keys of the developer API. They serve only when there is no app account. */
  readonly open?: { readonly accessKey: string; readonly secretKey: string };
  /** The configured stations; none: those of the account. */
  readonly devices: readonly { readonly sn: string; readonly name?: string }[];
  /** Names of the stations that hosts are mapped to; none when absent. */
  readonly mapped?: readonly string[];
  /** `host` or `host:port` of the HTTPS API, in the order in which they are tried. Never empty when enabled. */
  readonly apiHosts: readonly string[];
  /** PEM of a certificate authority to trust besides the public ones. */
  readonly caPem?: string;
  /** Hosts that the cloud may name as its MQTT broker: `host`, `host:port`, `*.domain`. */
  readonly brokerHosts: readonly string[];
  /** How often each station is asked for its whole state, s, 30 to 60. */
  readonly keepAliveSec: number;
  /** Directory for the installation's client id; must exist. */
  readonly stateDir: string;
}
