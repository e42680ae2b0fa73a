import assert from "node:assert/strict";
import { Backoff, backoffMs } from "./backoff.ts";

const options = { firstMs: 1000, maxMs: 8000 };
const rows: readonly [attempt: number, random: number, waitMs: number][] = [
  [0, 0.5, 1000],
  [1, 0.5, 2000],
  [3, 0.5, 8000],
  [4, 0.5, 8000],
  [5000, 0.5, 8000],
  [0, 0, 800],
  [0, 0.999999999, 1200],
];
for (const [attempt, random, waitMs] of rows) {
  Deno.test(`backoffMs() of attempt ${attempt} with random ${random} is ${waitMs} ms`, () => {
    assert.equal(backoffMs(options, attempt, () => random), waitMs);
  });
}

Deno.test("Backoff.reset() begins again with the shortest wait", () => {
  const backoff = new Backoff(options, () => 0.5);
  assert.deepEqual([backoff.nextMs(), backoff.nextMs()], [1000, 2000]);
  assert.equal(backoff.attempts, 2);
  backoff.reset();
  assert.equal(backoff.nextMs(), 1000);
});
