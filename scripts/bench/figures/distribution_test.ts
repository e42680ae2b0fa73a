import assert from "node:assert/strict";
import { distributionOf } from "./distribution.ts";

Deno.test("distributionOf() reads the least, median, p99 and max off sorted samples", () => {
  const samples = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.deepEqual(distributionOf(samples), { count: 100, min: 1, median: 50, p99: 99, max: 100 });
  assert.deepEqual(distributionOf([7]), { count: 1, min: 7, median: 7, p99: 7, max: 7 });
});

Deno.test("distributionOf() refuses an empty list", () => {
  assert.throws(() => distributionOf([]), /must be at least one, found none/);
});
