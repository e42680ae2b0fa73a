/** The NUT server's slice of the configuration, and what the registry has to grant for it. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import { type TopicRoots, topicsUnder } from "../../lib/mqtt/topics.ts";
import { ipFamily } from "../../lib/text/ip_family.ts";
import { stationCalled } from "../../lib/config/stations.ts";
import { ConfigError } from "../../lib/errors.ts";
import { nearest } from "../../lib/text/nearest.ts";
import { onceFor } from "../../lib/once_for.ts";
import type { Grant } from "../grant.ts";
import { parseNutConfig } from "./access/config.ts";
import { DEFAULT_LIMITS, type NutHouse } from "./access/nut_house.ts";

/** The NUT server's slice of the configuration; the house part comes from `parseNutConfig`. */
export interface NutServerConfig extends NutHouse {
  readonly roots: TopicRoots;
  /** Which start of the system this is; absent when nobody says. */
  readonly bootId?: string;
  /** False: nothing is listened to, read or said. */
  readonly enabled: boolean;
  /** The address of the LAN to listen at; not a name. */
  readonly listenHost: string;
  /** 0 to 65535, 3493 is NUT's own; 0: any free one. */
  readonly port: number;
  /** The policy's own grace, s: a few seconds after it, evidence is stale. */
  readonly staleAfterSec: number;
  /** The last resort, % : clients are told `LB` at or below it whatever the policy does. Below the policy's own limit. */
  readonly lowBatteryPercent: number;
  /** The policy's limit on the remaining time, s, where it has one; shown as `battery.runtime.low`. */
  readonly lowRuntimeSec?: number;
  /** Certificate with chain, and key, both or none; with them STARTTLS is offered. */
  readonly certPem?: string;
  readonly keyPem?: string;
}

/** The topics that the registry has to grant for this configuration; nothing beyond its own hosts. */
export function nutServerTopics(config: Pick<NutServerConfig, "roots" | "users" | "upses">): {
  readonly publishes: readonly string[];
  readonly subscribes: readonly string[];
} {
  const topics = topicsUnder(config.roots);
  const hosts = hostsOf(config);
  return {
    publishes: [...hosts.flatMap((host) => [topics.agentStatus(host), topics.ack(host)]), topics.events],
    subscribes: [topics.state("+"), topics.policy("+"), ...hosts.map((host) => topics.command(host))],
  };
}

/** The hosts of the policy that the configuration names. */
export function hostsOf({ users, upses }: Pick<NutServerConfig, "users" | "upses">): readonly string[] {
  return [...new Set([...upses, ...users].flatMap(({ host }) => host ?? []))];
}

/** The target of the worker's only permission, net: the address that it listens at. */
export function listenTarget({ listenHost, port }: Pick<NutServerConfig, "listenHost" | "port">): string {
  return `${ipFamily(listenHost) === 6 ? `[${listenHost}]` : listenHost}:${port}`;
}

/** To listen, where a NUT server is wanted. */
export function nutServerGrants({ nut }: HouseConfig): readonly Grant[] {
  return nut ? [{ kind: "net", targets: [listenTarget(nut)], reason: "to listen for NUT clients" }] : [];
}

/**
 * Accounts, UPS names and limits, read once for each configuration; without a NUT server nobody and nothing.
 *
 * @throws ConfigError with every problem of the file
 */
export const nutServerSlice: (config: HouseConfig) => NutServerConfig = onceFor((config) => {
  const { nut, roots, staleAfterSec, bootId } = config;
  if (nut) {
    const { text, source, ...rest } = nut;
    const house = parseNutConfig(text, source);
    const problems = strangeStations(config, house.upses).map((problem) => `${source}: ${problem}`);
    if (problems.length > 0) throw new ConfigError(problems);
    return { ...house, ...rest, roots, bootId, enabled: true, staleAfterSec };
  }
  return {
    allow: [],
    users: [],
    upses: [],
    limits: DEFAULT_LIMITS,
    roots,
    enabled: false,
    listenHost: "",
    port: 0,
    staleAfterSec,
    lowBatteryPercent: 0,
  };
});

/** UPS names for stations that nobody has, each with the one that was most likely meant: its clients would never hear anything. */
function strangeStations(config: HouseConfig, upses: NutServerConfig["upses"]): string[] {
  const names = config.stations.map(({ sn, name }) => name ?? sn);
  const known = [
    ...names,
    ...Object.keys(config.agentsByStation),
    ...config.simulatedStations,
    ...config.nutSources.entries.flatMap(({ device }) => device ?? []),
  ];
  const isKnown = (device: string) =>
    known.includes(device) || config.policyFile?.text.includes(device) === true;
  return upses.filter(({ device }) => !isKnown(device)).flatMap(({ name, device }) => {
    const serial = stationCalled(device, config.stations);
    const hint = serial ? `; write "${serial.name}", whose serial number it is` : nearest(device, names);
    return hint === "" ? [] : [`ups "${name}": there is no station "${device}"${hint}`];
  });
}
