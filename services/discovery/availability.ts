/** When an entity counts as available: the daemon is there, its services work, and the station is live. Pure. */
import type { Topics } from "../../lib/mqtt/topics.ts";
import type { Availability } from "./payload.ts";

/**
 * What the service says of a station on a topic of its own, retained. `live`: fresh messages come, and the link is live.
 * `heard`: messages come, but the station is not live. `silent`: nobody speaks of it, so whatever the broker keeps is old.
 */
export type Standing = "live" | "heard" | "silent";

/** The daemon is there, and none of `services` is said to be anything but ready. */
export function daemonIsThere(topics: Topics, services: readonly string[] = []): Availability {
  const ready = services.map((name) =>
    ` and ((value_json.services | default({})).${name} | default({})).state | default('ready') == 'ready'`
  );
  const online = "value_json is defined and value_json.online | default(false) == true";
  return {
    topic: topics.orchestratorStatus,
    value_template: `{{ 'online' if ${online}${ready.join("")} else 'offline' }}`,
  };
}

/** What the station says of itself: `link` is live. A state without `link` counts as live when it arrives. */
export function linkIsLive(topics: Topics, device: string): Availability {
  const live = "value_json is defined and value_json.link | default('live') == 'live'";
  return { topic: topics.state(device), value_template: `{{ 'online' if ${live} else 'offline' }}` };
}

/** What this service itself heard: a state that the broker only keeps never counts. */
export function standsAs(topics: Topics, id: string, wanted: "live" | "heard"): Availability {
  const says = wanted === "live" ? "value == 'live'" : "value == 'live' or value == 'heard'";
  return { topic: topics.shownStanding(id), value_template: `{{ 'online' if ${says} else 'offline' }}` };
}

/** Seconds between two messages of a live station at most, with a margin for a busy machine. */
const LIVE_PACE_SEC = 35;
/** The same for a station that is not live. */
const QUIET_PACE_SEC = 150;

/**
 * After how many seconds without a message a station is silent.
 *
 * @param link The link that it last had; absent: somebody else feeds its state, at a pace that we do not know
 */
export function silentAfterSec(
  link: "live" | "stale" | "offline" | undefined,
  staleAfterSec: number,
): number {
  if (link === undefined) return staleAfterSec;
  return link === "live" ? Math.min(LIVE_PACE_SEC, staleAfterSec) : QUIET_PACE_SEC;
}

/** How long diagnostic values of a station stand in Home Assistant without a new message, s. */
export const DIAGNOSTIC_EXPIRY_SEC = 180;
