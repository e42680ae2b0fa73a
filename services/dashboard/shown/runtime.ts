/** How long the battery would last. Pure. */
import type { StationView } from "../page_contract.ts";

/** An estimate, and what it rests on. */
export interface Runtime {
  readonly seconds: number;
  readonly basis: string;
}

/** What an inverter leaves of the battery's energy. */
const EFFICIENCY = 0.85;

/**
 * On battery the station's own word holds; else it is reckoned from charge and load, down to the station's own limit.
 *
 * @param isGridLive False: nobody knows now whether it is on battery; what stations say on the grid is no word on that
 * @returns undefined when nobody can tell
 */
export function runtimeOf(station: StationView, isGridLive: boolean): Runtime | undefined {
  const { grid, soc, battery_wh, out_watts, discharge_min, min_soc_percent = 0 } = station;
  if (isGridLive && grid?.connected === false && discharge_min !== undefined && discharge_min > 0) {
    return { seconds: discharge_min * 60, basis: "as the station says" };
  }
  if (!soc || battery_wh === undefined || out_watts === undefined || out_watts < 1) return undefined;
  const usableWh = battery_wh * Math.max(0, soc.percent - min_soc_percent) / 100 * EFFICIENCY;
  return {
    seconds: usableWh / out_watts * 3600,
    basis: `with the present load of ${Math.round(out_watts)} W`,
  };
}
