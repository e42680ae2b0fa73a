import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HistorySample } from "../../lib/messages/history_answer.ts";
import { answerQuery } from "./answer.ts";
import { COARSE_STEP_SEC, coarser, type SampleRow } from "./downsample.ts";
import { Store } from "./store.ts";

const QUARTER = 900;
const PER_ROW = COARSE_STEP_SEC / QUARTER;

/** A quarter hour with this charge and power in, known for so long; no power out at all. */
function quarter(n: number, soc: number | undefined, inWatts: number, seconds = QUARTER): SampleRow {
  const of = (value: number) => ({ area: value * seconds, seconds, min: value - 1, max: value + 1 });
  const charge = soc === undefined ? {} : { soc: of(soc) };
  return {
    device: "Study",
    stepSec: QUARTER,
    atSec: n * QUARTER,
    totals: { seconds, ...charge, inWatts: of(inWatts) },
  };
}

function ask(rows: readonly SampleRow[], waiting: readonly SampleRow[], more: object = {}) {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-coarse-"));
  const store = Store.open(join(dir, "history.db"), (reason) => assert.fail(reason));
  try {
    store.write({ samples: rows, events: [], energy: [], outages: [] });
    const range = { from_ms: 0, to_ms: 400 * 86_400_000, step_s: COARSE_STEP_SEC } as const;
    return answerQuery({ id: "a", kind: "samples", device: "Study", ...range, ...more }, store, {
      samples: waiting,
      energy: [],
      nowMs: range.to_ms,
    });
  } finally {
    store.close();
    rmSync(dir, { recursive: true });
  }
}

Deno.test("answerQuery() in rows of six hours tells means by what each quarter hour knew, least and most of all", () => {
  const rows = [
    quarter(0, 80, 100),
    quarter(1, 20, 400, 300),
    // Nobody knew the charge: it is in no mean, and not 0.
    quarter(2, undefined, 100),
    quarter(PER_ROW, 50, 10),
  ];
  const { samples, step_s, more } = ask(rows, []);
  assert.equal(step_s, COARSE_STEP_SEC);
  assert.equal(more, false);
  assert.deepEqual(samples?.map(({ at_s, seconds, soc, soc_min }) => [at_s, seconds, soc, soc_min]), [
    [0, 2100, 65, 19],
    [COARSE_STEP_SEC, 900, 50, 49],
  ]);
  assert.deepEqual(samples?.map(({ in_watts, in_watts_max }) => [in_watts, in_watts_max]), [[143, 401], [
    10,
    11,
  ]]);
  assert.deepEqual(samples?.map((row) => "out_watts" in row && row.out_watts !== undefined), [false, false]);
});

Deno.test("answerQuery() in rows of six hours counts what is not written yet", () => {
  const { samples } = ask([quarter(0, 80, 100)], [quarter(1, 40, 100), quarter(PER_ROW, 30, 100)]);
  assert.deepEqual(samples?.map(({ at_s, soc }) => [at_s, soc]), [[0, 60], [COARSE_STEP_SEC, 30]]);
});

Deno.test("answerQuery() tells a whole year in one answer, its newest row the one that is now", () => {
  const year = Array.from({ length: 365 * 96 }, (_, n) => quarter(n, 50, n % 7));
  const { samples = [], more } = ask(year, [], { newest: true });
  assert.equal(samples.length, 365 * 4);
  assert.equal(more, false);
  assert.equal(samples.at(-1)?.at_s, 365 * 86_400 - COARSE_STEP_SEC);
  assert.ok(samples.every(({ seconds }) => seconds === COARSE_STEP_SEC));
});

Deno.test("answerQuery() in rows of six hours is what the quarter hours themselves give", () => {
  const rows = Array.from({ length: 96 }, (_, n) => quarter(n, 20 + n % 61, 10 * (n % 13), 100 + 8 * n));
  const fine = ask(rows, [], { step_s: QUARTER }).samples ?? [];
  const plain = (samples: readonly HistorySample[]) => JSON.parse(JSON.stringify(samples));
  assert.deepEqual(plain(ask(rows, []).samples ?? []), plain(coarser(fine, COARSE_STEP_SEC)));
});
