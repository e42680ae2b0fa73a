/**
 * Charge and runtime of one UPS as they may be said now, and which of them are estimates. Pure.
 *
 * On battery both are said or neither: clients with limits of their own, as WinNUT, count a missing value as an empty
 * battery and would shut down at once. What the station does not say, the policy's estimate stands in for.
 */
import type { PowerState } from "../../../lib/messages/power_state.ts";
import type { StationView } from "./station.ts";

/** See the file comment; a value that may not be said is absent. */
export interface BatteryValues {
  /** %, not rounded. */
  readonly chargePercent?: number;
  readonly isChargeEstimated: boolean;
  readonly runtimeSec?: number;
  readonly isRuntimeEstimated: boolean;
}

const NOTHING: BatteryValues = { isChargeEstimated: false, isRuntimeEstimated: false };

/** What may be said of the battery. */
export function batteryValues(view: StationView): BatteryValues {
  if (view.kind !== "live" && view.kind !== "estimated") return NOTHING;
  const said = view.kind === "live" ? view.state : undefined;
  const charge = chargePercent(view);
  const saidSec = said && runtimeSeconds(said);
  if (view.kind === "live" && view.gridConnected) {
    return { ...NOTHING, chargePercent: charge, runtimeSec: saidSec };
  }
  const minutesLeft = view.reckoned?.minutesLeft;
  const runtimeSec = saidSec ?? (minutesLeft === undefined ? undefined : Math.floor(minutesLeft * 60));
  if (charge === undefined || runtimeSec === undefined) return NOTHING;
  return {
    chargePercent: charge,
    isChargeEstimated: said?.soc === undefined,
    runtimeSec,
    isRuntimeEstimated: saidSec === undefined,
  };
}

/** The charge to judge by, %: what the station says, on battery else what the policy reckons; undefined: nobody knows. */
export function chargePercent(view: StationView): number | undefined {
  switch (view.kind) {
    case "live":
      return view.state.soc ?? view.reckoned?.socPercent;
    case "estimated":
      return view.reckoned.socPercent;
    default:
      return undefined;
  }
}

/** The variables that are no measurement of the station, by their names. */
export function estimatedNames(view: StationView): ReadonlySet<string> {
  const { isChargeEstimated, isRuntimeEstimated } = batteryValues(view);
  return new Set([
    ...(isChargeEstimated ? ["battery.charge"] : []),
    ...(isRuntimeEstimated ? ["battery.runtime"] : []),
  ]);
}

/**
 * NUT counts in seconds, the station in minutes. A station that says 0 minutes while it has charge has not begun to
 * count; clients with a limit of their own would shut down on it.
 */
function runtimeSeconds(
  { discharge_min, discharge_min_doubtful, soc }: Pick<
    PowerState,
    "discharge_min" | "discharge_min_doubtful" | "soc"
  >,
): number | undefined {
  if (discharge_min === undefined || discharge_min_doubtful || (discharge_min === 0 && soc !== 0)) {
    return undefined;
  }
  return Math.floor(discharge_min * 60);
}
