/** Cuts a stream of short totals into rows of 10 s, 1 min and 15 min. Pure. */
import type { HistorySample } from "../../lib/messages/history_answer.ts";
import { addTotals, averageOf, type Totals } from "./totals.ts";

/** The resolutions, s. */
export const STEPS_SEC = [10, 60, 900] as const;

/** One resolution. */
export type StepSec = typeof STEPS_SEC[number];

/** How long rows of each resolution are kept at most, days; quarter hours as long as the owner wants. */
export const KEPT_DAYS: Readonly<Record<Exclude<StepSec, 900>, number>> = { 10: 2, 60: 30 };

/** The totals of one device over `stepSec` from `atSec`. */
export interface SampleRow {
  readonly device: string;
  readonly stepSec: StepSec;
  /** s since 1970, a multiple of `stepSec`. */
  readonly atSec: number;
  readonly totals: Totals;
}

/** See the file comment. */
export class Downsampler {
  readonly #open = new Map<string, SampleRow>();

  /** Takes what a device measured just before `wallSec`. @returns the rows that are complete by it */
  add(device: string, wallSec: number, totals: Totals): SampleRow[] {
    const done: SampleRow[] = [];
    for (const stepSec of STEPS_SEC) {
      const key = `${stepSec} ${device}`;
      // What ends at a boundary belongs before it.
      const atSec = Math.floor((wallSec - 0.001) / stepSec) * stepSec;
      const open = this.#open.get(key);
      if (open && open.atSec !== atSec) done.push(open);
      const before = open?.atSec === atSec ? open.totals : undefined;
      if (totals.seconds === 0 && !before) this.#open.delete(key);
      else {
        this.#open.set(key, {
          device,
          stepSec,
          atSec,
          totals: before ? addTotals(before, totals) : totals,
        });
      }
    }
    return done;
  }

  /** Everything that is begun, for the end. */
  rest(): SampleRow[] {
    return [...this.#open.values()];
  }
}

/** The finest resolution that shows this span in at most about 2,200 rows and is still kept. */
export function stepFor(fromMs: number, toMs: number): StepSec {
  const hours = (toMs - fromMs) / 3_600_000;
  return hours <= 6 ? 10 : hours <= 36 ? 60 : 900;
}

/** A row as it is told and kept: charges to a tenth of a percent, the rest as whole numbers; absent: not known. */
export function sampleOf(
  { atSec, totals: { seconds, soc, inWatts, acInWatts, dcInWatts, outWatts, grid } }: SampleRow,
): HistorySample {
  const rounded = (value: number | undefined, per = 1) =>
    value === undefined ? undefined : Math.round(value * per) / per;
  return {
    at_s: atSec,
    seconds: Math.round(seconds),
    soc: rounded(averageOf(soc), 10),
    soc_min: rounded(soc?.min, 10),
    in_watts: rounded(averageOf(inWatts)),
    in_watts_max: rounded(inWatts?.max),
    ac_in_watts: rounded(averageOf(acInWatts)),
    dc_in_watts: rounded(averageOf(dcInWatts)),
    out_watts: rounded(averageOf(outWatts)),
    out_watts_max: rounded(outWatts?.max),
    grid_percent: rounded(averageOf(grid) === undefined ? undefined : (averageOf(grid) ?? 0) * 100),
  };
}
