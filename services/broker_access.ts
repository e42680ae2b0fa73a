/** The local broker's access list, made from the map of services and the paired agents. Pure. */
import type { HouseConfig } from "../lib/config/load.ts";
import { type TopicRoots, topicsUnder } from "../lib/mqtt/topics.ts";
import { homeAssistantRights } from "./discovery/config.ts";
import { capabilityOf, shownToHomeAssistant, wantedServices } from "./registry.ts";

/** Who may do what at the broker. */
export interface BrokerUser {
  readonly username: string;
  /** Topic filters it may publish to. */
  readonly publishes: readonly string[];
  /** Topic filters it may subscribe to. */
  readonly subscribes: readonly string[];
}

/** The daemon's user name at the broker. */
export const DAEMON_USER = "ecoflow-power";

/** Home Assistant's user name at the broker, where it is shown the house. */
export const HOME_ASSISTANT_USER = "home-assistant";

/** The bridge's user name at the broker, where this house is one site of many. It may only read. */
export const SITE_BRIDGE_USER = "site-bridge";

/** Users that are no hosts. A host of such a name would take its login over: a new password for one locks the other out. */
export const RESERVED_USERS: readonly string[] = [DAEMON_USER, HOME_ASSISTANT_USER, SITE_BRIDGE_USER];

/** What a site says to its cluster, and how surely: states again and again, the rest at least once. No command, no request. */
export function siteBridgeTopics(
  roots: TopicRoots,
): readonly { readonly filter: string; readonly qos: 0 | 1 }[] {
  const topics = topicsUnder(roots);
  return [
    // The daemon's too.
    { filter: topics.agentStatus("+"), qos: 1 },
    { filter: topics.cloudStatus, qos: 1 },
    { filter: topics.policy("+"), qos: 1 },
    { filter: topics.events, qos: 1 },
    { filter: topics.state("+"), qos: 0 },
  ];
}

/** The bridge, as a user of the house's broker. */
export function siteBridgeUser(roots: TopicRoots): BrokerUser {
  return {
    username: SITE_BRIDGE_USER,
    publishes: [],
    subscribes: siteBridgeTopics(roots).map(({ filter }) => filter),
  };
}

/** The daemon, with exactly what its services and its owner's commands need; each agent and Home Assistant, with their own topics only. */
export function brokerUsers(config: HouseConfig): BrokerUser[] {
  const topics = topicsUnder(config.roots);
  const rows = wantedServices(config).map((row) => capabilityOf(row, config));
  const unique = (filters: readonly string[]) => [...new Set(filters)];
  return [
    {
      username: DAEMON_USER,
      publishes: unique([
        ...rows.flatMap(({ publishes }) => publishes),
        topics.orchestratorStatus,
        // `ecoflow-power drill`
        topics.drillRequest,
        // A station by cable that is named later needs no new access list.
        topics.source("+"),
      ]),
      subscribes: unique([
        ...rows.flatMap(({ subscribes }) => subscribes),
        // `ecoflow-power drill`, `record`, `devices`, `doctor` and `setup`
        topics.drillReport,
        topics.raw("+"),
        topics.policy("+"),
        topics.orchestratorStatus,
      ]),
    },
    ...agentsOf(config).map((agent) => ({
      username: agent,
      publishes: [topics.agentStatus(agent), topics.ack(agent)],
      subscribes: [topics.command(agent), topics.plan(agent), topics.orchestratorStatus],
    })),
    ...(config.homeAssistant
      ? [{ username: HOME_ASSISTANT_USER, ...homeAssistantRights(shownToHomeAssistant(config)) }]
      : []),
  ];
}

/** Every agent that the configuration names, once. */
export function agentsOf({ agentsByStation }: HouseConfig): string[] {
  return [...new Set(Object.values(agentsByStation).flat())];
}

/** The users as a Mosquitto `acl_file`. */
export function mosquittoAcl(users: readonly BrokerUser[]): string {
  return users.map(({ username, publishes, subscribes }) =>
    [
      `user ${username}`,
      ...publishes.map((filter) => `topic write ${filter}`),
      ...subscribes.map((filter) => `topic read ${filter}`),
      "",
    ].join("\n")
  ).join("\n");
}
