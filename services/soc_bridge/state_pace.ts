/** When a state is worth publishing: at once, gathered, or as a heartbeat. */
import type { PowerState } from "../../lib/messages/power_state.ts";

/** A live state is published at least this often, ms. */
export const HEARTBEAT_MS = 10_000;
/** A state that is not live is published again at this pace, so that its ages stay true, ms. */
export const QUIET_HEARTBEAT_MS = 60_000;
/** Changes of no consequence for a decision are gathered for this long, ms. */
export const GATHER_MS = 1000;

/** Keys whose change somebody may act upon. */
const URGENT = ["soc", "grid_connected", "grid_unconfirmed", "link"] as const;

/**
 * Whether `now` is to be published.
 *
 * @param last What was published last; undefined before the first time
 * @param waitedMs Since then
 */
export function isDue(now: PowerState, last: PowerState | undefined, waitedMs: number): boolean {
  if (!last || URGENT.some((key) => now[key] !== last[key])) return true;
  if (waitedMs >= heartbeatMs(now.link)) return true;
  return waitedMs >= GATHER_MS && withoutTimes(now) !== withoutTimes(last);
}

/** How long a state may stand before it is published again unchanged, ms. */
export function heartbeatMs(link: PowerState["link"]): number {
  return link === "live" ? HEARTBEAT_MS : QUIET_HEARTBEAT_MS;
}

/** Everything but times and ages. */
function withoutTimes({ ts: _ts, age_s: _a, grid_age_s: _g, soc_age_s: _s, ...rest }: PowerState): string {
  return JSON.stringify(rest);
}
