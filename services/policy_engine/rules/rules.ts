/** The owner's rules as the policy uses them: triggers, stages, feeds. Types and their defaults; no reading of files. */
import type { OutagePort } from "../../../lib/messages/power_state.ts";
import type { HostRules } from "./host_rules.ts";

/** When the battery is critical for a group of hosts. Each is optional; any one of them is enough. */
export interface Triggers {
  /** At or below this charge, %. */
  readonly socMinPercent?: number;
  /** At or below this many minutes to empty. */
  readonly remainingMin?: number;
  /** At or above this many minutes on battery. */
  readonly onBatteryMin?: number;
  /** When the charge falls as fast as this, %/min, or faster, measured from `settleMs` after the grid was lost. */
  readonly fall?: { readonly percentPerMin: number; readonly settleMs: number };
}

/** Whose reading of the grid counts for a station: its own and witnesses', witnesses' alone, or nobody's. */
export type GridSource = "auto" | "witness" | "off";

/** An outlet of a station. */
export type Port = OutagePort["port"];

/** Hosts that go together. */
export interface GroupRules {
  /** Unique in its station and stable over restarts. */
  readonly key: string;
  readonly hosts: readonly string[];
  readonly triggers: Triggers;
  /** How long a trigger must hold, ms. */
  readonly debounceMs: number;
  /** The outlet that they hang on; absent: the owner did not say. */
  readonly port?: Port;
}

/** One step of a station's shutdown; the next begins when all of its hosts are proven down or its time is up. */
export interface StageRules {
  /** 1 goes first. */
  readonly number: number;
  /** ms. */
  readonly timeLimitMs: number;
  readonly groups: readonly GroupRules[];
}

/** What hangs on one station, and when. */
export interface StationRules {
  /** In order; at least one, perhaps without hosts. */
  readonly stages: readonly StageRules[];
  /** The trigger moves earlier when the remaining minutes would not suffice for all stages. */
  readonly hasReserve: boolean;
  /** `auto` when absent. */
  readonly grid?: GridSource;
  /** The energy of the full battery in place of what the station says, Wh; absent: what it says. */
  readonly totalWh?: number;
  /** The charge at which the station switches off, %, when it says none or a lower one; absent: what it says. */
  readonly minSocPercent?: number;
}

/** When a host that was shut down is switched on again. */
export interface WakeRules {
  /** The grid has been there without a break for so long, ms. */
  readonly gridStableMs: number;
  /** And the charge is at least this, %. */
  readonly socPercent: number;
  /** Host to the hardware address that the magic packet names; hosts that are not here come back by themselves. */
  readonly macs: Readonly<Record<string, string>>;
  /** Host to where its packets go, IPv4; every network of ours when absent. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** Everything that the policy is told once. */
export interface HouseRules extends HostRules {
  readonly stations: Readonly<Record<string, StationRules>>;
  /** For stations that nobody named: they are watched, and nobody is told. */
  readonly watched: StationRules;
  /** Hosts on several stations that go down with the first of them; all others wait for the last. */
  readonly goesWithAny: ReadonlySet<string>;
  readonly wake: WakeRules;
  /** Without fresh evidence for this long we are blind, ms. */
  readonly staleAfterMs: number;
  /** An estimate older than this is worth nothing: the battery counts as empty, ms. */
  readonly blindLimitMs: number;
  /** No trigger before this time: after a restart, fresh readings get a chance to arrive. Monotonic ms. */
  readonly notBeforeMonoMs: number;
}

/** All hosts, each once. */
export function hostsOf(rules: Pick<HouseRules, "stations">): readonly string[] {
  return [...new Set(Object.values(rules.stations).flatMap((station) => hostsOfStation(station)))];
}

/** The hosts of one station, in the order in which they go down. */
export function hostsOfStation(station: StationRules): readonly string[] {
  return [...placesOf(station).keys()];
}

/** A host's place on a station. */
interface Place {
  readonly stage: StageRules;
  readonly group: GroupRules;
}

/** Host to its place, in the order in which they go down, for each station that was asked about: every tick asks for every host. */
const placesByStation = new WeakMap<StationRules["stages"], ReadonlyMap<string, Place>>();

function placesOf({ stages }: StationRules): ReadonlyMap<string, Place> {
  let places = placesByStation.get(stages);
  if (!places) placesByStation.set(stages, places = allPlaces(stages));
  return places;
}

function allPlaces(stages: StationRules["stages"]): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const stage of stages) {
    for (const group of stage.groups) {
      for (const host of group.hosts) if (!places.has(host)) places.set(host, { stage, group });
    }
  }
  return places;
}

/** Host to its stations, for each map of stations that was asked about: every tick asks for every host. */
const feedsByMap = new WeakMap<HouseRules["stations"], ReadonlyMap<string, readonly string[]>>();

/** The stations that feed a host. */
export function feedsOf(host: string, { stations }: Pick<HouseRules, "stations">): readonly string[] {
  let feeds = feedsByMap.get(stations);
  if (!feeds) feedsByMap.set(stations, feeds = allFeeds(stations));
  return feeds.get(host) ?? [];
}

function allFeeds(stations: HouseRules["stations"]): ReadonlyMap<string, readonly string[]> {
  const feeds = new Map<string, string[]>();
  for (const [device, station] of Object.entries(stations)) {
    for (const host of hostsOfStation(station)) {
      const known = feeds.get(host);
      if (known) known.push(device);
      else feeds.set(host, [device]);
    }
  }
  return feeds;
}

/** A host's place on a station; undefined when it does not hang on it. */
export function placeOf(host: string, station: StationRules): Place | undefined {
  return placesOf(station).get(host);
}
