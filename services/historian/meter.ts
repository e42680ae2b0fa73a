/** Measures one station between two looks. Pure: times are handed in. */
import { addTotals, type Moment, NO_TOTALS, type Totals, totalsOf } from "./totals.ts";

/** A reading holds for so long and no longer, ms: live states come at least every 10 s. */
export const HOLD_MS = 30_000;

/** See the file comment. Times are monotonic. */
export class Meter {
  #moment: Moment | undefined;
  #heardMonoMs = 0;
  #countedMonoMs = 0;
  #totals: Totals = NO_TOTALS;

  /** A live reading, or undefined: what was known holds no more. */
  note(moment: Moment | undefined, monoMs: number): void {
    this.#count(monoMs);
    this.#moment = moment;
    this.#heardMonoMs = monoMs;
    this.#countedMonoMs = monoMs;
  }

  /** What was measured since the last cut. */
  cut(monoMs: number): Totals {
    this.#count(monoMs);
    const totals = this.#totals;
    this.#totals = NO_TOTALS;
    return totals;
  }

  #count(monoMs: number): void {
    const untilMs = Math.min(monoMs, this.#heardMonoMs + HOLD_MS);
    const seconds = (untilMs - this.#countedMonoMs) / 1000;
    if (this.#moment && seconds > 0) this.#totals = addTotals(this.#totals, totalsOf(this.#moment, seconds));
    this.#countedMonoMs = Math.max(this.#countedMonoMs, untilMs);
  }
}
