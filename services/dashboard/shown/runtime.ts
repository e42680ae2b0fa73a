/** How long the battery would last, and when it is full. Pure. */
import type { StationView } from "../page_contract.ts";

/** An estimate, and what it rests on. */
export interface Runtime {
  readonly seconds: number;
  readonly basis: "by_station" | "by_load";
}

/** What an inverter leaves of the battery's energy. */
const EFFICIENCY = 0.85;
/** Less than this goes into a battery that is kept full, W. */
const CHARGES_FROM_W = 5;
/** Stations say a longer time when nothing goes in, min. */
const MOST_CHARGE_MIN = 2 * 24 * 60;

/**
 * On battery the station's own word holds; else it is reckoned from charge and load, down to the station's own limit.
 *
 * @param isGridLive False: nobody knows now whether it is on battery; what stations say on the grid is no word on that
 * @returns undefined when nobody can tell
 */
export function runtimeOf(station: StationView, isGridLive: boolean): Runtime | undefined {
  const { grid, soc, battery_wh, out_watts, discharge_min, min_soc_percent = 0 } = station;
  if (isGridLive && grid?.connected === false && discharge_min !== undefined && discharge_min > 0) {
    return { seconds: discharge_min * 60, basis: "by_station" };
  }
  if (!soc || battery_wh === undefined || out_watts === undefined || out_watts < 1) return undefined;
  const usableWh = battery_wh * Math.max(0, soc.percent - min_soc_percent) / 100 * EFFICIENCY;
  return { seconds: usableWh / out_watts * 3600, basis: "by_load" };
}

/**
 * Seconds until it is full, as the station says.
 *
 * @returns undefined while no more goes in than out, when it is full, and when the station does not say it
 */
export function fullInSeconds(station: StationView): number | undefined {
  const { soc, ac_in_watts, dc_in_watts, out_watts, charge_min } = station;
  if (!soc || soc.percent >= 99.5 || out_watts === undefined || charge_min === undefined) return undefined;
  if (ac_in_watts === undefined && dc_in_watts === undefined) return undefined;
  const isCharging = (ac_in_watts ?? 0) + (dc_in_watts ?? 0) - out_watts >= CHARGES_FROM_W;
  return isCharging && charge_min > 0 && charge_min <= MOST_CHARGE_MIN ? charge_min * 60 : undefined;
}
