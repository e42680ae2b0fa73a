/** When a state is worth publishing: at once, gathered, or as a heartbeat. */
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { isUrgentNews } from "../judge/urgent.ts";
import { own } from "../../../lib/own.ts";

/** A live state is published at least this often, ms. */
export const HEARTBEAT_MS = 10_000;
/** A state that is not live is published again at this pace, so that its ages stay true, ms. */
export const QUIET_HEARTBEAT_MS = 60_000;
/**
 * Changes of no consequence for a decision are gathered for this long, ms. A little less than a second: what a station says once a
 * second is told of at once, and not by a timer that wakes the thread again.
 */
export const GATHER_MS = 950;

/**
 * Whether `now` is to be published.
 *
 * @param last What was published last; undefined before the first time
 * @param waitedMs Since then
 */
export function isDue(now: PowerState, last: PowerState | undefined, waitedMs: number): boolean {
  if (!last || isUrgentNews(now, last)) return true;
  if (now.grid_source !== last.grid_source || now.source_disagreement !== last.source_disagreement) {
    return true;
  }
  if (waitedMs >= heartbeatMs(now.link)) return true;
  return waitedMs >= GATHER_MS && !isSameButTimes(now, last);
}

/** How long a state may stand before it is published again unchanged, ms. */
export function heartbeatMs(link: PowerState["link"]): number {
  return link === "live" ? HEARTBEAT_MS : QUIET_HEARTBEAT_MS;
}

/** Keys that change with the time alone. */
const TIMES: ReadonlySet<string> = new Set(
  ["ts", "age_s", "grid_age_s", "soc_age_s"] satisfies (keyof PowerState)[],
);

/** Whether everything but times and ages is the same. */
function isSameButTimes(a: PowerState, b: PowerState): boolean {
  return keysOf(a).every((key) => TIMES.has(key) || isSame(own(a, key), own(b, key))) &&
    keysOf(b).every((key) => TIMES.has(key) || Object.hasOwn(a, key));
}

function keysOf(state: PowerState): (keyof PowerState)[] {
  return Object.keys(state) as (keyof PowerState)[];
}

function isSame(one: unknown, other: unknown): boolean {
  // Only packs and outlets are no plain value.
  return one === other || (typeof one === "object" && JSON.stringify(one) === JSON.stringify(other));
}
