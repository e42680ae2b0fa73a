/** Whether a value may be shown as live. It grows old on the page itself, with or without news. Pure. */
import type { HouseView, StationView } from "../page_contract.ts";

/** Without a word from the daemon for this long, real seconds, the connection counts as lost: it speaks every two. */
export const STREAM_LIMIT_S = 8;

/** How things stand between the page and what it shows. */
export interface Surroundings {
  /** Seconds of the house since the view was sent. */
  readonly sinceSentS: number;
  /** Real seconds since the daemon spoke last. */
  readonly silentS: number;
}

/** What may be said of a value. */
export type Freshness = "live" | "old" | "unknown";

/** The present age of a value, s; undefined when nobody knows it. */
export function ageNow(ageS: number | undefined, { sinceSentS }: Surroundings): number | undefined {
  return ageS === undefined ? undefined : ageS + sinceSentS;
}

/** Whether what was asked for at `askedMs` is asked for again, every `everyMs`. A house's clock that was set back must not hold it up. */
export function isDue(nowMs: number, askedMs: number, everyMs: number): boolean {
  return Math.abs(nowMs - askedMs) >= everyMs;
}

/** Whether the daemon speaks to this page, and hears the house. */
export function isConnected(house: HouseView, { silentS }: Surroundings): boolean {
  return silentS <= STREAM_LIMIT_S && house.is_broker_up && house.daemon?.is_online !== false;
}

/**
 * How a station's value may be shown.
 *
 * @param value Anything with an age; undefined when nobody said it
 */
export function freshnessOf(
  value: { readonly age_s?: number } | undefined,
  house: HouseView,
  station: StationView,
  now: Surroundings,
): Freshness {
  if (value === undefined) return "unknown";
  const age = ageNow(value.age_s, now);
  const isLive = isConnected(house, now) && (station.link ?? "live") === "live" && age !== undefined &&
    age <= house.stale_after_s;
  return isLive ? "live" : "old";
}

/** Whether the policy's sentence is its present one: it speaks only when it has news. */
export function isPolicyLive(house: HouseView, station: StationView, now: Surroundings): boolean {
  const { policy } = station;
  if (!policy || !isConnected(house, now) || !house.is_policy_running) return false;
  // While a timer runs it speaks every five seconds.
  return policy.timer_left_s === undefined || (ageNow(policy.age_s, now) ?? Infinity) <= 30;
}

/** What is left of a countdown, whole seconds; undefined when there is none or it is not to be believed. */
export function secondsLeft(
  leftS: number | undefined,
  house: HouseView,
  station: StationView,
  now: Surroundings,
): number | undefined {
  if (leftS === undefined || !isPolicyLive(house, station, now)) return undefined;
  return Math.max(0, Math.ceil(leftS - now.sinceSentS));
}
