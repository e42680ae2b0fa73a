/**
 * The configuration of the bridge: a small Mosquitto of its own between the house's and the cluster's. Pure.
 *
 * A Mosquitto takes what the far end of a bridge sends, also when it never asked for it, and no access list holds it back. So
 * the house's own broker has no bridge. This one reads from the house as a user who may only read, and says it to the cluster;
 * what a cluster sends ends here (docs/decisions/0036).
 */
import type { TopicRoots } from "../../lib/mqtt/topics.ts";
import { siteBridgeTopics } from "../../services/broker_access.ts";
import type { BridgeTarget } from "./bridge_target.ts";

/** Folder of the queue that survives a restart; the unit makes it. */
export const BRIDGE_STATE_DIR = "/var/lib/ecoflow-power-bridge";
/** Folder of the socket that nobody may use; the unit makes it. */
export const BRIDGE_RUN_DIR = "/run/ecoflow-power-bridge";

/** What waits while the line is away, in messages and bytes, whichever is reached first. */
export const BRIDGE_QUEUE = { messages: 50_000, bytes: 32 * 1024 * 1024 } as const;

/** How to bridge. */
export interface BridgeConfOptions {
  readonly site: string;
  readonly roots: TopicRoots;
  readonly to: BridgeTarget;
  /** The cluster's login; absent: it asks for none. */
  readonly login?: { readonly user: string; readonly password: string };
  /** PEM file with the authority to trust; absent: those that the system trusts. */
  readonly caFile?: string;
  /** The house's broker on loopback, and how the bridge logs in there. */
  readonly house: { readonly port: number; readonly user: string; readonly password: string };
}

/** Below which topic of the cluster everything of a site stands. */
export const siteRoot = (site: string) => `site/${site}/`;

/** Where the cluster finds whether the site's line is there: `1` or `0`, retained, with a will. */
export const siteLineTopic = (site: string) => `${siteRoot(site)}bridge`;

/** Who a site is at the cluster. */
export const clusterClientId = (site: string) => `ecoflow-power-site-${site}`;

/** The text of `bridge.conf`. It holds two passwords: nobody but Mosquitto may read it. */
export function bridgeConf(options: BridgeConfOptions): string {
  const { site, roots, to, login, caFile, house } = options;
  const topics = siteBridgeTopics(roots);
  return [
    `# The bridge of site "${site}". Written by: ecoflow-power broker bridge; what is changed by hand is lost.`,
    "# A Mosquitto of its own: nothing that the cluster sends comes into the house.",
    "per_listener_settings false",
    "allow_anonymous false",
    "# Without a listener Mosquitto opens a port. Nobody can log in here: it has no users.",
    `listener 0 ${BRIDGE_RUN_DIR}/closed.sock`,
    "persistence true",
    `persistence_location ${BRIDGE_STATE_DIR}/`,
    "# A cut of power takes what waited since; a stop in order takes nothing. The file is small while the line is there.",
    "autosave_interval 300",
    `max_queued_messages ${BRIDGE_QUEUE.messages}`,
    `max_queued_bytes ${BRIDGE_QUEUE.bytes}`,
    "message_size_limit 1048576",
    "set_tcp_nodelay true",
    "log_dest stderr",
    "log_type error",
    "log_type warning",
    "log_type notice",
    "",
    "# From the house, as a user who may only read.",
    "connection house",
    `address 127.0.0.1:${house.port}`,
    "remote_clientid site-bridge",
    `remote_username ${house.user}`,
    `remote_password ${house.password}`,
    "# As a bridge it is told which messages are retained.",
    "try_private true",
    "cleansession false",
    "notifications false",
    "keepalive_interval 60",
    "restart_timeout 1 30",
    ...topics.map(({ filter, qos }) => `topic ${filter} in ${qos}`),
    "",
    "# To the cluster, and never back.",
    "connection cluster",
    `address ${to.host}:${to.port}`,
    `remote_clientid ${clusterClientId(site)}`,
    "# What waits is kept under this name. With one that follows the site's, another site would leave a queue that nobody empties.",
    "local_clientid cluster",
    ...(login ? [`remote_username ${login.user}`, `remote_password ${login.password}`] : []),
    caFile === undefined ? "bridge_capath /etc/ssl/certs" : `bridge_cafile ${caFile}`,
    "bridge_insecure false",
    "bridge_protocol_version mqttv311",
    "# Brokers of others refuse Mosquitto's private bit.",
    "try_private false",
    "cleansession false",
    "notifications true",
    `notification_topic ${siteLineTopic(site)}`,
    "keepalive_interval 60",
    "# Many sites that lose their cluster in one moment come back one after the other.",
    "restart_timeout 5 120",
    ...topics.map(({ filter, qos }) => `topic ${filter} out ${qos} "" ${siteRoot(site)}`),
    "",
  ].join("\n");
}

/** What a `bridge.conf` was written with, but for the topics; undefined: it is none. The inverse of {@link bridgeConf}. */
export function readBridgeConf(text: string): Omit<BridgeConfOptions, "roots"> | undefined {
  const [, house = "", cluster = ""] = text.split(/^connection .*$/m);
  const value = (part: string, key: string) => new RegExp(`^${key} (.+)$`, "m").exec(part)?.[1];
  const [near, far] = [house, cluster].map((part) => /^(.+):(\d+)$/.exec(value(part, "address") ?? ""));
  const site = value(cluster, "remote_clientid")?.replace(clusterClientId(""), "");
  const [houseUser, housePassword] = [value(house, "remote_username"), value(house, "remote_password")];
  const [user, password] = [value(cluster, "remote_username"), value(cluster, "remote_password")];
  if (!near || !far || !site || houseUser === undefined || housePassword === undefined) return undefined;
  return {
    site,
    to: { host: far[1] ?? "", port: Number(far[2]) },
    login: user === undefined || password === undefined ? undefined : { user, password },
    caFile: value(cluster, "bridge_cafile"),
    house: { port: Number(near[2]), user: houseUser, password: housePassword },
  };
}
