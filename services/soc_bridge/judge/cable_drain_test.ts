import assert from "node:assert/strict";
import { type CableDrain, DRAIN_POINTS, isDraining, type OnLine, stepDrain } from "./cable_drain.ts";

const ALONE: OnLine = { cable: true, cloud: undefined, soc: 60, isTest: false };
const play = (...says: readonly Partial<OnLine>[]) =>
  says.reduce<CableDrain | undefined>((drain, one) => stepDrain(drain, { ...ALONE, ...one }), undefined);

for (
  const [name, says, wanted] of [
    ["a fall to the limit", [{}, { soc: 60 - DRAIN_POINTS }], true],
    ["a fall by a point less", [{}, { soc: 61 - DRAIN_POINTS }], false],
    ["a fall in steps", [{}, { soc: 57 }, { soc: 58 }, { soc: 54 }, { soc: 50 }], true],
    ["a fall that began before it rose", [{}, { soc: 54 }, { soc: 56 }, { soc: 50 }], false],
    ["a fall that a rise ended", [{}, { soc: 40 }, { soc: 42 }], false],
    ["a fall with polls without a charge", [{}, { soc: undefined }, { soc: 50 }], true],
    ["a live cloud that sees the grid", [{}, { soc: 40, cloud: true }], false],
    ["a live cloud that sees none: that is a doubt of its own", [{}, { soc: 40, cloud: false }], false],
    ["a cable that says on battery", [{}, { soc: 40, cable: false }], false],
    ["a cable that flaps", [{}, { soc: 40, cable: undefined }], false],
    ["a test of the battery", [{}, { soc: 40, isTest: true }], false],
    ["a test that is over", [{}, { soc: 40, isTest: true }, { soc: 40 }, { soc: 30 }], true],
  ] as readonly (readonly [string, readonly Partial<OnLine>[], boolean])[]
) {
  Deno.test(`isDraining() with ${name}: ${wanted}`, () => assert.equal(isDraining(play(...says)), wanted));
}

Deno.test("stepDrain() keeps the lowest while the charge is where it began", () => {
  const fell = { fromSoc: 60, lowSoc: 59 };
  assert.deepEqual(stepDrain(fell, ALONE), fell);
  assert.deepEqual(stepDrain(fell, { ...ALONE, soc: 60.1 }), { fromSoc: 60.1, lowSoc: 60.1 });
});
