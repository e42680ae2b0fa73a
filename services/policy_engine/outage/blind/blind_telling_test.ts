import assert from "node:assert/strict";
import { type BlindTelling, NOTHING_TOLD, stepBlindTelling } from "./blind_telling.ts";

const T = 1_000_000;
const SEEN: BlindTelling = { hasSeen: true, isTold: false };
const FROM_START: BlindTelling = { hasSeen: false, sinceMonoMs: T, isTold: false };
const rows: readonly [string, BlindTelling, boolean, boolean, number, boolean][] = [
  ["a station that fell silent, at once", SEEN, true, true, T, true],
  ["one that is blind from the start, not in the first moment", NOTHING_TOLD, true, true, T, false],
  [
    "one that is blind from the start, not 1 ms too soon",
    FROM_START,
    true,
    true,
    T + 14_999,
    false,
  ],
  [
    "one that is blind from the start, when its time is over",
    FROM_START,
    true,
    true,
    T + 15_000,
    true,
  ],
  ["one that speaks within that time, not at all", FROM_START, false, true, T + 500, false],
  ["one that nobody has heard, not at all", NOTHING_TOLD, false, false, T + 60_000, false],
  [
    "one that speaks again, no more",
    { hasSeen: true, sinceMonoMs: T, isTold: true },
    false,
    true,
    T + 1,
    false,
  ],
];
for (const [name, before, isBlind, hasHeard, nowMs, isTold] of rows) {
  Deno.test(`stepBlindTelling() tells of ${name}`, () => {
    assert.equal(stepBlindTelling(before, { isBlind, hasHeard }, nowMs).isTold, isTold);
  });
}

Deno.test("stepBlindTelling() tells at once of a station that spoke after a blind start and fell silent again", () => {
  const spoke = stepBlindTelling(FROM_START, { isBlind: false, hasHeard: true }, T + 500);
  assert.equal(stepBlindTelling(spoke, { isBlind: true, hasHeard: true }, T + 130_000).isTold, true);
});

Deno.test("stepBlindTelling() does not take silence from the beginning for something seen", () => {
  const silent = stepBlindTelling(NOTHING_TOLD, { isBlind: false, hasHeard: false }, T);
  assert.equal(stepBlindTelling(silent, { isBlind: true, hasHeard: true }, T + 1).isTold, false);
});
