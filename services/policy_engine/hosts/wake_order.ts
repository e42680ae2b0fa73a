/** Who may be switched on again now, and in which order. Pure. */
import { type HostState, WAKE_PATIENCE_MS } from "./host_phase.ts";
import { feedsOf, type HouseRules, placeOf } from "../rules/rules.ts";
import { own } from "../../../lib/own.ts";

/** What the order needs to know of a station. */
export interface FeedView {
  /** The grid is there by a fresh reading, since then; absent: it is not, or nobody says so freshly. Monotonic ms. */
  readonly gridSinceMonoMs?: number;
  /** A fresh charge, %; absent: unknown. */
  readonly socPercent?: number;
}

/** Whether a station may carry hosts again. */
export function isFeedReady(
  { gridSinceMonoMs, socPercent }: FeedView,
  { wake }: HouseRules,
  nowMonoMs: number,
): boolean {
  return gridSinceMonoMs !== undefined && nowMonoMs - gridSinceMonoMs >= wake.gridStableMs &&
    socPercent !== undefined && socPercent >= wake.socPercent;
}

/**
 * Whether a host may be woken: its stations are ready (one of them is enough, unless it goes down with any), and no host
 * of a later stage is still being waited for. What went down last comes up first.
 */
export function mayWake(
  host: string,
  rules: HouseRules,
  feeds: ReadonlyMap<string, FeedView>,
  hosts: ReadonlyMap<string, HostState>,
  nowMonoMs: number,
): boolean {
  if (own(rules.wake.macs, host) === undefined) return false;
  const ownFeeds = feedsOf(host, rules);
  const isReady = (device: string) => isFeedReady(feeds.get(device) ?? {}, rules, nowMonoMs);
  if (!(rules.goesWithAny.has(host) ? ownFeeds.every(isReady) : ownFeeds.some(isReady))) return false;
  return Object.values(rules.stations).every((station) => {
    const place = placeOf(host, station);
    return !place || !station.stages.filter(({ number }) => number > place.stage.number)
      .some(({ groups }) =>
        groups.some((group) => group.hosts.some((other) => isAwaited(other, rules, hosts, nowMonoMs)))
      );
  });
}

/** Only a host that we can wake is waited for, and only for so long. */
function isAwaited(
  host: string,
  { wake }: HouseRules,
  hosts: ReadonlyMap<string, HostState>,
  nowMonoMs: number,
): boolean {
  const phase = hosts.get(host)?.phase;
  if (own(wake.macs, host) === undefined || !phase) return false;
  return phase.kind === "down" ||
    (phase.kind === "waking" && nowMonoMs - phase.sinceMonoMs < WAKE_PATIENCE_MS);
}
