/** The historian's pure rules. */
import assert from "node:assert/strict";
import { Downsampler, stepFor } from "./downsample.ts";
import { addEnergy, energyOf, localDay } from "./energy.ts";
import { HOLD_MS, Meter } from "./meter.ts";
import { OutageBook } from "./outages.ts";
import { averageOf, NO_TOTALS, totalsOf } from "./totals.ts";

Deno.test("Meter weights by time, and believes a word for 30 s and no longer", () => {
  const meter = new Meter();
  meter.note({ soc: 80, inWatts: 100 }, 0);
  meter.note({ soc: 70 }, 2000);
  const totals = meter.cut(10_000);
  assert.equal(totals.seconds, 10);
  assert.equal(averageOf(totals.soc), 72);
  assert.equal(totals.soc?.min, 70);
  // Watts were known for 2 s: that is no 0 for the other 8.
  assert.deepEqual(totals.inWatts, { area: 200, seconds: 2, min: 100, max: 100 });
  assert.equal(totals.outWatts, undefined);
  assert.equal(meter.cut(2000 + HOLD_MS).seconds, 22);
  assert.equal(meter.cut(3_600_000).seconds, 0);
});

Deno.test("Meter knows nothing once a station is not live", () => {
  const meter = new Meter();
  meter.note({ soc: 80 }, 0);
  meter.note(undefined, 5000);
  assert.equal(meter.cut(10_000).seconds, 5);
  assert.equal(meter.cut(20_000).seconds, 0);
});

Deno.test("Downsampler cuts rows at the boundaries of each step, and makes none of silence", () => {
  const rows = new Downsampler();
  const add = (wallSec: number, seconds = 10) => rows.add("Study", wallSec, totalsOf({ soc: 50 }, seconds));
  assert.deepEqual(add(10), []);
  assert.deepEqual(add(20).map(({ stepSec, atSec }) => [stepSec, atSec]), [[10, 0]]);
  for (const wallSec of [30, 40, 50, 60]) add(wallSec);
  assert.deepEqual(
    add(70).map(({ stepSec, atSec, totals }) => [stepSec, atSec, totals.seconds]),
    [[10, 50, 10], [60, 0, 60]],
  );
  const done = rows.add("Study", 910, NO_TOTALS);
  assert.deepEqual(done.map(({ stepSec, atSec, totals }) => [stepSec, atSec, totals.seconds]), [
    [10, 60, 10],
    [60, 60, 10],
    [900, 0, 70],
  ]);
  assert.deepEqual(rows.add("Study", 920, NO_TOTALS), []);
});

for (const [hours, step] of [[6, 10], [6.01, 60], [36, 60], [36.01, 900]] as const) {
  Deno.test(`stepFor() shows ${hours} h in rows of ${step} s`, () => {
    assert.equal(stepFor(0, hours * 3_600_000, hours * 3_600_000), step);
  });
}

for (const [days, step] of [[2, 10], [2.01, 60], [30, 60], [30.01, 900]] as const) {
  Deno.test(`stepFor() shows an hour that began ${days} days ago in rows of ${step} s, which are still kept`, () => {
    assert.equal(stepFor(0, 3_600_000, days * 86_400_000), step);
  });
}

Deno.test("energyOf() counts watt-hours, leaves gaps out, and knows no 0 for what is not known", () => {
  assert.deepEqual(energyOf("Study", "2026-11-23", totalsOf({ inWatts: 360 }, 10)), {
    device: "Study",
    day: "2026-11-23",
    inWh: 1,
    inSec: 10,
    acInWh: undefined,
    acInSec: 0,
    dcInWh: undefined,
    dcInSec: 0,
    outWh: undefined,
    outSec: 0,
  });
  assert.equal(energyOf("Study", "2026-11-23", totalsOf({ soc: 5 }, 10)), undefined);
  const parts = energyOf("Study", "d", totalsOf({ inWatts: 540, acInWatts: 360, dcInWatts: 180 }, 10));
  const twice = parts && addEnergy(parts, parts);
  assert.deepEqual([twice?.inWh, twice?.acInWh, twice?.acInSec, twice?.dcInWh, twice?.dcInSec], [
    3,
    2,
    20,
    1,
    20,
  ]);
  const one = energyOf("Study", "d", totalsOf({ outWatts: 3600 }, 1));
  const both = one && addEnergy(one, one);
  assert.deepEqual([both?.outWh, both?.outSec, both?.inWh], [2, 2, undefined]);
});

Deno.test("localDay() is the day of this machine's time zone", () => {
  assert.equal(localDay(new Date(2026, 0, 2, 0, 0, 0).getTime()), "2026-01-02");
  assert.equal(localDay(new Date(2026, 0, 2, 0, 0, 0).getTime() - 1), "2026-01-01");
});

Deno.test("OutageBook keeps beginning, depth and end", () => {
  const book = new OutageBook();
  assert.equal(book.note("Study", { grid: true, soc: 90 }, 0), undefined);
  assert.equal(book.note("Study", {}, 500), undefined);
  assert.equal(book.note("Study", { grid: false, soc: 90 }, 1000)?.isFromSeen, true);
  assert.equal(book.isOut, true);
  book.note("Study", { grid: false, soc: 40 }, 50_000);
  book.note("Study", { grid: false }, 60_000);
  assert.deepEqual(book.note("Study", { grid: true, soc: 45 }, 61_000), {
    device: "Study",
    fromMs: 1000,
    isFromSeen: true,
    toMs: 61_000,
    isToSeen: true,
    socStart: 90,
    socLowest: 40,
    socEnd: 45,
    lastMs: 60_000,
  });
  assert.equal(book.isOut, false);
});

Deno.test("OutageBook says what nobody saw: a beginning before the start, an end in the dark, a clock that fell back", () => {
  assert.equal(new OutageBook().note("Study", { grid: false }, 1000)?.isFromSeen, false);
  const [open] = [new OutageBook().note("Study", { grid: false, soc: 30 }, 1_000_000)];
  assert.ok(open);
  const dark = new OutageBook([open]).note("Study", { grid: true }, 1_120_001);
  assert.deepEqual([dark?.toMs, dark?.isToSeen], [1_120_001, false]);
  assert.equal(new OutageBook([open]).note("Study", { grid: true }, 1_120_000)?.isToSeen, true);
  const back = new OutageBook([open]).note("Study", { grid: true }, 5);
  assert.deepEqual([back?.toMs, back?.isToSeen], [1_000_000, false]);
});
