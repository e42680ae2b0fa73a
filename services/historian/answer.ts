/** Answers a query from the store. */
import type { HistoryAnswer, HistoryEnergy, HistorySample } from "../../lib/messages/history_answer.ts";
import type { HistoryQuery } from "../../lib/messages/history_query.ts";
import { MAX_JSON_BYTES } from "../../lib/messages/parse.ts";
import { COARSE_STEP_SEC, coarser, sampleOf, type SampleRow, stepFor } from "./downsample.ts";
import { type EnergyDelta, localDay } from "./energy.ts";
import type { Range } from "./read_rows.ts";
import type { Store } from "./store.ts";

/** Rows of one answer at most. */
const LIMITS = { samples: 1500, events: 250, energy: 1000, outages: 500 } as const;
/** What the rows of one answer may take, bytes: whoever reads it takes {@link MAX_JSON_BYTES}, and its head needs some. */
const ROOM_BYTES = MAX_JSON_BYTES - 2048;

/** What a question is answered with besides the store. */
export interface AnswerParts {
  /** Rows that are not written yet, oldest first, the ones that are not full among them. */
  readonly samples: readonly SampleRow[];
  /** Energy that is not written yet. */
  readonly energy: readonly EnergyDelta[];
  /** Wall time, ms since 1970. */
  readonly nowMs: number;
}

/** The answer; an error in it when there is no store, or the question makes no sense. */
export function answerQuery(
  query: HistoryQuery,
  store: Store | undefined,
  waiting: AnswerParts,
): HistoryAnswer {
  const { id, kind, device, from_ms: fromMs, to_ms: toMs, after, newest } = query;
  const refuse = (error: string): HistoryAnswer => ({ id, kind, error, more: false });
  if (!store) return refuse("There is no history: its file cannot be used, see the log");
  if (toMs < fromMs) return refuse("to_ms must not be before from_ms");
  // One row more than is told shows whether there are more.
  const limit = LIMITS[kind];
  const range: Range = { device, fromMs, toMs, after, newest, limit: limit + 1 };
  const cut = <T>(rows: T[]) => {
    const few = rows.length <= limit ? rows : newest ? rows.slice(-limit) : rows.slice(0, limit);
    const fitting = inRoom(few, newest ?? false);
    return { rows: fitting, more: fitting.length < rows.length };
  };
  switch (kind) {
    case "samples": {
      if (device === undefined) return refuse("samples need a device");
      const stepSec = query.step_s ?? stepFor(fromMs, toMs, waiting.nowMs);
      const isCoarse = stepSec === COARSE_STEP_SEC;
      const kept = isCoarse ? store.coarseSamples(stepSec, range) : store.samples(stepSec, range);
      const fresh = waiting.samples.filter((row) =>
        row.device === device && row.stepSec === (isCoarse ? 900 : stepSec) && row.atSec * 1000 >= fromMs &&
        row.atSec * 1000 <= toMs
      ).map(sampleOf);
      const { rows, more } = cut(isCoarse ? coarser([...kept, ...fresh], stepSec) : merge(kept, fresh));
      return { id, kind, more, step_s: stepSec, samples: rows };
    }
    case "events": {
      const { rows, more } = cut(store.events(range));
      return { id, kind, more, events: rows };
    }
    case "energy": {
      const { rows, more } = cut(
        withWaiting(store.energy(range, localDay(fromMs), localDay(toMs)), waiting.energy, range),
      );
      return { id, kind, more, energy: rows };
    }
    case "outages": {
      const { rows, more } = cut(store.outages(range));
      return { id, kind, more, outages: rows };
    }
  }
}

/** As many as one answer has room for: rows with every value, or with long names, are larger than others. */
function inRoom<T>(rows: T[], newest: boolean): T[] {
  const encoder = new TextEncoder();
  let [count, bytes] = [0, 0];
  for (; count < rows.length; count++) {
    const row = rows.at(newest ? -1 - count : count);
    bytes += encoder.encode(JSON.stringify(row)).length + 1;
    if (bytes > ROOM_BYTES) break;
  }
  return newest ? rows.slice(rows.length - count) : rows.slice(0, count);
}

/** The days, and what is not written of them yet. */
function withWaiting(
  kept: readonly HistoryEnergy[],
  waiting: readonly EnergyDelta[],
  { device, fromMs, toMs }: Range,
): HistoryEnergy[] {
  const [fromDay, toDay] = [localDay(fromMs), localDay(toMs)];
  const days = new Map(kept.map((row) => [`${row.day} ${row.device}`, row]));
  for (const { inWh, inSec, outWh, outSec, acInWh, acInSec, dcInWh, dcInSec, ...of } of waiting) {
    if (of.day < fromDay || of.day > toDay || device !== undefined && of.device !== device) continue;
    const key = `${of.day} ${of.device}`;
    const before = days.get(key);
    // An energy that was never known stays unknown; it is not 0.
    const sum = (a: number | undefined, b: number | undefined) =>
      a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0);
    days.set(key, {
      ...of,
      in_wh: sum(before?.in_wh, inWh),
      in_s: (before?.in_s ?? 0) + inSec,
      out_wh: sum(before?.out_wh, outWh),
      out_s: (before?.out_s ?? 0) + outSec,
      ac_in_wh: sum(before?.ac_in_wh, acInWh),
      ac_in_s: (before?.ac_in_s ?? 0) + acInSec,
      dc_in_wh: sum(before?.dc_in_wh, dcInWh),
      dc_in_s: (before?.dc_in_s ?? 0) + dcInSec,
    });
  }
  return [...days].toSorted(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, row]) => row);
}

/** In the order of time, each time once: of two rows that claim it after a clock fell back, the one that knows more of it. */
function merge(kept: readonly HistorySample[], fresh: readonly HistorySample[]): HistorySample[] {
  const byTime = new Map<number, HistorySample>();
  for (const row of [...kept, ...fresh]) {
    const other = byTime.get(row.at_s);
    if (!other || row.seconds >= other.seconds) byTime.set(row.at_s, row);
  }
  return [...byTime.values()].toSorted((a, b) => a.at_s - b.at_s);
}
