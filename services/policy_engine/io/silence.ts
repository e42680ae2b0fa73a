/** What was last known of a station that is not heard, since when, and why it is silent, as far as anybody can tell. Pure. */
import type { CloudStatus } from "../../../lib/messages/cloud_status.ts";
import type { Charge } from "../outage/blind/blind_estimate.ts";
import type { StationState } from "../outage/station.ts";
import { chargeWords } from "../outage/triggers.ts";

/** What is known of the way from the station to us. */
export interface Ways {
  /** Our broker can be reached. */
  readonly isBrokerUp: boolean;
  /** Absent: nobody said. */
  readonly cloud?: CloudStatus["link"];
}

/** A part of a sentence: "our broker cannot be reached" …; the nearest cause first. */
export function silenceReason({ link }: Pick<StationState, "link">, { isBrokerUp, cloud }: Ways): string {
  if (!isBrokerUp) return "the local broker cannot be reached";
  switch (cloud) {
    case "down":
    case "connecting":
      return "EcoFlow's cloud cannot be reached, perhaps the internet is gone";
    case "refused":
      return "EcoFlow's cloud refuses us";
    case "off":
      return "the cloud is switched off, and neither a cable nor anybody else speaks for the station";
  }
  if (link === "offline") return "the cloud says that the station is offline";
  return cloud === "up" ? "the cloud is there, but nothing comes from the station" : "nobody knows why";
}

/** A duration in the words of a sentence: `9 s`, `2 min`. */
export function ageWords(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** Whether the grid is only known from before: its last reading is old, or it says itself that the way to the station is broken. */
export function isGridPast({ verdict, link = "live" }: StationState): boolean {
  if (!verdict || verdict.isOld) return verdict !== undefined;
  return verdict.by === "station" && link !== "live";
}

/**
 * The charge as a part of a sentence, with the sign that joins it: `, charge of 71 %`, `; the charge was 71 %, 3 min ago`.
 *
 * @param known The charge that may be shown now; absent: none may
 */
export function joinedCharge(known: Charge | undefined, state: StationState, nowMonoMs: number): string {
  const reading = state.readings.socPercent;
  const isPast = reading !== undefined && state.verdict?.connected !== false &&
    (!known || (state.link ?? "live") !== "live");
  if (isPast) {
    const percent = Math.floor(reading.value * 10) / 10;
    const age = reading.isFromBefore ? "before the restart" : `${ageWords(nowMonoMs - reading.atMonoMs)} ago`;
    return `; the charge was ${percent} %, ${age}`;
  }
  return known ? `, ${chargePart(known)}` : "; nobody has told the charge yet";
}

/** `charge of 71 %`, `estimated charge of 60 %`; absent: nobody ever told one. */
export function chargePart(known: Charge | undefined): string {
  if (!known) return "a charge that nobody has told yet";
  if (known.isTooOld) return "a charge that nobody has told for too long to estimate it";
  return chargeWords(known).replace("the ", "");
}
