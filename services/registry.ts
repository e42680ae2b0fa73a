/**
 * THE MAP. One row a service: where it starts, what it may do and why, which topics it reads and writes, whether the
 * house can do without it. Workers get exactly these permissions, `broker_link` enforces exactly these topics, and
 * the broker's access list is made from them.
 */
import type { HouseConfig } from "../lib/config/load.ts";
import { ConfigError, errorText } from "../lib/errors.ts";
import { type Topics, topicsUnder } from "../lib/mqtt/topics.ts";
import type { BrokerLinkConfig } from "./broker_link/service.ts";
import type { CloudBridgeConfig } from "./cloud_bridge/service.ts";
import { type DashboardConfig, listenGrant } from "./dashboard/config.ts";
import type { HistorianConfig } from "./historian/service.ts";
import { DEFAULT_PREFIX, discoveryCapability, type DiscoveryConfig } from "./discovery/config.ts";
import { channelTargets, type NotifierConfig } from "./notifier/config.ts";
import { parseNutConfig } from "./nut_server/access/config.ts";
import { DEFAULT_LIMITS } from "./nut_server/access/nut_house.ts";
import {
  hostsOf as nutHostsOf,
  listenTarget,
  type NutServerConfig,
  nutServerTopics,
} from "./nut_server/slice.ts";
import { parsePolicyFile } from "./policy_engine/rules/policy_file.ts";
import type { PolicyFile } from "./policy_engine/rules/policy_file_schema.ts";
import {
  type PolicyEngineConfig,
  wakeAddresses,
  wakesHosts,
  witnessServers,
  witnessTopics,
} from "./policy_engine/config.ts";
import { EVERYBODY, HOUSE_NETWORKS, WAKE_PORT } from "./policy_engine/io/wake_on_lan.ts";
import type { SocBridgeConfig } from "./soc_bridge/service.ts";

/** One thing that a worker may do; everything that is not granted is denied. */
export interface Grant {
  readonly kind: "net" | "read" | "write" | "env" | "sys";
  /** Hosts with ports, directories, or variable names. */
  readonly targets: readonly string[];
  readonly reason: string;
}

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

/** A service's own directory in the state directory. */
export function stateDirOf(config: HouseConfig, service: string): string {
  return `${config.stateDir}/${service}`;
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
    grants: ({ broker }) => [
      {
        kind: "net",
        targets: broker ? [`${broker.host}:${broker.port}`] : ["127.0.0.1"],
        reason: broker ? "the broker in the house" : "the embedded broker on loopback",
      },
    ],
    publishes: () => [],
    subscribes: () => [],
    slice: (config): BrokerLinkConfig => ({
      roots: config.roots,
      broker: config.broker,
      embeddedPort: config.embeddedPort,
      clientId: config.mqttClientId,
      mustWrite: commandTopics(config),
    }),
  },
  {
    name: "cloud_bridge",
    purpose: "Joins EcoFlow's cloud and mirrors the stations' raw bytes to the local broker.",
    entry: new URL("./cloud_bridge/worker.ts", import.meta.url),
    required: true,
    grants: (config) => [
      {
        kind: "net",
        targets: [...config.cloud.apiHosts.map(withHttpsPort), ...config.cloud.brokerHosts],
        reason: "EcoFlow's API and the MQTT brokers that it may name",
      },
      {
        kind: "read",
        targets: [stateDirOf(config, "cloud_bridge")],
        reason: "the client id, the same at every start: the cloud allows about ten a day",
      },
      { kind: "write", targets: [stateDirOf(config, "cloud_bridge")], reason: "to store that client id" },
    ],
    publishes: (t) => [t.raw("+"), t.cloudStatus, t.stationList, t.events],
    subscribes: (t) => [t.refresh("+")],
    slice: (config): CloudBridgeConfig => ({
      ...config.cloud,
      roots: config.roots,
      devices: config.stations,
      stateDir: stateDirOf(config, "cloud_bridge"),
    }),
  },
  {
    name: "soc_bridge",
    purpose: "Decodes raw payloads into each station's state and judges the grid.",
    entry: new URL("./soc_bridge/worker.ts", import.meta.url),
    required: true,
    grants: () => [],
    publishes: (t) => [t.state("+"), t.rawJson("+"), t.refresh("+"), t.events],
    subscribes: (t) => [t.raw("+"), t.stationList, t.cloudStatus],
    slice: (config): SocBridgeConfig => ({
      roots: config.roots,
      devices: config.stations,
      gridRule: config.gridRule,
      staleAfterSec: config.staleAfterSec,
      publishRawJson: config.publishRawJson,
      modelFiles: config.modelFiles,
    }),
  },
  {
    name: "policy_engine",
    purpose: "Decides when hosts go down, when they are called off and when they are switched on again.",
    entry: new URL("./policy_engine/worker.ts", import.meta.url),
    required: true,
    grants: (config) => [
      {
        kind: "read",
        targets: [stateDirOf(config, "policy_engine")],
        reason: "its snapshot, to go on after a restart in mid-outage",
      },
      { kind: "write", targets: [stateDirOf(config, "policy_engine")], reason: "to store that snapshot" },
      ...(wakesHosts(policyFile(config))
        ? [{
          kind: "net" as const,
          targets: [
            "0.0.0.0:0",
            ...[EVERYBODY, ...HOUSE_NETWORKS, ...wakeAddresses(policyFile(config))]
              .map((target) => `${target}:${WAKE_PORT}`),
          ],
          reason: "magic packets for the hosts that the policy file gives a hardware address",
        }, {
          kind: "sys" as const,
          targets: ["networkInterfaces"],
          reason: "to send magic packets to each network that this machine is on",
        }]
        : []),
      ...witnessServers(policyFile(config)).map(({ host, port }) => ({
        kind: "net" as const,
        targets: [`${host.includes(":") ? `[${host}]` : host}:${port}`],
        reason: "a NUT server that the policy file names as a grid witness",
      })),
    ],
    publishes: (t) => [t.command("+"), t.plan("+"), t.policy("+"), t.drillReport, t.events],
    subscribes: (t, config) => [
      t.state("+"),
      t.ack("+"),
      t.agentStatus("+"),
      t.cloudStatus,
      t.drillRequest,
      t.abortRequest,
      ...witnessTopics(policyFile(config)),
    ],
    slice: (config): PolicyEngineConfig => ({
      ...policyLimits(config),
      roots: config.roots,
      agentKeys: config.agentKeys,
      keylessHosts: nutHostsOf(nutServerConfig(config)),
      stateDir: stateDirOf(config, "policy_engine"),
      bootId: config.bootId,
      followsCloud: true,
      takesDrills: true,
      takesAborts: true,
      file: policyFile(config),
    }),
  },
  {
    name: "nut_server",
    purpose: "Stands in for a UPS, so that NAS and hypervisors shut down with nothing installed on them.",
    entry: new URL("./nut_server/worker.ts", import.meta.url),
    required: false,
    isWanted: ({ nut }) => nut !== undefined,
    grants: ({ nut }) =>
      nut ? [{ kind: "net", targets: [listenTarget(nut)], reason: "to listen for NUT clients" }] : [],
    publishes: (_topics, config) => nutServerTopics(nutServerConfig(config)).publishes,
    subscribes: (_topics, config) => nutServerTopics(nutServerConfig(config)).subscribes,
    slice: nutServerConfig,
  },
  {
    name: "historian",
    purpose: "Keeps values, events, energy and outages, and answers questions about them.",
    entry: new URL("./historian/worker.ts", import.meta.url),
    required: false,
    isWanted: ({ history }) => history !== undefined,
    grants: (config) => [
      { kind: "read", targets: [stateDirOf(config, "historian")], reason: "its database" },
      { kind: "write", targets: [stateDirOf(config, "historian")], reason: "to write that database" },
    ],
    publishes: (t) => [t.historyAnswer("+"), t.events],
    subscribes: (t) => [t.state("+"), t.events, t.historyQuery],
    slice: (config): HistorianConfig => ({
      roots: config.roots,
      stateDir: stateDirOf(config, "historian"),
      staleAfterSec: config.staleAfterSec,
      days: config.history?.days ?? 0,
    }),
  },
  {
    name: "dashboard",
    purpose: "Shows the house on a web page, and passes on a person's wish for a drill or a calling off.",
    entry: new URL("./dashboard/worker.ts", import.meta.url),
    required: false,
    isWanted: ({ dashboard }) => dashboard !== undefined,
    grants: (config) => [
      ...(config.dashboard
        ? [{
          kind: "net" as const,
          targets: [listenGrant(config.dashboard)],
          reason: "to listen for browsers",
        }]
        : []),
      {
        kind: "read",
        targets: [stateDirOf(config, "dashboard")],
        reason: "the hash of the password, which may change while it runs",
      },
    ],
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
    slice: ({ dashboard, history, roots, staleAfterSec, agentsByStation }): DashboardConfig => ({
      host: dashboard?.host ?? "",
      port: dashboard?.port ?? 0,
      names: dashboard?.names ?? [],
      readsWithoutLogin: dashboard?.readsWithoutLogin ?? false,
      passwordFile: dashboard?.passwordFile ?? "",
      metricsToken: dashboard?.metricsToken,
      tls: dashboard?.tls,
      roots,
      staleAfterSec,
      asksHistorian: history !== undefined,
      agentsByStation,
    }),
  },
  {
    name: "notifier",
    purpose: "Tells people what happened, by the ways that they chose.",
    entry: new URL("./notifier/worker.ts", import.meta.url),
    required: false,
    isWanted: ({ notifier }) => notifier !== undefined,
    grants: (config) => [
      {
        kind: "net",
        targets: config.notifier ? channelTargets(config.notifier.channels) : ["127.0.0.1:0"],
        reason: "the servers of the configured channels",
      },
      {
        kind: "read",
        targets: [stateDirOf(config, "notifier")],
        reason: "its queue, to go on after a restart",
      },
      { kind: "write", targets: [stateDirOf(config, "notifier")], reason: "to store that queue" },
    ],
    publishes: (t) => [t.events],
    subscribes: (t) => [t.events],
    slice: (config): NotifierConfig => ({
      channels: [],
      collectSec: 0,
      ...config.notifier,
      roots: config.roots,
      stateDir: stateDirOf(config, "notifier"),
    }),
  },
  {
    name: "discovery",
    purpose: "Shows stations, hosts and policy to Home Assistant.",
    entry: new URL("./discovery/worker.ts", import.meta.url),
    required: false,
    isWanted: ({ homeAssistant }) => homeAssistant !== undefined,
    grants: () => [],
    publishes: (_topics, config) => discoveryCapability(discoverySlice(config)).publishes,
    subscribes: (_topics, config) => discoveryCapability(discoverySlice(config)).subscribes,
    slice: discoverySlice,
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

function policyLimits(config: HouseConfig) {
  return { ...config.policy, stations: config.agentsByStation, staleAfterSec: config.staleAfterSec };
}

/** @throws ConfigError with every problem of the file; told at the start by {@link serviceConfigProblems} */
function policyFile(config: HouseConfig): PolicyFile | undefined {
  const { policyFile: file } = config;
  return file && parsePolicyFile(file.text, file.source, policyLimits(config));
}

function nutServerConfig(config: HouseConfig): NutServerConfig {
  const { nut, roots, staleAfterSec, bootId } = config;
  if (!nut) {
    const nothing = { allow: [], users: [], upses: [], limits: DEFAULT_LIMITS };
    return {
      ...nothing,
      roots,
      enabled: false,
      listenHost: "",
      port: 0,
      staleAfterSec,
      lowBatteryPercent: 0,
    };
  }
  const { text, source, ...rest } = nut;
  return { ...parseNutConfig(text, source), ...rest, roots, bootId, enabled: true, staleAfterSec };
}

/** Where each host's commands go. */
function commandTopics({ roots, agentsByStation }: HouseConfig): string[] {
  const { command } = topicsUnder(roots);
  return [...new Set(Object.values(agentsByStation).flat())].map(command);
}

/** What the discovery service gets to see, and what Home Assistant's rights at the broker are made from. */
export function discoverySlice(config: HouseConfig): DiscoveryConfig {
  return {
    roots: config.roots,
    prefix: config.homeAssistant?.prefix ?? DEFAULT_PREFIX,
    node: config.mqttClientId,
    staleAfterSec: config.staleAfterSec,
    stations: config.stations,
    agentsByStation: config.agentsByStation,
    nutHosts: nutHostsOf(nutServerConfig(config)),
  };
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

/** The worker option that grants exactly a row's permissions and denies all else. */
export function workerPermissions(row: ServiceRow, config: HouseConfig): Deno.PermissionOptionsObject {
  const targets = (kind: Grant["kind"]): string[] | false => {
    const granted = row.grants(config).filter((grant) => grant.kind === kind).flatMap((grant) =>
      grant.targets
    );
    return granted.length > 0 ? granted : false;
  };
  return {
    net: targets("net"),
    read: targets("read"),
    write: targets("write"),
    env: targets("env"),
    run: false,
    ffi: false,
    sys: targets("sys") as ReturnType<typeof targets> & Deno.PermissionOptionsObject["sys"],
    import: false,
  };
}

function withHttpsPort(host: string): string {
  return host.includes(":") ? host : `${host}:443`;
}
