import assert from "node:assert/strict";
import { type Confirmed, FLAP_WINDOW_MS, NOTHING_SAID, SAID_LASTS_MS, stepConfirmed } from "./confirm.ts";

const play = (says: readonly (boolean | undefined)[], everyMs = 3000) =>
  says.reduce<Confirmed>((state, said, i) => stepConfirmed(state, said, i * everyMs), NOTHING_SAID);

for (
  const [name, says, grid, isFlapping] of [
    ["believes nothing said once", [true], undefined, false],
    ["believes what is said twice", [true, true], true, false],
    ["believes no single OB", [true, true, false], undefined, false],
    ["believes the second OB", [true, true, false, false], false, false],
    ["begins anew after an answer without either", [true, undefined, true], undefined, false],
    ["believes after four changes", [true, false, true, false, true, true], true, false],
    ["believes nothing after five", [true, false, true, false, true, false, false], undefined, true],
    [
      "counts changes across answers without either",
      [
        true,
        undefined,
        false,
        true,
        false,
        true,
        false,
        false,
      ],
      undefined,
      true,
    ],
  ] as const
) {
  Deno.test(`stepConfirmed() ${name}`, () => {
    const state = play(says);
    assert.deepEqual([state.grid, state.isFlapping], [grid, isFlapping]);
  });
}

for (
  const [name, gapMs, grid] of [
    ["believes the same word across polls that were not answered", SAID_LASTS_MS, false],
    ["begins anew 1 ms later", SAID_LASTS_MS + 1, undefined],
  ] as const
) {
  Deno.test(`stepConfirmed() ${name}`, () => {
    assert.equal(stepConfirmed(stepConfirmed(NOTHING_SAID, false, 0), false, gapMs).grid, grid);
  });
}

Deno.test("stepConfirmed() ends the flapping when the first change leaves the window, not 1 ms before", () => {
  const flapped = play([true, false, true, false, true, false, false]);
  const flapping = stepConfirmed(flapped, false, FLAP_WINDOW_MS);
  assert.equal(stepConfirmed(flapping, false, 3000 + FLAP_WINDOW_MS - 1).grid, undefined);
  assert.equal(stepConfirmed(flapping, false, 3000 + FLAP_WINDOW_MS).grid, false);
});
