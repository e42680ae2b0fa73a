/** The tokens of `ups.status`: only those that every client knows, because an unknown one disarms clients. Pure. */
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { chargePercent } from "./battery_values.ts";
import type { StationView } from "./station.ts";

/** The tokens that are ever said; a part of the protocol's list. */
export type StatusToken = "OL" | "OB" | "LB" | "CHRG" | "DISCHRG" | "FSD";

/** How a forced shutdown came about: `policy` decided, or the host's own primary client asked for it. */
export type FsdCause = "policy" | "client";

/** Watts between input and output that are no charging, only the station's own need. */
const OWN_NEED_WATTS = 20;

/**
 * The tokens, in the order in which they are said; undefined when nothing may be said.
 *
 * The policy's forced shutdown is always `FSD OB LB` together: Synology and TrueNAS do not act on FSD alone. `LB` is
 * never said earlier but at the last resort `lowBatteryPercent`: clients shut down on `OB LB` by themselves, which
 * would take the decision from the policy. `OFF` is never said: a client that can ask has power, and some clients
 * take the token as an order to switch off.
 */
export function statusTokens(
  view: StationView,
  { fsd, lowBatteryPercent }: { readonly fsd?: FsdCause; readonly lowBatteryPercent: number },
): readonly StatusToken[] | undefined {
  if (fsd === "policy") {
    return [
      "FSD",
      "OB",
      "LB",
      ...batteryUse(view).filter((token) => token === "DISCHRG"),
    ];
  }
  if (view.kind === "stale" || view.kind === "never") return undefined;
  const socPercent = chargePercent(view);
  const isOnline = view.kind === "live" && view.gridConnected;
  const isLow = !isOnline && socPercent !== undefined && socPercent <= lowBatteryPercent;
  return [
    ...(fsd ? ["FSD"] as const : []),
    isOnline ? "OL" : "OB",
    ...(isLow ? ["LB"] as const : []),
    ...batteryUse(view),
  ];
}

/** What the battery does: `charging`, `discharging`, `resting`; undefined when that is not known. */
export function chargerStatus(view: StationView): "charging" | "discharging" | "resting" | undefined {
  if (view.kind === "estimated") return "discharging";
  if (view.kind !== "live") return undefined;
  const surplus = surplusWatts(view.state);
  if (!view.gridConnected) {
    return surplus !== undefined && surplus > OWN_NEED_WATTS ? "charging" : "discharging";
  }
  const { soc, max_soc = 100 } = view.state;
  if (surplus === undefined || soc === undefined) return undefined;
  return surplus > OWN_NEED_WATTS && soc < max_soc ? "charging" : "resting";
}

function batteryUse(view: StationView): readonly StatusToken[] {
  switch (chargerStatus(view)) {
    case "charging":
      return ["CHRG"];
    case "discharging":
      return ["DISCHRG"];
    default:
      return [];
  }
}

/** What goes in beyond what goes out, W; undefined when not all of it is known. */
function surplusWatts({ ac_in_watts, dc_in_watts, out_watts }: PowerState): number | undefined {
  if (ac_in_watts === undefined || out_watts === undefined) return undefined;
  return ac_in_watts + (dc_in_watts ?? 0) - out_watts;
}
