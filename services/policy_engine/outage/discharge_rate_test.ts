import assert from "node:assert/strict";
import { addSample, FALL_SPAN_MS, measuredDischarge, type SocSample } from "./discharge_rate.ts";

const at = (atMonoMs: number, percent: number): SocSample => ({ atMonoMs, percent });

Deno.test("addSample() drops what is too new and what is too old", () => {
  const two = [at(0, 90), at(20_000, 89)];
  assert.equal(addSample(two, at(29_999, 88)), two);
  assert.equal(addSample(two, at(20_000, 88)), two);
  assert.deepEqual(addSample(two, at(30_000, 88)), [...two, at(30_000, 88)]);
  assert.deepEqual(addSample(two, at(600_001, 50)).map(({ percent }) => percent), [89, 50]);
  assert.deepEqual(addSample(two, at(600_000, 50)).map(({ percent }) => percent), [90, 89, 50]);
});

const rows: readonly [name: string, samples: SocSample[], from: number, fall: number | undefined][] = [
  ["nothing from no samples", [], 0, undefined],
  ["nothing from one", [at(0, 50)], 0, undefined],
  ["nothing 1 ms before the span", [at(0, 50), at(FALL_SPAN_MS - 1, 40)], 0, undefined],
  ["the fall over the span", [at(0, 50), at(FALL_SPAN_MS, 40)], 0, 5],
  ["a rise as negative", [at(0, 50), at(FALL_SPAN_MS, 52)], 0, -1],
  ["nothing from before", [at(0, 50), at(FALL_SPAN_MS, 40)], 1, undefined],
];
for (const [name, samples, from, fall] of rows) {
  Deno.test(`measuredFall() gives ${name}`, () => assert.equal(measuredDischarge(samples, from), fall));
}

Deno.test("addSample() begins anew after a jump: a correction of the station, or a state fed by hand", () => {
  const before = [at(0, 90), at(60_000, 89)];
  assert.deepEqual(
    addSample(before, at(70_000, 86)),
    [...before, at(70_000, 86)],
    "three points are rounding",
  );
  assert.deepEqual(addSample(before, at(70_000, 85.9)), [at(70_000, 85.9)]);
  assert.deepEqual(addSample(before, at(120_000, 79)), [...before, at(120_000, 79)], "as fast as can be");
  assert.deepEqual(addSample(before, at(120_000, 78.9)), [at(120_000, 78.9)]);
  assert.deepEqual(addSample(before, at(70_000, 99)), [at(70_000, 99)]);
});
