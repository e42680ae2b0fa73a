import assert from "node:assert/strict";
import { effectiveSocMin } from "./soc_limit.ts";

const rows: readonly [name: string, limit: number, floorPercent: number, want: number][] = [
  ["below 3 % without a floor", 2, 0, 2],
  ["of 0 % without a floor", 0, 0, 0],
  ["of 3 % without a floor", 3, 0, 3],
  ["below a floor of 1 % and its margin", 2, 1, 4],
  ["at a tenth of a percent above nothing", 0, 0.1, 3.1],
  ["at the margin above the floor", 18, 15, 18],
  ["a point below the margin", 17, 15, 18],
  ["far above the floor", 50, 15, 50],
];
for (const [name, limit, floorPercent, want] of rows) {
  Deno.test(`effectiveSocMin() of a limit ${name} is ${want} %`, () => {
    assert.equal(effectiveSocMin(limit, { floorPercent }), want);
  });
}
