/** How a simulated power station behaves: its charge follows grid, load and time. Pure but for its own state. */
import { IDLE_ON_GRID, type StationValues } from "../../proto/encode_station.ts";
import type { SimulatedStation } from "./scenario.ts";

/** Charging power while the grid is there and the battery is not full, W. */
const CHARGE_WATTS = 200;
/** What the station's own electronics draw from the battery, W. */
const OWN_USE_WATTS = 3;

/** See the file comment. Times are seconds of the simulation. */
export class StationModel {
  #socPercent: number;
  #gridPresent = true;
  #drainPercentPerMin: number | undefined;
  #atSec = 0;

  constructor(readonly station: SimulatedStation) {
    this.#socPercent = station.socPercent;
  }

  /** The grid comes or goes. */
  setGrid(present: boolean): void {
    this.#gridPresent = present;
  }

  /** The charge jumps, as if time had passed. */
  setSoc(percent: number): void {
    this.#socPercent = percent;
  }

  /** The charge falls at this rate while the grid is gone, whatever the load. */
  setDrain(percentPerMin: number): void {
    this.#drainPercentPerMin = percentPerMin;
  }

  /** What the station measures at a moment that is not before the last one. */
  at(nowSec: number): StationValues {
    const passedSec = nowSec - this.#atSec;
    this.#atSec = nowSec;
    const { batteryWh } = this.station;
    if (!this.#gridPresent) {
      const drawWatts = this.station.loadWatts + OWN_USE_WATTS;
      const perMin = this.#drainPercentPerMin ?? (drawWatts / batteryWh) * 100 / 60;
      this.#socPercent = Math.max(0, this.#socPercent - perMin * passedSec / 60);
    }
    if (this.#isCharging()) {
      this.#socPercent = Math.min(
        100,
        this.#socPercent + (CHARGE_WATTS / batteryWh) * 100 * passedSec / 3600,
      );
    }
    return this.now();
  }

  /** What it measured at the last moment; time does not move. */
  now(): StationValues {
    const { loadWatts, batteryWh } = this.station;
    const drawWatts = loadWatts + OWN_USE_WATTS;
    const isCharging = this.#isCharging();
    const soc = Math.round(this.#socPercent * 100) / 100;
    return {
      ...IDLE_ON_GRID,
      socPercent: soc,
      gridPresent: this.#gridPresent,
      acOutWatts: loadWatts,
      acInWatts: this.#gridPresent ? loadWatts + OWN_USE_WATTS + (isCharging ? CHARGE_WATTS : 0) : 0,
      dischargeMin: Math.round(soc / 100 * batteryWh / drawWatts * 60),
      chargeMin: isCharging ? Math.round((100 - soc) / 100 * batteryWh / CHARGE_WATTS * 60) : 0,
    };
  }
  #isCharging(): boolean {
    return this.#gridPresent && this.#socPercent < 100;
  }
}
