import assert from "node:assert/strict";
import type { HistorySample } from "../../../lib/messages/history_answer.ts";
import { askAllSamples, type AskHistorian, stepForHours } from "./past_samples.ts";

/** A historian with a row every 10 s up to `toSec`, which tells 1,500 at a time. @param fails The question it leaves unanswered */
function historian(toSec: number, fails = Infinity): { ask: AskHistorian; asked: () => number } {
  let asked = 0;
  const ask: AskHistorian = ({ from_ms, to_ms, newest }) => {
    if (++asked === fails) return Promise.resolve(undefined);
    assert.equal(newest, true);
    const all: HistorySample[] = [];
    for (let at_s = Math.ceil(from_ms / 10_000) * 10; at_s <= Math.min(to_ms / 1000, toSec); at_s += 10) {
      all.push({ at_s, seconds: 10 });
    }
    return Promise.resolve({
      id: "1",
      kind: "samples",
      step_s: 10,
      more: all.length > 1500,
      samples: all.slice(-1500),
    });
  };
  return { ask, asked: () => asked };
}

const rows: readonly [name: string, hours: number, answers: number][] = [
  ["an hour", 1, 1],
  ["what just fits", 1500 / 360, 1],
  ["six hours", 6, 2],
];
for (const [name, hours, answers] of rows) {
  Deno.test(`askAllSamples() has every row of ${name}, the first and the newest`, async () => {
    const seconds = Math.round(hours * 3600);
    const { ask, asked } = historian(seconds);
    const found = await askAllSamples(ask, { device: "Study", from_ms: 10_000, to_ms: seconds * 1000 });
    const times = found?.samples?.map(({ at_s }) => at_s) ?? [];
    assert.equal(times[0], 10);
    assert.equal(times.at(-1), seconds);
    assert.equal(new Set(times).size, seconds / 10);
    assert.equal(asked(), answers);
    assert.equal(found?.more, false);
  });
}

Deno.test("askAllSamples() misses the oldest rows, never the newest, when a later question fails", async () => {
  const { ask } = historian(21_600, 2);
  const found = await askAllSamples(ask, { device: "Study", from_ms: 10_000, to_ms: 21_600_000 });
  assert.equal(found?.samples?.at(-1)?.at_s, 21_600);
  assert.equal(found?.samples?.length, 1500);
  assert.equal(await askAllSamples(historian(100, 1).ask, { device: "a", from_ms: 0, to_ms: 1 }), undefined);
});

Deno.test("stepForHours() leaves spans of up to 31 days to the historian, and asks for six hours beyond", () => {
  assert.deepEqual([1, 168, 744, 745, 8784].map(stepForHours), [
    undefined,
    undefined,
    undefined,
    21_600,
    21_600,
  ]);
});
