import assert from "node:assert/strict";
import { freeMonoMs, type Timer, timerEndMonoMs } from "./timer.ts";

const hold = (untilMonoMs: number) => ({ untilMonoMs, reason: "somebody" });
const rows: readonly [name: string, timer: Timer, free: number, end: number][] = [
  ["nothing in the way", { debounceMs: 180, notBeforeMonoMs: -Infinity }, -Infinity, 1180],
  ["a restart that is over before the debounce", { debounceMs: 180, notBeforeMonoMs: 1179 }, 1179, 1180],
  ["a restart that is over after it", { debounceMs: 180, notBeforeMonoMs: 1181 }, 1181, 1181],
  ["a hold for longer", { debounceMs: 180, notBeforeMonoMs: -Infinity, hold: hold(1181) }, 1181, 1181],
  ["a hold for less", { debounceMs: 180, notBeforeMonoMs: -Infinity, hold: hold(1179) }, 1179, 1180],
  [
    "a hold, and a restart after it",
    { debounceMs: 0, notBeforeMonoMs: 1300, hold: hold(1200) },
    1300,
    1300,
  ],
  [
    "a restart, and a hold after it",
    { debounceMs: 0, notBeforeMonoMs: 1200, hold: hold(1300) },
    1300,
    1300,
  ],
  ["no debounce", { debounceMs: 0, notBeforeMonoMs: 0 }, 0, 1000],
];
for (const [name, timer, free, end] of rows) {
  Deno.test(`a timer with ${name} is free at ${free} and ends at ${end}`, () => {
    assert.deepEqual([freeMonoMs(timer), timerEndMonoMs(1000, timer)], [free, end]);
  });
}
