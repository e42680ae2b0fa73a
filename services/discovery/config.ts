/** The discovery service's slice of the configuration, and the topics that the registry has to grant for it. Pure. */
import { type TopicRoots, topicsUnder } from "../../lib/mqtt/topics.ts";

/** Home Assistant's own prefix, under which it also says that it is there. */
export const DEFAULT_PREFIX = "homeassistant";

/** See the file comment. */
export interface DiscoveryConfig {
  readonly roots: TopicRoots;
  /** Root of the discovery topics, as set in Home Assistant. */
  readonly prefix: string;
  /** Our own level in discovery topics, the client id: two daemons at one broker leave each other's devices alone. */
  readonly node: string;
  /** Without fresh evidence for this long a value is old, s. */
  readonly staleAfterSec: number;
  /** Stations named by the configuration; the topic's name falls back to the serial number. */
  readonly stations: readonly { readonly sn: string; readonly name?: string }[];
  /** Which hosts are plugged into which station. */
  readonly agentsByStation: Readonly<Record<string, readonly string[]>>;
  /** Hosts that are NUT clients: the daemon itself speaks for them. */
  readonly nutHosts: readonly string[];
}

/** The topics outside the house's own roots. */
export function discoveryTopics({ prefix, node }: Pick<DiscoveryConfig, "prefix" | "node">): {
  /** A device's configuration, retained; pass `+` for the filter of all of ours. */
  config(id: string): string;
  /** Where Home Assistant says `online` after its start: set apart from the prefix, so both places are listened to. */
  readonly births: readonly string[];
} {
  return {
    config: (id) => `${prefix}/device/${node}/${id}/config`,
    births: [...new Set([`${DEFAULT_PREFIX}/status`, `${prefix}/status`])],
  };
}

/** What the registry grants: nothing of anybody else's devices can be read or written. */
export function discoveryCapability(config: Pick<DiscoveryConfig, "roots" | "prefix" | "node">): {
  readonly publishes: readonly string[];
  readonly subscribes: readonly string[];
} {
  const topics = topicsUnder(config.roots);
  const own = discoveryTopics(config);
  return {
    publishes: [
      own.config("+"),
      topics.shownStanding("+"),
      topics.shownSentence("+"),
      topics.shownEvent("+"),
    ],
    subscribes: [
      own.config("+"),
      ...own.births,
      topics.state("+"),
      topics.policy("+"),
      topics.stationList,
      topics.events,
    ],
  };
}

/** What Home Assistant itself needs at the broker: to read what it is shown, and to delete a device that is gone. */
export function homeAssistantRights(config: Pick<DiscoveryConfig, "roots" | "prefix" | "node">): {
  readonly publishes: readonly string[];
  readonly subscribes: readonly string[];
} {
  const topics = topicsUnder(config.roots);
  const own = discoveryTopics(config);
  return {
    publishes: [...own.births, own.config("+")],
    subscribes: [
      `${config.prefix}/#`,
      ...own.births,
      topics.state("+"),
      topics.cloudStatus,
      topics.agentStatus("+"),
      topics.policy("+"),
      topics.shownStanding("+"),
      topics.shownSentence("+"),
      topics.shownEvent("+"),
    ],
  };
}
