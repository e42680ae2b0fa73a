/** A power station as simple as can be: energy goes out while the grid is away and comes in while it is there. */
import type { PowerState } from "../../../lib/messages/power_state.ts";
import type { Draw } from "./random.ts";

/** How much the station says of itself. */
export type Talk = "all" | "load" | "charge";

/** See the file comment. Times are seconds of the world. */
export class ReferenceStation {
  /** %, exact. */
  percent: number;
  readonly wh: number;
  /** Grid changes: at these seconds it goes, comes, goes … */
  readonly flips: readonly number[];
  readonly talk: Talk;
  readonly floorPercent: number;
  readonly #baseWatts: number;
  readonly #phase: number;
  /** When its outputs went dark, or undefined. */
  endedSec: number | undefined;

  constructor(readonly name: string, draw: Draw, lengthSec: number) {
    this.percent = draw.between(12, 100);
    this.wh = draw.scale(200, 5000);
    this.talk = draw.one(["all", "all", "load", "charge"]);
    this.floorPercent = draw.chance(0.2) ? draw.one([5, 10, 20]) : 0;
    // From full to empty in 25 minutes to 10 hours; an hour at least when it does not tell its load, because nobody can
    // know of a faster fall before it is measured.
    this.#baseWatts = this.wh / draw.scale(this.talk === "charge" ? 1 : 25 / 60, 10);
    this.#phase = draw.between(0, 6);
    const lostSec = draw.between(60, 600);
    const flips = [lostSec];
    if (draw.chance(0.3)) flips.push(lostSec + draw.between(1, 60), lostSec + draw.between(90, 600));
    if (draw.chance(0.5)) flips.push((flips.at(-1) ?? 0) + draw.between(60, lengthSec));
    if (draw.chance(0.4)) flips.push((flips.at(-1) ?? 0) + draw.between(10, 1200));
    this.flips = flips;
  }

  hasGrid(atSec: number): boolean {
    return this.flips.filter((flip) => flip <= atSec).length % 2 === 0;
  }

  /** Loads wander by a tenth up and down. */
  watts(atSec: number): number {
    return this.#baseWatts * (1 + 0.1 * Math.sin(atSec / 700 + this.#phase));
  }

  /** Lets time pass. */
  pass(fromSec: number, toSec: number): void {
    const hours = (toSec - fromSec) / 3600;
    if (this.hasGrid(fromSec)) {
      this.percent = Math.min(100, this.percent + 20 * hours);
      return;
    }
    this.percent = Math.max(0, this.percent - this.watts(fromSec) * hours / this.wh * 100);
    if (this.percent <= this.floorPercent) this.endedSec ??= toSec;
  }

  /** Minutes until its outputs go dark, with the load as it is. */
  minutesLeft(atSec: number): number {
    return Math.max(0, this.percent - this.floorPercent) / 100 * this.wh / this.watts(atSec) * 60;
  }

  /** How long the charge takes to fall by a point, s. */
  secondsPerPoint(atSec: number): number {
    return this.wh / 100 / this.watts(atSec) * 3600;
  }

  /** When the grid went last; before all when it never did. */
  lostSec(atSec: number): number {
    return this.flips.filter((flip, i) => i % 2 === 0 && flip <= atSec).at(-1) ?? -Infinity;
  }

  /** What the cloud would tell of it now. */
  state(atSec: number): PowerState {
    const isOnBattery = !this.hasGrid(atSec);
    const outWatts = this.watts(atSec);
    const leftMin = this.minutesLeft(atSec);
    return {
      device: this.name,
      soc: Math.round(this.percent * 10) / 10,
      grid_connected: !isOnBattery,
      min_soc: this.floorPercent,
      ...(this.talk === "charge" ? {} : { out_watts: Math.round(outWatts), battery_wh: Math.round(this.wh) }),
      ...(this.talk === "all" ? { discharge_min: isOnBattery ? Math.floor(leftMin) : 0 } : {}),
    };
  }
}
