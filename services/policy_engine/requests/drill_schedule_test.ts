import assert from "node:assert/strict";
import { dueMonth } from "./drill_schedule.ts";

const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute).getTime();
const rows: readonly [name: string, nowWallMs: number, last: string | undefined, due: string | undefined][] =
  [
    ["the day before", at(4, 23, 59), undefined, undefined],
    ["on the day, a minute before the hour", at(5, 9, 59), undefined, undefined],
    ["on the day, at the hour", at(5, 10), undefined, "2026-11"],
    ["on the day, hours later", at(5, 23, 59), "2026-10", "2026-11"],
    ["the day after", at(6, 10), undefined, undefined],
    ["on the day, when it was held", at(5, 11), "2026-11", undefined],
    ["by a clock that was not set", new Date(2025, 10, 5, 11).getTime(), undefined, undefined],
  ];
for (const [name, nowWallMs, last, due] of rows) {
  Deno.test(`dueMonth() is ${due} ${name}`, () => {
    assert.equal(dueMonth({ day: 5, hour: 10 }, last, nowWallMs), due);
  });
}

Deno.test("dueMonth() believes a clock from the first moment of 2026 on", () => {
  const dueAt = (nowWallMs: number) => {
    const local = new Date(nowWallMs);
    return dueMonth({ day: local.getDate(), hour: local.getHours() }, undefined, nowWallMs);
  };
  const first = Date.UTC(2026, 0, 1);
  assert.equal(dueAt(first - 1), undefined);
  assert.match(dueAt(first) ?? "", /^202[56]-(12|01)$/);
});
