/** The page's own words: one line for the state of a station, one for each host. Pure. */
import type { HostView, HouseView, StationView } from "../page_contract.ts";
import { ago } from "./format.ts";
import { ageNow, freshnessOf, isPolicyLive, type Surroundings } from "./freshness.ts";

/** How a thing is to be seen: colour and sign follow from it. */
export type Tone = "well" | "battery" | "danger" | "unknown";

/** A state in a few words. */
export interface Headline {
  readonly tone: Tone;
  readonly text: string;
}

/** The one glance: is the grid there, or what is happening. What is old is never said as if it were so now. */
export function headline(house: HouseView, station: StationView, now: Surroundings): Headline {
  const { policy, grid } = station;
  const isDecided = isPolicyLive(house, station, now);
  if (isDecided && policy?.state === "shutting_down") return { tone: "danger", text: "Shutting hosts down" };
  if (isDecided && policy?.state === "critical") {
    return { tone: "danger", text: "The battery is running out" };
  }
  if (isDecided && policy?.state === "recovery") return { tone: "battery", text: "The danger is over" };
  if (grid && freshnessOf(grid, house, station, now) === "live") {
    return grid.connected
      ? { tone: "well", text: "The grid is there" }
      : { tone: "battery", text: "The grid is gone: on battery" };
  }
  if (station.is_grid_unknown) {
    // What a witness says, or an outage that goes on, is the policy's to say.
    if (isDecided && policy?.state === "online") {
      return { tone: "well", text: "The grid is there, says a witness" };
    }
    if (isDecided && policy?.state === "on_battery") {
      return { tone: "battery", text: "On battery, as far as is known" };
    }
    return { tone: "unknown", text: "The station does not tell any more whether the grid is there" };
  }
  if (!grid) return { tone: "unknown", text: "Nobody has said whether the grid is there" };
  const age = ago(ageNow(grid.age_s, now));
  return {
    tone: "unknown",
    text: `Not known now. Last reading: grid ${grid.connected ? "there" : "gone"}, ${age}`,
  };
}

/** What a host's state means for its owner. */
export function hostWords(host: HostView, isLive: boolean): Headline {
  if (!isLive) return { tone: "unknown", text: "not known now" };
  if (host.is_rehearsing && ["online", "offline"].includes(host.state)) {
    return { tone: "battery", text: `${host.state}, but only rehearsing` };
  }
  switch (host.state) {
    case "online":
      return { tone: "well", text: "online and protected" };
    case "offline":
      return { tone: "battery", text: "offline" };
    case "told":
      return { tone: "danger", text: "told to shut down" };
    case "accepted":
      return { tone: "danger", text: "is preparing to shut down" };
    case "shutting_down":
      return { tone: "danger", text: "is shutting down" };
    case "down":
      return { tone: "unknown", text: "is down, as it was told" };
    case "rejected":
      return { tone: "danger", text: "refused to shut down" };
    default:
      return { tone: "unknown", text: "never heard of yet" };
  }
}

/** How a host did in its last drill. */
export function drillWords(drill: NonNullable<HostView["last_drill"]>): Headline {
  switch (drill.state) {
    case "done":
      return { tone: "well", text: "ready" };
    case "waiting":
    case "accepted":
      return { tone: "unknown", text: "drill is running" };
    case "silent":
      return { tone: "danger", text: "did not answer" };
    default:
      return { tone: "danger", text: drill.state };
  }
}
