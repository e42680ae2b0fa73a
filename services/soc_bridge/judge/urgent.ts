/** Which changes of a state are published at once. Pure. */
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { own } from "../../../lib/own.ts";

/** Keys whose change somebody may act upon. */
const URGENT = ["soc", "grid_connected", "grid_unconfirmed", "grid_unknown", "link"] as const;

/** What of a state is published at once when it changes; absent values are unknown, as there. */
export type Urgent = Pick<PowerState, typeof URGENT[number]>;

/** Whether something changed that somebody may act upon. */
export function isUrgentNews(now: Urgent, last: Urgent): boolean {
  return URGENT.some((key) => own(now, key) !== own(last, key));
}
