/** A year of history: how large its file is, how long opening, asking, writing and forgetting take. The historian's own store. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeHistoryAnswer } from "../../../lib/messages/history_answer.ts";
import type { HistoryQuery } from "../../../lib/messages/history_query.ts";
import { answerQuery } from "../../../services/historian/answer.ts";
import { askAllSamples } from "../../../services/dashboard/past/past_samples.ts";
import { Store } from "../../../services/historian/store.ts";
import { column } from "../figures/waiting.ts";
import { writeYear } from "./year_file.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const RUNS = 5;

/** The figures of one house. */
export interface YearFigures {
  readonly stations: number;
  readonly rows: number;
  readonly megabytes: number;
  /** What was done, and the median of how long it took, ms; rows that it brought, where it asked. */
  readonly steps: readonly { readonly what: string; readonly ms: number; readonly rows?: number }[];
  /** After the quarter hours were cut to a quarter of a year. */
  readonly shrunkMegabytes: number;
}

/** Makes a year for so many stations, and does with it what the historian does. */
export async function measureYear(stations: number): Promise<YearFigures> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-year-"));
  try {
    const path = join(dir, "history.db");
    const names = Array.from({ length: stations }, (_, i) => `S${i + 1}`);
    const nowMs = Date.now();
    const rows = writeYear(path, names, nowMs / 1000);
    const megabytes = statSync(path).size / 1e6;
    const steps: { what: string; ms: number; rows?: number }[] = [];
    const ms = await median(() => Store.open(path, () => {}).close());
    steps.push({ what: "open, with SQLite's quick check", ms });
    const store = Store.open(path, () => {});
    try {
      const [device = ""] = names;
      const ask = (query: Omit<HistoryQuery, "id">) => {
        const answer = answerQuery({ id: "bench", ...query }, store, { samples: [], energy: [], nowMs });
        // As it goes over the broker.
        encodeHistoryAnswer(answer);
        return Promise.resolve(answer);
      };
      for (
        const [what, hours] of [["1 h", 1], ["6 h", 6], ["24 h", 24], ["a week", 168], [
          "30 days",
          720,
        ]] as const
      ) {
        let found = 0;
        const ms = await median(async () => {
          const range = { device, from_ms: nowMs - hours * HOUR_MS, to_ms: nowMs };
          found = (await askAllSamples(ask, range))?.samples?.length ?? 0;
        });
        steps.push({ what: `a chart of ${what}`, ms, rows: found });
      }
      let found = 0;
      const yearMs = await median(async () => {
        found = await askYear(ask, device, nowMs);
      });
      steps.push({ what: "the whole year in quarter hours, as for a file", ms: yearMs, rows: found });
      for (const kind of ["energy", "outages", "events"] as const) {
        let found = 0;
        const ms = await median(async () => {
          const answer = await ask({ kind, from_ms: nowMs - 365 * DAY_MS, to_ms: nowMs, newest: true });
          found = answer[kind]?.length ?? 0;
        });
        steps.push({ what: `${kind} of the year, one answer`, ms, rows: found });
      }
      let n = 0;
      steps.push({
        what: "write half an hour",
        ms: await median(() => store.write(halfHour(names, nowMs, n++))),
      });
      steps.push({
        what: "forget what is too old, daily",
        ms: await median(() => drain(store.prune(nowMs / 1000, 730))),
      });
      const pruned = performance.now();
      const longestMs = Math.max(drain(store.prune(nowMs / 1000, 91)), drain(store.shrink()));
      steps.push({ what: "cut to a quarter of a year, once", ms: performance.now() - pruned });
      steps.push({ what: "… the longest step of it", ms: longestMs });
    } finally {
      store.close();
    }
    return { stations, rows, megabytes, steps, shrunkMegabytes: statSync(path).size / 1e6 };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

type Ask = (query: Omit<HistoryQuery, "id">) => Promise<ReturnType<typeof answerQuery>>;

/** Page after page, as the export does. @returns rows */
async function askYear(ask: Ask, device: string, nowMs: number): Promise<number> {
  let [from_ms, rows] = [nowMs - 365 * DAY_MS, 0];
  for (;;) {
    const { samples = [], more } = await ask({ kind: "samples", device, step_s: 900, from_ms, to_ms: nowMs });
    rows += samples.length;
    const last = samples.at(-1);
    if (!more || !last) return rows;
    from_ms = (last.at_s + 900) * 1000;
  }
}

/** What waits for half an hour, in all resolutions. */
function halfHour(names: readonly string[], nowMs: number, n: number) {
  const fromSec = Math.floor(nowMs / 900_000) * 900 + (n + 1) * 1800;
  const totalsOf = (seconds: number) => ({
    seconds,
    soc: { seconds, area: 87 * seconds, min: 86, max: 88 },
    outWatts: { seconds, area: 180 * seconds, min: 100, max: 200 },
  });
  const samples = names.flatMap((device) =>
    ([10, 60, 900] as const).flatMap((stepSec) =>
      Array.from({ length: 1800 / stepSec }, (_, i) => ({
        device,
        stepSec,
        atSec: fromSec + i * stepSec,
        totals: totalsOf(stepSec),
      }))
    )
  );
  return { samples, events: [], energy: [], outages: [] };
}

/** Does all steps of it. @returns how long the longest took, ms */
function drain(steps: Generator<void, unknown>): number {
  let longestMs = 0;
  for (let isOver: boolean | undefined = false; !isOver;) {
    const beganMs = performance.now();
    isOver = steps.next().done;
    longestMs = Math.max(longestMs, performance.now() - beganMs);
  }
  return longestMs;
}

async function median(run: () => unknown): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const beganMs = performance.now();
    await run();
    took.push(performance.now() - beganMs);
  }
  return took.sort((a, b) => a - b)[RUNS >> 1] ?? NaN;
}

/** The tables of several houses beside each other. */
export function yearText(found: readonly YearFigures[]): string {
  const row = (what: string, cells: readonly string[]) => `| ${what} | ${cells.join(" | ")} |`;
  const [first] = found;
  return [
    row("stations", found.map(({ stations }) => String(stations))),
    row("---", found.map(() => "---:")),
    row("rows of values", found.map(({ rows }) => column(rows))),
    row("file, MB", found.map(({ megabytes }) => column(megabytes, 1))),
    ...(first?.steps ?? []).map(({ what }, i) =>
      row(
        what,
        found.map(({ steps }) => {
          const { ms = NaN, rows } = steps[i] ?? {};
          return `${column(ms, ms < 10 ? 1 : 0)} ms${rows === undefined ? "" : ` (${column(rows)} rows)`}`;
        }),
      )
    ),
    row("file after that, MB", found.map(({ shrunkMegabytes }) => column(shrunkMegabytes, 1))),
  ].join("\n");
}
