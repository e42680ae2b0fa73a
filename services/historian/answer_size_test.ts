/** Whatever the rows hold, an answer can be read by whoever asked, and nothing is lost between two of them. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  encodeHistoryAnswer,
  type HistoryAnswer,
  parseHistoryAnswer,
} from "../../lib/messages/history_answer.ts";
import type { HistoryQuery } from "../../lib/messages/history_query.ts";
import { answerQuery } from "./answer.ts";
import type { SampleRow } from "./downsample.ts";
import { type Batch, Store } from "./store.ts";

/** 64 characters, four bytes each: the longest name that a station may have. */
const LONG = "🔋".repeat(32);
const FROM_SEC = 1_795_000_000 - 1_795_000_000 % 900;
const NONE: Batch = { samples: [], events: [], energy: [], outages: [] };

function inStore(
  batch: Partial<Batch>,
  run: (ask: (query: Omit<HistoryQuery, "id">) => HistoryAnswer) => void,
) {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-size-"));
  const store = Store.open(join(dir, "history.db"), (reason) => assert.fail(reason));
  try {
    store.write({ ...NONE, ...batch });
    // As the dashboard gets it.
    run((query) =>
      parseHistoryAnswer(
        encodeHistoryAnswer(
          answerQuery({ id: "a", ...query }, store, { samples: [], energy: [], nowMs: FROM_SEC * 1000 }),
        ),
        "answer",
      )
    );
  } finally {
    store.close();
    rmSync(dir, { recursive: true });
  }
}

/** Every value there is, none of them short. */
function fullRow(n: number, stepSec: 10 | 900): SampleRow {
  const of = (value: number) => ({
    area: value * stepSec,
    seconds: stepSec,
    min: value - 1111,
    max: value + 1111,
  });
  const totals = {
    seconds: stepSec,
    soc: { ...of(98.7), min: 98.6 },
    inWatts: of(-22_222),
    acInWatts: of(-22_222),
    dcInWatts: of(-22_222),
    outWatts: of(-22_222),
    grid: { ...of(0.999), min: 0, max: 1 },
  };
  return { device: LONG, stepSec, atSec: FROM_SEC + n * stepSec, totals };
}

for (const [name, stepSec, count] of [["6 h", 10, 2160], ["30 days", 900, 2880]] as const) {
  for (const newest of [true, false]) {
    Deno.test(`answerQuery() tells ${name} of rows with every value in answers that can be read, ${newest ? "newest" : "oldest"} first`, () => {
      const samples = Array.from({ length: count }, (_, n) => fullRow(n, stepSec));
      inStore({ samples }, (ask) => {
        const found: number[] = [];
        let [from_ms, to_ms] = [FROM_SEC * 1000, (FROM_SEC + count * stepSec) * 1000];
        for (let more = true; more;) {
          const answer = ask({ kind: "samples", device: LONG, step_s: stepSec, from_ms, to_ms, newest });
          const at = answer.samples?.map(({ at_s }) => at_s) ?? [];
          assert.ok(at.length > 0);
          found.push(...at);
          more = answer.more;
          if (newest) to_ms = (at[0] ?? NaN) * 1000 - 1;
          else from_ms = ((at.at(-1) ?? NaN) + stepSec) * 1000;
        }
        assert.deepEqual(found.toSorted((a, b) => a - b), samples.map(({ atSec }) => atSec));
      });
    });
  }
}

Deno.test("answerQuery() tells long events, days and outages of stations with long names in answers that can be read", () => {
  const events = Array.from({ length: 300 }, (_, n) => ({
    ts: new Date((FROM_SEC + n) * 1000).toISOString(),
    kind: "grid_lost",
    severity: "warning" as const,
    source: "policy_engine",
    text: "电".repeat(500),
    device: LONG,
  }));
  const energy = Array.from({ length: 1000 }, (_, n) => ({
    device: LONG,
    day: new Date(n * 86_400_000).toISOString().slice(0, 10),
    inWh: 123456.789,
    inSec: 86_399.99,
    outWh: 123456.789,
    outSec: 86_399.99,
    acInWh: 123456.789,
    acInSec: 86_399.99,
    dcInWh: 123456.789,
    dcInSec: 86_399.99,
  }));
  const outages = Array.from({ length: 500 }, (_, n) => ({
    device: LONG,
    fromMs: (FROM_SEC + n * 100) * 1000,
    isFromSeen: true,
    toMs: (FROM_SEC + n * 100 + 50) * 1000,
    isToSeen: true,
    socStart: 98.7,
    socLowest: 12.3,
    socEnd: 12.3,
    lastMs: (FROM_SEC + n * 100 + 50) * 1000,
  }));
  inStore({ events, energy, outages }, (ask) => {
    const range = { from_ms: 0, to_ms: (FROM_SEC + 100_000) * 1000 };
    const seqs: number[] = [];
    for (let more = true; more;) {
      const answer = ask({ kind: "events", ...range, after: seqs.at(-1) });
      seqs.push(...answer.events?.map(({ seq }) => seq) ?? []);
      more = answer.more;
    }
    assert.deepEqual(seqs, events.map((_, n) => n + 1));
    const newest = ask({ kind: "events", ...range, newest: true });
    assert.equal(newest.events?.at(-1)?.seq, 300);
    const days = ask({ kind: "energy", ...range });
    assert.ok(days.more && (days.energy?.length ?? 0) > 300);
    assert.ok((ask({ kind: "outages", ...range }).outages?.length ?? 0) > 300);
  });
});
