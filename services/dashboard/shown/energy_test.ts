import assert from "node:assert/strict";
import type { HistoryView } from "../page_contract.ts";
import { energySlots, energyTotal, slotBounds } from "./energy.ts";

const NOW_SEC = new Date(2026, 10, 28, 14, 20).getTime() / 1000;
const HOUR = new Date(2026, 10, 28, 13, 0).getTime() / 1000;

function history(
  rows: readonly (readonly [number, number | null, number | null, number, number | null])[],
): HistoryView {
  return {
    device: "Study",
    at_s: rows.map(([at]) => at),
    soc_percent: rows.map(() => null),
    in_watts: rows.map(([, watts]) => watts),
    out_watts: rows.map(([, , watts]) => watts),
    known_s: rows.map(([, , , seconds]) => seconds),
    grid_percent: rows.map(([, , , , grid]) => grid),
    step_s: 900,
    outages: [],
    source: "historian",
  };
}

Deno.test("slotBounds() are whole hours or local days, the present one last", () => {
  const day = slotBounds("day", NOW_SEC);
  assert.equal(day.length, 24);
  assert.deepEqual(day.at(-1), { fromSec: HOUR + 3600, toSec: HOUR + 7200 });
  const week = slotBounds("week", NOW_SEC);
  assert.equal(week.length, 7);
  assert.equal(week.at(-1)?.fromSec, new Date(2026, 10, 28).getTime() / 1000);
  assert.equal(week[0]?.fromSec, new Date(2026, 10, 22).getTime() / 1000);
});

Deno.test("energySlots() adds what is known and nothing else", () => {
  const slots = energySlots(
    history([
      [HOUR - 1, 3600, 3600, 1, 100],
      [HOUR, 100, 60, 900, 100],
      [HOUR + 900, 0, 80, 900, 0],
      [HOUR + 1800, 40, 80, 450, 0],
      [HOUR + 2700, null, null, 0, null],
      [HOUR + 3600, null, 60, 900, null],
    ]),
    "day",
    NOW_SEC,
  );
  assert.deepEqual(slots.at(-2), {
    fromSec: HOUR,
    toSec: HOUR + 3600,
    knownSec: 2250,
    inWh: 25 + 0 + 5,
    outWh: 15 + 20 + 10,
    fromBatteryWh: 20 + 5,
    toBatteryWh: 10,
    sunWh: 5,
  });
  assert.equal(slots.at(-3)?.inWh, 1);
  assert.deepEqual(slots.at(-1), { fromSec: HOUR + 3600, toSec: HOUR + 7200, knownSec: 900, outWh: 15 });
  assert.deepEqual(
    slots[0],
    { ...slotBounds("day", NOW_SEC)[0], knownSec: 0 },
    "an hour that nobody saw has no 0",
  );
});

Deno.test("energySlots() of a week take the historian's sums of the day, and say for how long they are known", () => {
  const energy = [{ day: "2026-11-28", in_wh: 500, in_s: 3000, out_wh: undefined, out_s: 0 }];
  const view = { ...history([[HOUR, 100, 60, 900, 100]]), energy };
  const slots = energySlots(view, "week", NOW_SEC);
  assert.deepEqual(slots.at(-1), {
    ...slotBounds("week", NOW_SEC).at(-1),
    knownSec: 3000,
    inWh: 500,
    outWh: 15,
    fromBatteryWh: 0,
    toBatteryWh: 10,
  });
});

Deno.test("energyTotal() of nothing is nothing, not 0", () => {
  const total = energyTotal(energySlots(history([]), "day", NOW_SEC), NOW_SEC);
  assert.equal(total.inWh, undefined);
  assert.equal(total.outWh, undefined);
  assert.equal(total.knownSec, 0);
  assert.equal(total.spanSec, 23 * 3600 + 1200);
});
