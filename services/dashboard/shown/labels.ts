/** The page's own words: one line for the state of a station, one for each host. Pure. */
import type { HostView, HouseView, StationView } from "../page_contract.ts";
import { freshnessOf, isPolicyLive, type Surroundings } from "./freshness.ts";
import type { Reader } from "./reader.ts";
import type { TextKey } from "./texts/texts.ts";

/** How a thing is to be seen: colour and sign follow from it. */
export type Tone = "well" | "battery" | "danger" | "unknown";

/** A state in a few words. */
export interface Headline {
  readonly tone: Tone;
  /** A whole line, and one for a place with little room. */
  readonly key: TextKey;
  readonly shortKey: TextKey;
}

/** The one glance: is the grid there, or what is happening. What is old is never said as if it were so now. */
export function headline(house: HouseView, station: StationView, now: Surroundings): Headline {
  const { policy, grid } = station;
  const say = (tone: Tone, key: TextKey, shortKey: TextKey): Headline => ({ tone, key, shortKey });
  const isDecided = isPolicyLive(house, station, now);
  const state = isDecided ? policy?.state : undefined;
  if (state === "shutting_down") return say("danger", "shutting_down", "short_shutting_down");
  if (state === "critical") return say("danger", "critical", "short_critical");
  if (state === "recovery") return say("battery", "recovery", "short_recovery");
  if (grid && freshnessOf(grid, house, station, now) === "live") {
    return grid.connected
      ? say("well", "grid_there", "short_grid")
      : say("battery", "grid_gone", "short_battery");
  }
  if (station.is_grid_unknown) {
    // What a witness says, or an outage that goes on, is the policy's to say.
    if (state === "online") return say("well", "grid_by_witness", "short_grid");
    if (state === "on_battery") return say("battery", "on_battery_likely", "short_battery");
    return say("unknown", "grid_untold", "short_untold");
  }
  if (!grid) return say("unknown", "grid_never_told", "short_untold");
  return say("unknown", "not_known_now", "not_known_now");
}

/** A host's or a drill's state in words. */
export interface HostWords {
  readonly tone: Tone;
  readonly text: string;
}

/** Whether a host that is online would be shut down in time; undefined: what is said of hosts is not live. */
export type Protection = "yes" | "station_silent" | "no" | undefined;

/** Judges it by what the policy of the host's station sees now. */
export function protectionOf(house: HouseView, station: StationView, now: Surroundings): Protection {
  const { policy } = station;
  if (!policy || !isPolicyLive(house, station, now)) return undefined;
  if (policy.state === "unknown") return "no";
  // On battery the policy goes on with an estimate; before, a silent station begins no outage.
  return policy.is_blind && policy.state === "online" ? "station_silent" : "yes";
}

/** What a host's state means for its owner. @param off When it switches off, if it said so and that is still ahead */
export function hostWords(
  reader: Reader,
  host: HostView,
  protection: Protection,
  off?: { readonly inS: number; readonly atMs: number },
): HostWords {
  const say = (tone: Tone, key: TextKey): HostWords => ({ tone, text: reader.say(key) });
  if (protection === undefined) return say("unknown", "host_unknown_now");
  if (host.is_rehearsing && host.state === "online") return say("battery", "host_rehearsing_online");
  if (host.is_rehearsing && host.state === "offline") return say("battery", "host_rehearsing_offline");
  const isGoing = host.state === "accepted" || host.state === "shutting_down";
  if (isGoing && off) {
    const parts = { time: reader.time(off.atMs), left: reader.countdown(off.inS) };
    return { tone: "danger", text: reader.say("host_off_at", parts) };
  }
  switch (host.state) {
    case "online":
      if (protection === "no") return say("battery", "host_online_unprotected");
      return protection === "yes" ? say("well", "host_online") : say("battery", "host_online_silent");
    case "offline":
      return say("battery", "host_offline");
    case "sending":
      return say("danger", "host_sending");
    case "told":
      return say("danger", "host_told");
    case "accepted":
      return say("danger", "host_accepted");
    case "shutting_down":
      return say("danger", "host_shutting_down");
    case "down":
      return say("unknown", "host_down");
    case "rejected":
      return say("danger", "host_rejected");
    default:
      return say("unknown", "host_never");
  }
}

/** How a host did in its last drill. */
export function drillWords(reader: Reader, { state }: NonNullable<HostView["last_drill"]>): HostWords {
  switch (state) {
    case "done":
      return { tone: "well", text: reader.say("drill_ready") };
    case "waiting":
    case "accepted":
      return { tone: "unknown", text: reader.say("drill_running") };
    case "silent":
      return { tone: "danger", text: reader.say("drill_silent") };
    default:
      return { tone: "danger", text: state };
  }
}
