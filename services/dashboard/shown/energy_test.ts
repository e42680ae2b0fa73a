import assert from "node:assert/strict";
import type { EnergyView, HistoryView } from "../page_contract.ts";
import { broughtIn, energySlots, energyTotal, slotBounds } from "./energy.ts";

const NOW_SEC = new Date(2026, 10, 28, 14, 20).getTime() / 1000;
const HOUR = new Date(2026, 10, 28, 13, 0).getTime() / 1000;

function history(
  rows: readonly (readonly [
    at: number,
    grid: number | null,
    sun: number | null,
    out: number | null,
    seconds: number,
    undivided?: number,
  ])[],
): HistoryView {
  return {
    device: "Study",
    at_s: rows.map(([at]) => at),
    soc_percent: rows.map(() => null),
    in_watts: rows.map(([, grid, sun, , , undivided]) =>
      undivided ?? (grid === null && sun === null ? null : (grid ?? 0) + (sun ?? 0))
    ),
    ac_in_watts: rows.map(([, grid]) => grid),
    dc_in_watts: rows.map(([, , sun]) => sun),
    out_watts: rows.map(([, , , watts]) => watts),
    known_s: rows.map(([, , , , seconds]) => seconds),
    grid_percent: rows.map(() => null),
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

Deno.test("energySlots() adds what is known and nothing else, grid and sun apart", () => {
  const slots = energySlots(
    history([
      [HOUR - 1, 3600, null, 3600, 1],
      [HOUR, 60, 40, 60, 900],
      [HOUR + 900, 0, 0, 80, 900],
      [HOUR + 1800, 0, 40, 80, 450],
      [HOUR + 2700, null, null, null, 0],
      [HOUR + 3600, null, null, 60, 900],
    ]),
    "day",
    NOW_SEC,
  );
  assert.deepEqual(slots.at(-2), {
    fromSec: HOUR,
    toSec: HOUR + 3600,
    knownSec: 2250,
    gridWh: 15,
    sunWh: 10 + 5,
    outWh: 15 + 20 + 10,
    fromBatteryWh: 20 + 5,
    toBatteryWh: 10,
  });
  assert.deepEqual(
    [slots.at(-3)?.gridWh, slots.at(-3)?.sunWh],
    [1, undefined],
    "a station without a sun has no 0",
  );
  assert.deepEqual(slots.at(-1), { fromSec: HOUR + 3600, toSec: HOUR + 7200, knownSec: 900, outWh: 15 });
  assert.deepEqual(
    slots[0],
    { ...slotBounds("day", NOW_SEC)[0], knownSec: 0 },
    "an hour that nobody saw has no 0",
  );
});

Deno.test("energySlots() keep the one sum of an older version apart from grid and sun", () => {
  const view = history([[HOUR, null, null, 60, 900, 100], [HOUR + 900, 40, null, 60, 900]]);
  const slot = energySlots(view, "day", NOW_SEC).at(-2);
  assert.deepEqual([slot?.undividedWh, slot?.gridWh, slot?.sunWh], [25, 10, undefined]);
  assert.equal(slot && broughtIn(slot), 35);
});

const DAYS: readonly (readonly [name: string, day: Partial<EnergyView>, wanted: (number | undefined)[]])[] = [
  ["all apart", { in_wh: 500, ac_in_wh: 300, dc_in_wh: 200 }, [300, 200, undefined]],
  ["less than half a watt-hour is rounding", { in_wh: 500.4, ac_in_wh: 500 }, [500, undefined, undefined]],
  ["half of one is not", { in_wh: 500.5, ac_in_wh: 500 }, [500, undefined, 0.5]],
  ["a day of an older version", { in_wh: 500 }, [undefined, undefined, 500]],
  ["nothing came in that is known", {}, [undefined, undefined, 25]],
];
for (const [name, day, wanted] of DAYS) {
  Deno.test(`energySlots() of a week take the historian's sums of the day: ${name}`, () => {
    const energy = [{ day: "2026-11-28", in_s: 3000, out_s: 0, ...day }];
    const view = { ...history([[HOUR, null, null, 60, 900, 100]]), energy };
    const slot = energySlots(view, "week", NOW_SEC).at(-1);
    assert.deepEqual([slot?.gridWh, slot?.sunWh, slot?.undividedWh], wanted);
    assert.deepEqual([slot?.knownSec, slot?.outWh], [3000, 15]);
  });
}

Deno.test("energyTotal() of nothing is nothing, not 0", () => {
  const total = energyTotal(energySlots(history([]), "day", NOW_SEC), NOW_SEC);
  assert.deepEqual([total.gridWh, total.sunWh, broughtIn(total)], [undefined, undefined, undefined]);
  assert.equal(total.outWh, undefined);
  assert.equal(total.knownSec, 0);
  assert.equal(total.spanSec, 23 * 3600 + 1200);
});
