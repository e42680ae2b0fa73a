/** What a station's row of the strip and its first sentences say. Pure. */
import type { HouseView, StationView } from "../page_contract.ts";
import { ageNow, freshnessOf, isPolicyLive, secondsLeft, type Surroundings } from "./freshness.ts";
import { type Headline, headline } from "./labels.ts";
import { plain } from "./plain.ts";
import { type Reader, UNKNOWN } from "./reader.ts";
import { fullInSeconds, runtimeOf } from "./runtime.ts";

/** What counts down, and to what. */
export interface Countdown {
  readonly kind: "hosts" | "first_host";
  readonly leftS: number;
  /** Wall time of its end, ms. */
  readonly atMs: number;
}

/** One station in a few words. */
export interface Glance extends Headline {
  /** `87 %`; a dash unless it is live. */
  readonly charge: string;
  /** The one time that matters now; empty when there is none. */
  readonly time: string;
}

/** The wall time so many seconds from now, ms. */
export function wallMsIn(seconds: number, house: HouseView, { sinceSentS }: Surroundings): number {
  return house.now_ms + (sinceSentS + seconds) * 1000;
}

/** The countdown that runs; undefined when there is none or it is not to be believed. */
export function countdownOf(
  house: HouseView,
  station: StationView,
  now: Surroundings,
): Countdown | undefined {
  const { policy } = station;
  const timer = secondsLeft(policy?.timer_left_s, house, station, now);
  const leftS = timer ?? secondsLeft(policy?.shutdown_earliest_s, house, station, now);
  if (leftS === undefined) return undefined;
  return {
    kind: timer === undefined ? "first_host" : "hosts",
    leftS,
    atMs: wallMsIn(leftS, house, now),
  };
}

/** See the file comment. */
export function glanceOf(reader: Reader, house: HouseView, station: StationView, now: Surroundings): Glance {
  const head = headline(house, station, now);
  const isSocLive = freshnessOf(station.soc, house, station, now) === "live";
  return {
    ...head,
    charge: isSocLive ? reader.percent(station.soc?.percent) : UNKNOWN,
    time: timeLine(reader, house, station, now),
  };
}

function timeLine(reader: Reader, house: HouseView, station: StationView, now: Surroundings): string {
  const countdown = countdownOf(house, station, now);
  if (countdown) {
    const parts = { time: reader.time(countdown.atMs), left: reader.countdown(countdown.leftS) };
    return reader.say(countdown.kind === "hosts" ? "go_down" : "first_goes_down", parts);
  }
  if (station.policy?.state === "shutting_down" && isPolicyLive(house, station, now)) {
    return hostsDown(reader, station);
  }
  const of = (value: { readonly age_s?: number } | undefined) => freshnessOf(value, house, station, now);
  const isGridLive = of(station.grid) === "live";
  if (of(station.soc) !== "live" || of(station) !== "live") {
    if (!station.soc) return station.age_s === undefined ? reader.say("never_heard") : "";
    const parts = {
      charge: reader.percent(station.soc.percent),
      age: reader.ago(ageNow(station.soc.age_s, now)),
    };
    return reader.say("last_charge", parts);
  }
  const full = fullInSeconds(station);
  if (full !== undefined && isGridLive) {
    const left = Math.max(0, full - (ageNow(station.age_s, now) ?? 0));
    const parts = { time: reader.time(wallMsIn(left, house, now)), left: reader.duration(left) };
    return reader.say("full_at", parts);
  }
  const runtime = runtimeOf(station, isGridLive);
  if (!runtime) return "";
  const isOut = isGridLive && station.grid?.connected === false;
  return reader.say(isOut ? "lasts" : "would_last", { time: `≈\u00a0${reader.duration(runtime.seconds)}` });
}

function hostsDown(reader: Reader, { hosts }: StationView): string {
  const down = hosts.filter(({ state }) => state === "down").length;
  return reader.say("hosts_down", { down: reader.number(down), all: reader.number(hosts.length) });
}

/** What will be done, or what is not known: one to three sentences. `isOld`: nothing is stated as present. */
export function sentenceOf(
  reader: Reader,
  house: HouseView,
  station: StationView,
  now: Surroundings,
): { readonly text: string; readonly isOld: boolean } {
  const { policy, grid } = station;
  const parts: string[] = [];
  const gridState = freshnessOf(grid, house, station, now);
  if (grid && gridState === "old") {
    const age = reader.ago(ageNow(grid.age_s, now));
    parts.push(reader.say(grid.connected ? "last_there" : "last_gone", { age }));
  }
  if (!policy) {
    parts.push(reader.say(station.age_s === undefined ? "never_heard" : "policy_none"));
    return { text: parts.join(" "), isOld: true };
  }
  if (!isPolicyLive(house, station, now)) {
    parts.push(reader.say("policy_old", { age: reader.ago(ageNow(policy.age_s, now)) }));
    return { text: parts.join(" "), isOld: true };
  }
  if (station.hosts.length === 0) parts.push(reader.say("no_hosts"));
  else parts.push(...decided(reader, house, station, now));
  if (policy.is_blind) {
    parts.push(reader.say("policy_blind"));
    if (policy.soc_is_estimate && policy.soc_percent !== undefined) {
      parts.push(reader.say("policy_estimates", { charge: reader.percent(policy.soc_percent) }));
    }
  }
  return { text: parts.join(" "), isOld: false };
}

function decided(reader: Reader, house: HouseView, station: StationView, now: Surroundings): string[] {
  const { policy, grid } = station;
  switch (policy?.state) {
    case undefined:
      return [];
    case "unknown":
      // A grid that is told and not judged: the owner's own rules say why.
      if (grid) return [plain(reader, policy.sentence)];
      return [reader.say(station.is_grid_unknown ? "policy_untold" : "policy_unknown")];
    case "online":
      if (policy.is_blind) return [];
      return [
        policy.soc_min_percent === undefined
          ? reader.say("policy_watching")
          : reader.say("policy_ready", { charge: reader.percent(policy.soc_min_percent) }),
      ];
    case "on_battery":
      if (policy.is_in_doubt) return [reader.say("in_doubt")];
      return countdownOf(house, station, now) ? [] : [reader.say("policy_battery")];
    case "critical":
      return policy.is_in_doubt ? [reader.say("in_doubt")] : [];
    case "shutting_down":
      return [`${hostsDown(reader, station)}.`];
    case "recovery":
      return [reader.say("policy_recovery")];
  }
}
