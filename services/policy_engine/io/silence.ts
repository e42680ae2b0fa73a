/** Why a station is not heard, as far as anybody can tell. Pure. */
import type { CloudStatus } from "../../../lib/messages/cloud_status.ts";
import type { StationState } from "../outage/station.ts";

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
      return "the cloud is switched off and nobody else feeds the station's state";
  }
  if (link === "offline") return "the cloud says that the station is offline";
  return cloud === "up" ? "the cloud is there, but nothing comes from the station" : "nobody knows why";
}
