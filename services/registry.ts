/**
 * THE MAP. One row a service: where it starts, what it may do and why, which topics it reads and writes, whether the
 * house can do without it. Workers get exactly these permissions, `broker_link` enforces exactly these topics, and
 * the broker's access list is made from them. Which services share a worker: `workers.ts`.
 */
import type { HouseConfig } from "../lib/config/load.ts";
import { ConfigError, errorText } from "../lib/errors.ts";
import { type Topics, topicsUnder } from "../lib/mqtt/topics.ts";
import { brokerLinkGrants, brokerLinkSlice } from "./broker_link/slice.ts";
import { cloudBridgeGrants, cloudBridgeSlice } from "./cloud_bridge/slice.ts";
import { dashboardGrants, dashboardSlice } from "./dashboard/slice.ts";
import { discoveryCapability } from "./discovery/config.ts";
import { discoverySlice } from "./discovery/slice.ts";
import type { Grant } from "./grant.ts";
import { historianGrants, historianSlice } from "./historian/slice.ts";
import { notifierGrants, notifierSlice } from "./notifier/slice.ts";
import { nutSourceGrants, nutSourceSlice } from "./nut_source/slice.ts";
import { hostsOf, nutServerGrants, nutServerSlice, nutServerTopics } from "./nut_server/slice.ts";
import { witnessTopics } from "./policy_engine/config.ts";
import { policyEngineGrants, policyEngineSlice, policyFileOf } from "./policy_engine/slice.ts";
import { socBridgeSlice } from "./soc_bridge/slice.ts";

/** One service. */
export interface ServiceRow {
  readonly name: string;
  /** One sentence: what it is there for. */
  readonly purpose: string;
  /** Its `worker.ts`. */
  readonly entry: URL;
  /** READY and the watchdog wait for it; without it nothing is protected. */
  readonly required: boolean;
  /** Whether the configuration wants it; always when absent. */
  isWanted?(config: HouseConfig): boolean;
  grants(config: HouseConfig): readonly Grant[];
  publishes(topics: Topics, config: HouseConfig): readonly string[];
  subscribes(topics: Topics, config: HouseConfig): readonly string[];
  /** The part of the configuration that it gets to see. */
  slice(config: HouseConfig): unknown;
}

/** The service that holds the broker connection. */
export const BROKER_LINK = "broker_link";

/** All services, in the order in which they start; the broker link comes first. */
export const SERVICES: readonly ServiceRow[] = [
  {
    name: BROKER_LINK,
    purpose: "Holds the only connection to the local broker and enforces every service's topics.",
    entry: new URL("./broker_link/worker.ts", import.meta.url),
    required: true,
    grants: brokerLinkGrants,
    publishes: () => [],
    subscribes: () => [],
    slice: (config) => brokerLinkSlice(config, cablesOf(config)),
  },
  {
    name: "cloud_bridge",
    purpose: "Joins EcoFlow's cloud and mirrors the stations' raw bytes to the local broker.",
    entry: new URL("./cloud_bridge/worker.ts", import.meta.url),
    required: true,
    grants: cloudBridgeGrants,
    publishes: (t) => [t.raw("+"), t.cloudStatus, t.stationList, t.events],
    subscribes: (t) => [t.refresh("+")],
    slice: cloudBridgeSlice,
  },
  {
    name: "soc_bridge",
    purpose: "Decodes raw payloads into each station's state and judges the grid.",
    entry: new URL("./soc_bridge/worker.ts", import.meta.url),
    required: true,
    grants: () => [],
    publishes: (t) => [t.state("+"), t.stationName("+"), t.rawJson("+"), t.refresh("+"), t.events],
    subscribes: (t) => [t.raw("+"), t.stationList, t.cloudStatus, t.state("+"), t.source("+")],
    slice: (config) => socBridgeSlice(config, cablesOf(config)),
  },
  {
    name: "policy_engine",
    purpose: "Decides when hosts go down, when that is aborted, and when they are switched on again.",
    entry: new URL("./policy_engine/worker.ts", import.meta.url),
    required: true,
    grants: policyEngineGrants,
    publishes: (t) => [t.command("+"), t.plan("+"), t.policy("+"), t.drillReport, t.events],
    subscribes: (t, config) => [
      t.state("+"),
      t.ack("+"),
      t.agentStatus("+"),
      t.cloudStatus,
      t.drillRequest,
      t.abortRequest,
      ...witnessTopics(policyFileOf(config)),
    ],
    slice: (config) => policyEngineSlice(config, nutHostsOf(config)),
  },
  {
    name: "nut_source",
    purpose: "Asks NUT servers for stations by cable, which speak on when the internet is gone.",
    entry: new URL("./nut_source/worker.ts", import.meta.url),
    required: false,
    isWanted: hasNutSources,
    grants: (config) => nutSourceGrants(nutSourcesIn(config).sources),
    publishes: (topics, config) => nutSourcesIn(config).sources.map(({ device }) => topics.source(device)),
    subscribes: () => [],
    slice: nutSourcesIn,
  },
  {
    name: "nut_server",
    purpose: "Stands in for a UPS, so that NAS and hypervisors shut down with nothing installed on them.",
    entry: new URL("./nut_server/worker.ts", import.meta.url),
    required: false,
    isWanted: ({ nut }) => nut !== undefined,
    grants: nutServerGrants,
    publishes: (_topics, config) => nutServerTopics(nutServerSlice(config)).publishes,
    subscribes: (_topics, config) => nutServerTopics(nutServerSlice(config)).subscribes,
    slice: nutServerSlice,
  },
  {
    name: "historian",
    purpose: "Keeps values, events, energy and outages, and answers questions about them.",
    entry: new URL("./historian/worker.ts", import.meta.url),
    required: false,
    isWanted: ({ history }) => history !== undefined,
    grants: historianGrants,
    publishes: (t) => [t.historyAnswer("+"), t.events],
    subscribes: (t) => [t.state("+"), t.events, t.historyQuery],
    slice: historianSlice,
  },
  {
    name: "dashboard",
    purpose: "Shows the house on a web page, and passes on a person's wish for a drill or an abort.",
    entry: new URL("./dashboard/worker.ts", import.meta.url),
    required: false,
    isWanted: ({ dashboard }) => dashboard !== undefined,
    grants: dashboardGrants,
    publishes: (t) => [t.drillRequest, t.abortRequest, t.historyQuery],
    subscribes: (t) => [
      t.state("+"),
      t.policy("+"),
      t.agentStatus("+"),
      t.ack("+"),
      t.cloudStatus,
      t.drillReport,
      t.events,
      t.orchestratorStatus,
      t.historyAnswer("+"),
    ],
    slice: dashboardSlice,
  },
  {
    name: "notifier",
    purpose: "Tells people what happened, by the ways that they chose.",
    entry: new URL("./notifier/worker.ts", import.meta.url),
    required: false,
    isWanted: ({ notifier }) => notifier !== undefined,
    grants: notifierGrants,
    publishes: (t) => [t.events],
    subscribes: (t) => [t.events],
    slice: notifierSlice,
  },
  {
    name: "discovery",
    purpose: "Shows stations, hosts and policy to Home Assistant.",
    entry: new URL("./discovery/worker.ts", import.meta.url),
    required: false,
    isWanted: ({ homeAssistant }) => homeAssistant !== undefined,
    grants: () => [],
    publishes: (_topics, config) => discoveryCapability(shownToHomeAssistant(config)).publishes,
    subscribes: (_topics, config) => discoveryCapability(shownToHomeAssistant(config)).subscribes,
    slice: shownToHomeAssistant,
  },
];

/** The services that this configuration wants. */
export function wantedServices(config: HouseConfig): readonly ServiceRow[] {
  return SERVICES.filter((row) => row.isWanted?.(config) ?? true);
}

/** What is wrong with those parts of the configuration that only a service can read; empty when nothing is. */
export function serviceConfigProblems(config: HouseConfig): readonly string[] {
  const found = wantedServices(config).flatMap((row) => {
    try {
      row.slice(config);
      return [];
    } catch (error) {
      return error instanceof ConfigError ? error.problems : [errorText(error)];
    }
  });
  // Two services may read the same file.
  return [...new Set(found)];
}

/** What the discovery service gets to see, and what Home Assistant's rights at the broker are made from. */
export function shownToHomeAssistant(config: HouseConfig) {
  return discoverySlice(config, nutHostsOf(config));
}

/** The stations by cable, wherever they are named. @throws ConfigError with every problem of them, or of the policy file */
export function nutSourcesIn(config: HouseConfig) {
  const sections = Object.entries(policyFileOf(config)?.station ?? {});
  return nutSourceSlice(config, sections.flatMap(([device, { nut }]) => nut ? [{ device, ...nut }] : []));
}

/** The names of those stations. @throws ConfigError as {@link nutSourcesIn} */
function cablesOf(config: HouseConfig): readonly string[] {
  return nutSourcesIn(config).sources.map(({ device }) => device);
}

/** Whether any is named: one that cannot be read is, so that its problem is told. */
function hasNutSources(config: HouseConfig): boolean {
  try {
    return nutSourcesIn(config).sources.length > 0;
  } catch {
    return true;
  }
}

/** Hosts that the NUT server speaks for. */
function nutHostsOf(config: HouseConfig): readonly string[] {
  return hostsOf(nutServerSlice(config));
}

/** The topics that a service may use, for `broker_link` and its own port. */
export function capabilityOf(row: ServiceRow, config: HouseConfig) {
  const topics = topicsUnder(config.roots);
  return {
    service: row.name,
    publishes: row.publishes(topics, config),
    subscribes: row.subscribes(topics, config),
  };
}
