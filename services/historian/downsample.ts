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

/** What a year is told in, made from quarter hours when it is asked for: six hours, s. */
export const COARSE_STEP_SEC = 21_600;

/** Rows of one device in a coarser resolution: means by the time that each row knows, least and most of all. Oldest first. */
export function coarser(rows: readonly HistorySample[], stepSec: number): HistorySample[] {
  const byTime = new Map<number, HistorySample[]>();
  for (const row of rows) {
    const at = Math.floor(row.at_s / stepSec) * stepSec;
    const known = byTime.get(at);
    if (known) known.push(row);
    else byTime.set(at, [row]);
  }
  return [...byTime].toSorted(([a], [b]) => a - b).map(([at_s, parts]) => {
    type Read = (row: HistorySample) => number | undefined;
    const known = (read: Read) =>
      parts.flatMap((row) => {
        const value = read(row);
        return value === undefined ? [] : [{ value, seconds: row.seconds }];
      });
    const mean = (read: Read, per = 1) => {
      const values = known(read);
      const seconds = values.reduce((sum, one) => sum + one.seconds, 0);
      if (seconds === 0) return undefined;
      const area = values.reduce((sum, one) => sum + one.value * one.seconds, 0);
      return Math.round(area / seconds * per) / per;
    };
    const end = (read: Read, pick: (...values: number[]) => number) => {
      const values = known(read).map(({ value }) => value);
      return values.length === 0 ? undefined : pick(...values);
    };
    return {
      at_s,
      seconds: parts.reduce((sum, { seconds }) => sum + seconds, 0),
      soc: mean((row) => row.soc, 10),
      soc_min: end((row) => row.soc_min, Math.min),
      in_watts: mean((row) => row.in_watts),
      in_watts_max: end((row) => row.in_watts_max, Math.max),
      ac_in_watts: mean((row) => row.ac_in_watts),
      dc_in_watts: mean((row) => row.dc_in_watts),
      out_watts: mean((row) => row.out_watts),
      out_watts_max: end((row) => row.out_watts_max, Math.max),
      grid_percent: mean((row) => row.grid_percent),
    };
  });
}

/** The finest resolution that shows this span in at most about 2,200 rows, and of which the first row is still kept. Wall times, ms. */
export function stepFor(fromMs: number, toMs: number, nowMs: number): StepSec {
  const [hours, ageDays] = [(toMs - fromMs) / 3_600_000, (nowMs - fromMs) / 86_400_000];
  if (hours <= 6 && ageDays <= KEPT_DAYS[10]) return 10;
  return hours <= 36 && ageDays <= KEPT_DAYS[60] ? 60 : 900;
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
