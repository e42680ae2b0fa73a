import assert from "node:assert/strict";
import { isFlat, slopeOf } from "./slope.ts";

const line = (ys: readonly number[]) => ys.map((y, x) => ({ x, y }));

Deno.test("slopeOf() finds an exact line, without any error", () => {
  const { perUnit, error } = slopeOf(line([5, 7, 9, 11]));
  assert.ok(Math.abs(perUnit - 2) < 1e-12);
  assert.ok(error < 1e-12);
});

Deno.test("slopeOf() gives the textbook error of a noisy line", () => {
  // x 0 to 4: squares 10; residuals 0.2, -0.8, 1.2, -0.8, 0.2 around 1.6 x, their sum of squares 2.8, 3 degrees of freedom.
  const { perUnit, error } = slopeOf(line([0.2, 0.8, 4.4, 4, 6.6]));
  assert.ok(Math.abs(perUnit - 1.6) < 1e-9, String(perUnit));
  assert.ok(Math.abs(error - Math.sqrt(2.8 / 3 / 10)) < 1e-9, String(error));
});

Deno.test("slopeOf() refuses what has no line", () => {
  assert.throws(() => slopeOf(line([1, 2])), /at least three samples, found 2/);
  assert.throws(() => slopeOf([{ x: 1, y: 1 }, { x: 1, y: 2 }, { x: 1, y: 3 }]), /same x/);
});

Deno.test("isFlat() believes a slope only beyond two standard errors", () => {
  assert.equal(isFlat({ perUnit: 0, error: 0 }), true);
  assert.equal(isFlat({ perUnit: -2, error: 1 }), true);
  assert.equal(isFlat({ perUnit: 2.01, error: 1 }), false);
  assert.equal(isFlat({ perUnit: -2.01, error: 1 }), false);
});
