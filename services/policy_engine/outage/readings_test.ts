import assert from "node:assert/strict";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import {
  chargeOnBattery,
  PESSIMISM,
  SLOWEST_DISCHARGE_PERCENT_PER_MIN,
  UNKNOWN_DISCHARGE_PERCENT_PER_MIN,
} from "./blind/blind_estimate.ts";
import {
  type Arrival,
  freshestMonoMs,
  isFresh,
  mergeState,
  type Readings,
  suggestedFall,
  UNKNOWN_AGE_MS,
} from "./readings.ts";

const WALL = Date.UTC(2026, 10, 23, 19, 0, 0);
const arrival = (atMonoMs: number, retained = false): Arrival => ({ atMonoMs, atWallMs: WALL, retained });
const state = (change: object) => ({ device: "S", ...change });

Deno.test("mergeState() takes a state without ages as fresh at its arrival", () => {
  const readings = mergeState({}, state({ soc: 50, grid_connected: false }), arrival(9000));
  assert.deepEqual(readings.grid, { value: false, atMonoMs: 9000 });
  assert.deepEqual(readings.socPercent, { value: 50, atMonoMs: 9000 });
});

Deno.test("mergeState() keeps what a state does not say", () => {
  const readings = mergeState({}, state({ soc: 50, grid_connected: true }), arrival(1000));
  assert.deepEqual(mergeState(readings, state({ soc: 49 }), arrival(2000)).grid, {
    value: true,
    atMonoMs: 1000,
  });
});

const OF_THE_MOMENT = { discharge_min: 7, out_watts: 900 };
for (
  const [name, change, atMs, isKept] of [
    ["keeps minutes and load while the silence on them is older", { age_s: 0.001 }, 1000, true],
    ["takes minutes and load back when a state as new does not say them", { age_s: 0 }, 1000, false],
    ["does not keep minutes and load that a newer state does not say", { soc: 50 }, 2000, false],
    ["takes newer minutes and load", { discharge_min: 7, out_watts: 900 }, 2000, true],
  ] as const
) {
  Deno.test(`mergeState() ${name}`, () => {
    const readings = mergeState({}, state({ ...OF_THE_MOMENT, battery_wh: 245, min_soc: 10 }), arrival(1000));
    const after = mergeState(readings, state(change), arrival(atMs));
    assert.equal(after.dischargeMin?.value, isKept ? 7 : undefined);
    assert.equal(after.outWatts?.value, isKept ? 900 : undefined);
    assert.equal(after.batteryWh?.value, 245, "this does not change by itself");
    assert.equal(after.minSocPercent?.value, 10, "nor does this");
  });
}

for (
  const [name, told, later, fall] of [
    ["load and energy", { out_watts: 600, battery_wh: 1000, grid_connected: true }, { soc: 79 }, 1],
    ["minutes on battery", { discharge_min: 40, grid_connected: false }, { soc: 79 }, 2],
    [
      "no minutes while the grid is there",
      { discharge_min: 40, grid_connected: true },
      { soc: 79 },
      undefined,
    ],
    [
      "the newer of two",
      { out_watts: 600, battery_wh: 1000, grid_connected: true },
      { soc: 79, out_watts: 300 },
      0.5,
    ],
  ] as const
) {
  Deno.test(`mergeState() remembers the fall told by ${name}`, () => {
    const before = mergeState({}, state({ soc: 80, ...told }), arrival(1000));
    const after = mergeState(before, state(later), arrival(2000));
    assert.equal(after.fallPercentPerMin?.value, fall);
  });
}

Deno.test("mergeState() does not let a state take back what may be newer, when a restart made its age a guess", () => {
  const before = { value: 7, atMonoMs: 0, latestMonoMs: 5000 };
  const hearAt = (atMs: number) =>
    mergeState({ dischargeMin: before }, state({ soc: 50 }), arrival(atMs)).dischargeMin;
  assert.deepEqual(hearAt(4999), before);
  assert.equal(hearAt(5000), undefined);
});

Deno.test("mergeState() takes the same again of a value whose age a restart made a guess, and no other that may be older", () => {
  const grid = { value: false, atMonoMs: 0, isFromBefore: true, latestMonoMs: 5000 } as const;
  const hear = (connected: boolean, atMs: number) =>
    mergeState({ grid }, state({ grid_connected: connected }), arrival(atMs)).grid;
  assert.deepEqual(hear(false, 1), { value: false, atMonoMs: 1, latestMonoMs: 5000 });
  assert.deepEqual(
    hear(false, -1),
    { value: false, atMonoMs: -1, latestMonoMs: 5000 },
    "older than the guess, but its age is known: fresh or not, that is sure",
  );
  assert.deepEqual(hear(true, 4999), grid);
  assert.deepEqual(hear(true, 5000), { value: true, atMonoMs: 5000 });
  const kept =
    mergeState({ grid }, state({ grid_connected: false }), { ...arrival(-1), retained: true }).grid;
  assert.deepEqual(kept, grid, "how long the broker kept it, nobody knows");
  const sure = { value: false, atMonoMs: 0, isFromBefore: true } as const;
  const repeated = mergeState({ grid: sure }, state({ grid_connected: false }), arrival(-1)).grid;
  assert.deepEqual(repeated, sure, "an age that is no guess stays");
  const heard = { value: false, atMonoMs: 1, latestMonoMs: 5000 };
  const again = mergeState({ grid: heard }, state({ grid_connected: false }), arrival(0)).grid;
  assert.deepEqual(again, heard, "no newer than what was heard since");
});

Deno.test("mergeState() takes the same again of a kept state only when that is newer than what was stored", () => {
  const grid = { value: false, atMonoMs: 0, isFromBefore: true, latestMonoMs: 5000 } as const;
  const hear = (atMs: number) =>
    mergeState({ grid }, state({ grid_connected: false }), arrival(UNKNOWN_AGE_MS + atMs, true)).grid;
  assert.deepEqual(hear(0), grid);
  assert.deepEqual(hear(1), { value: false, atMonoMs: 1, latestMonoMs: 5000 });
});

Deno.test("mergeState() does not date minutes back to an older time at which the same was said", () => {
  const dischargeMin = { value: 7, atMonoMs: 0, isFromBefore: true, latestMonoMs: 5000 } as const;
  const hear = (atMs: number) =>
    mergeState({ dischargeMin }, state({ discharge_min: 7 }), arrival(atMs)).dischargeMin;
  assert.deepEqual(hear(-1), dischargeMin);
  assert.deepEqual(hear(1), { value: 7, atMonoMs: 1, latestMonoMs: 5000 });
  const socPercent = { ...dischargeMin, value: 50 };
  assert.deepEqual(mergeState({ socPercent }, state({ soc: 50 }), arrival(-1)).socPercent, socPercent);
});

Deno.test("mergeState() takes the fall that a late repetition tells, of its own time", () => {
  const newest = mergeState({}, state({ soc: 80 }), arrival(2000));
  const late = mergeState(
    newest,
    state({ soc: 81, out_watts: 600, battery_wh: 1000, age_s: 1 }),
    arrival(2000),
  );
  assert.deepEqual(late.fallPercentPerMin, { value: 1, atMonoMs: 1000 });
  assert.equal(late.outWatts, undefined, "the load of now it is not");
});

Deno.test("mergeState() lets no late repetition say that the grid is untold, when a newer grid was stored before a restart", () => {
  const grid = { value: true, atMonoMs: 1000, isFromBefore: true } as const;
  const hear = (atMs: number) => mergeState({ grid }, state({ soc: 50, grid_unknown: true }), arrival(atMs));
  assert.equal(hear(999).gridUntold, undefined);
  assert.equal(hear(1000).gridUntold?.value, true);
});

Deno.test("mergeState() keeps a grid untold over a restart until somebody tells it", () => {
  const gridUntold = { value: true, atMonoMs: 0, isFromBefore: true } as const;
  const hear = (said: Partial<PowerState>) =>
    mergeState({ gridUntold }, state({ soc: 50, ...said }), arrival(1000)).gridUntold;
  assert.deepEqual(hear({}), gridUntold);
  assert.deepEqual(hear({ grid_unknown: true }), { value: true, atMonoMs: 1000 });
  assert.equal(hear({ grid_connected: true }), undefined);
  const live = { value: true, atMonoMs: 0 } as const;
  assert.equal(mergeState({ gridUntold: live }, state({ soc: 50 }), arrival(1000)).gridUntold, undefined);
});

Deno.test("mergeState() dates each value by its own age", () => {
  const readings = mergeState(
    {},
    state({ soc: 50, soc_age_s: 3, grid_connected: true, grid_age_s: 7, age_s: 1 }),
    arrival(10_000),
  );
  assert.equal(readings.grid?.atMonoMs, 3000);
  assert.equal(readings.socPercent?.atMonoMs, 7000);
});

Deno.test("mergeState() dates each value by the age of the state where it has none of its own", () => {
  const told = { soc: 50, grid_connected: true, out_watts: 5, discharge_min: 7, min_soc: 10, age_s: 4 };
  const readings = mergeState({}, state(told), arrival(10_000));
  const { grid, socPercent, outWatts, dischargeMin, minSocPercent, spoke } = readings;
  for (const reading of [grid, socPercent, outWatts, dischargeMin, minSocPercent, spoke]) {
    assert.equal(reading?.atMonoMs, 6000);
  }
});

Deno.test("mergeState() does not let older evidence replace newer", () => {
  const readings = mergeState({}, state({ grid_connected: false, grid_age_s: 0 }), arrival(100_000));
  const after = mergeState(readings, state({ grid_connected: true, grid_age_s: 60 }), arrival(101_000));
  assert.equal(after.grid?.value, false);
});

for (
  const [name, ts, ageMs] of [
    ["with its age by the wall clock", new Date(WALL - 5000).toISOString(), 5000],
    ["from the future as an hour old", new Date(WALL + 5000).toISOString(), 3_600_000],
    ["without a time as an hour old", undefined, 3_600_000],
    ["from years ago as an hour old", "2020-01-01T00:00:00Z", 3_600_000],
  ] as const
) {
  Deno.test(`mergeState() takes a retained state ${name}`, () => {
    const readings = mergeState({}, state({ soc: 5, grid_connected: false, ts }), arrival(9_000_000, true));
    assert.equal(readings.socPercent?.atMonoMs, 9_000_000 - ageMs);
    assert.equal(readings.grid?.atMonoMs, ageMs < UNKNOWN_AGE_MS ? 9_000_000 - ageMs : undefined);
    const there = mergeState({}, state({ grid_connected: true, ts }), arrival(9_000_000, true));
    assert.equal(there.grid?.atMonoMs, 9_000_000 - ageMs);
  });
}

const at0 = <T>(value: T) => ({ value, atMonoMs: 0 });
const BASIS = { staleAfterMs: 120_000, blindLimitMs: 14_400_000, lastGridMonoMs: 0 };
const charges: readonly [
  name: string,
  readings: Readings,
  nowMs: number,
  percent: number | undefined,
  isEstimate: boolean,
][] = [
  ["the word at its last fresh moment", { socPercent: at0(50) }, BASIS.staleAfterMs, 50, false],
  [
    "a fall of unknown speed after it",
    { socPercent: at0(50) },
    600_000,
    50 - 10 * UNKNOWN_DISCHARGE_PERCENT_PER_MIN,
    true,
  ],
  [
    "a fall by the station's own minutes",
    { socPercent: at0(50), dischargeMin: at0(100) },
    600_000,
    50 - 5 * PESSIMISM,
    true,
  ],
  [
    "a fall by load and energy",
    { socPercent: at0(50), outWatts: at0(60), batteryWh: at0(600) },
    600_000,
    50 - 10 / 6 * PESSIMISM,
    true,
  ],
  [
    "the faster of both",
    { socPercent: at0(50), dischargeMin: at0(1000), outWatts: at0(60), batteryWh: at0(600) },
    600_000,
    50 - 10 / 6 * PESSIMISM,
    true,
  ],
  [
    "a slow fall with no load",
    { socPercent: at0(50), outWatts: at0(0), batteryWh: at0(600) },
    1_440_000,
    50 - 24 * SLOWEST_DISCHARGE_PERCENT_PER_MIN,
    true,
  ],
  ["never below 0", { socPercent: at0(5) }, 14_400_000, 0, true],
  [
    "the estimate at its age limit",
    { socPercent: at0(50), outWatts: at0(0), batteryWh: at0(600) },
    14_400_000,
    50 - 240 * SLOWEST_DISCHARGE_PERCENT_PER_MIN,
    true,
  ],
  [
    "empty beyond its age limit",
    { socPercent: at0(50), outWatts: at0(0), batteryWh: at0(600) },
    14_400_001,
    0,
    true,
  ],
  ["nothing that was never heard", {}, 600_000, undefined, false],
];
for (const [name, readings, nowMs, percent, isEstimate] of charges) {
  Deno.test(`chargeOnBattery() gives ${name}`, () => {
    const charge = chargeOnBattery(readings, nowMs, BASIS);
    if (percent === undefined) return assert.equal(charge, undefined);
    assert.ok(Math.abs((charge?.percent ?? NaN) - percent) < 1e-9, `${charge?.percent}`);
    assert.equal(charge?.isEstimate, isEstimate);
  });
}

Deno.test("chargeOnBattery() lets nothing be drawn while the grid was known to be there", () => {
  const basis = { ...BASIS, lastGridMonoMs: 3_600_000 };
  const charge = chargeOnBattery({ socPercent: at0(50) }, 3_660_000, basis);
  assert.deepEqual(charge, { percent: 50 - UNKNOWN_DISCHARGE_PERCENT_PER_MIN, isEstimate: true });
});

Deno.test("chargeOnBattery() falls as fast as was measured, when that is the worst", () => {
  const basis = { ...BASIS, measuredDischargePercentPerMin: 4 };
  const charge = chargeOnBattery({ socPercent: at0(90), dischargeMin: at0(90) }, 600_000, basis);
  assert.equal(charge?.percent, 90 - 40 * PESSIMISM);
});

Deno.test("chargeOnBattery() lets the charge fall since its word when nobody knows when the grid went", () => {
  const basis = { ...BASIS, lastGridMonoMs: undefined };
  const charge = chargeOnBattery({ socPercent: at0(50) }, 600_000, basis);
  assert.deepEqual(charge, { percent: 50 - 10 * UNKNOWN_DISCHARGE_PERCENT_PER_MIN, isEstimate: true });
});

Deno.test("mergeState() does not take a state for fresh that calls itself stale and has no ages", () => {
  for (const link of ["stale", "offline"] as const) {
    const readings = mergeState({}, state({ soc: 50, grid_connected: true, link }), arrival(9_000_000));
    assert.equal(readings.grid?.atMonoMs, 9_000_000 - UNKNOWN_AGE_MS);
    const lost = mergeState({}, state({ soc: 50, grid_connected: false, link }), arrival(9_000_000));
    assert.equal(lost.grid, undefined);
    const aged = mergeState({}, state({ grid_connected: false, link, age_s: 5 }), arrival(9_000_000));
    assert.equal(aged.grid?.atMonoMs, 9_000_000 - 5000);
  }
});

Deno.test("mergeState() does not take a station for one that speaks by a state that says nothing and has no age", () => {
  const empty = state({ link: "stale", ts: new Date(WALL).toISOString() });
  assert.equal(mergeState({}, empty, arrival(9000)).spoke, undefined);
  const spoke = mergeState({}, state({ soc: 50, age_s: 3 }), arrival(5000)).spoke;
  assert.deepEqual(mergeState({ spoke }, empty, arrival(9000)).spoke, { value: true, atMonoMs: 2000 });
});

for (
  const [ageMs, before, isTaken] of [
    [UNKNOWN_AGE_MS - 1000, undefined, true],
    [UNKNOWN_AGE_MS, undefined, false],
    [UNKNOWN_AGE_MS, { value: true, atMonoMs: 0 }, false],
    [UNKNOWN_AGE_MS, { value: false, atMonoMs: 0 }, true],
  ] as const
) {
  const after = before ? `"${before.value ? "grid" : "no grid"}"` : "nothing";
  Deno.test(`mergeState() ${isTaken ? "takes" : "begins no outage with"} a loss that is ${ageMs} ms old after ${after}`, () => {
    const readings = mergeState(
      { grid: before },
      state({ grid_connected: false, age_s: ageMs / 1000 }),
      arrival(9_000_000),
    );
    assert.equal(readings.grid?.atMonoMs, isTaken ? 9_000_000 - ageMs : before?.atMonoMs);
  });
}

Deno.test("mergeState() does not let an older state bring back what a newer one does not say", () => {
  const old = state({
    soc: 50,
    grid_unknown: true,
    discharge_min: 90,
    out_watts: 10,
    model_guess: true,
    age_s: 60,
  });
  let readings = mergeState({}, { ...old, age_s: 0 }, arrival(0));
  assert.deepEqual(readings.gridUntold, { value: true, atMonoMs: 0 });
  readings = mergeState(readings, state({ soc: 50, grid_connected: true }), arrival(60_000));
  assert.equal(readings.gridUntold, undefined);
  readings = mergeState(readings, old, arrival(60_001));
  assert.equal(readings.gridUntold, undefined);
  assert.equal(readings.dischargeMin, undefined);
  assert.equal(readings.outWatts, undefined);
  assert.equal(readings.modelGuess, undefined);
  assert.equal(readings.grid?.value, true);
});

Deno.test("mergeState() takes no minutes that are doubted, and takes back those from before", () => {
  const readings = mergeState({}, state({ discharge_min: 90 }), arrival(0));
  const doubted = state({ discharge_min: 3, discharge_min_doubtful: true });
  assert.equal(mergeState(readings, doubted, arrival(1000)).dischargeMin, undefined);
});

for (
  const [name, first, later, fall] of [
    [
      "no minutes while an earlier word is that the grid is there",
      { grid_connected: true },
      { discharge_min: 40 },
      undefined,
    ],
    [
      "minutes while an earlier word is that the grid is gone",
      { grid_connected: false },
      { discharge_min: 40 },
      2,
    ],
    ["minutes while nobody has told the grid", { soc: 80 }, { discharge_min: 40 }, 2],
    [
      "no minutes that are doubted",
      { grid_connected: false },
      { discharge_min: 40, discharge_min_doubtful: true },
      undefined,
    ],
    ["a load, with an energy that was told earlier", { battery_wh: 1000 }, { out_watts: 600 }, 1],
    [
      "a load, with the energy that is told now",
      { battery_wh: 1000 },
      { out_watts: 600, battery_wh: 500 },
      2,
    ],
    ["a load of nothing", { battery_wh: 1000 }, { out_watts: 0 }, 0],
  ] as const
) {
  Deno.test(`mergeState() remembers the fall told by ${name}`, () => {
    const before = mergeState({}, state({ soc: 80, ...first }), arrival(1000));
    const after = mergeState(before, state({ soc: 80, ...later }), arrival(2000));
    assert.deepEqual(
      after.fallPercentPerMin,
      fall === undefined ? undefined : { value: fall, atMonoMs: 2000 },
    );
  });
}

const value = <T>(told: T) => ({ value: told, atMonoMs: 0 });
for (
  const [name, readings, fall] of [
    ["nothing", {}, undefined],
    ["minutes without a charge", { dischargeMin: value(40) }, undefined],
    ["a charge of 0 with minutes", { socPercent: value(0), dischargeMin: value(40) }, 0],
    ["minutes of 0", { socPercent: value(80), dischargeMin: value(0) }, undefined],
    ["half a minute", { socPercent: value(8), dischargeMin: value(0.5) }, 16],
    ["minutes of next to nothing", { socPercent: value(80), dischargeMin: value(5e-324) }, 6000],
    [
      "a full battery that is empty in a second",
      { socPercent: value(100), dischargeMin: value(1 / 60) },
      6000,
    ],
    ["energy of next to nothing that is charged", { outWatts: value(-600), batteryWh: value(5e-324) }, -6000],
    ["an energy of 0", { outWatts: value(600), batteryWh: value(0) }, undefined],
    ["a small energy", { outWatts: value(0.3), batteryWh: value(0.5) }, 1],
    [
      "the faster of both",
      { socPercent: value(80), dischargeMin: value(40), outWatts: value(600), batteryWh: value(1000) },
      2,
    ],
  ] as const
) {
  Deno.test(`suggestedFall() of ${name} is ${fall}`, () => assert.equal(suggestedFall(readings), fall));
}

Deno.test("freshestMonoMs() is the newer of grid and charge, and unknown before either", () => {
  const at = <T>(told: T, atMonoMs: number) => ({ value: told, atMonoMs });
  assert.equal(freshestMonoMs({ grid: at(true, 5), socPercent: at(50, 9) }), 9);
  assert.equal(freshestMonoMs({ grid: at(true, 9), socPercent: at(50, 5) }), 9);
  assert.equal(freshestMonoMs({ grid: at(true, 5) }), 5);
  assert.equal(freshestMonoMs({ spoke: at(true, 5), outWatts: at(1, 5) }), undefined);
});

Deno.test("isFresh() is so up to its limit, never of a reading from before a restart, nor of none", () => {
  assert.deepEqual([isFresh(value(1), 100, 100), isFresh(value(1), 100, 101)], [true, false]);
  assert.equal(isFresh({ ...value(1), isFromBefore: true }, 100, 0), false);
  assert.equal(isFresh(undefined, 100, 0), false);
});

for (
  const [agoMs, ageMs] of [
    [0, 0],
    [UNKNOWN_AGE_MS - 1, UNKNOWN_AGE_MS - 1],
    [UNKNOWN_AGE_MS, UNKNOWN_AGE_MS],
    [
      UNKNOWN_AGE_MS + 1,
      UNKNOWN_AGE_MS,
    ],
  ] as const
) {
  Deno.test(`mergeState() takes a retained state of ${agoMs} ms ago as ${ageMs} ms old`, () => {
    const ts = new Date(WALL - agoMs).toISOString();
    const { grid, socPercent } = mergeState(
      {},
      state({ grid_connected: true, soc: 5, soc_age_s: 2, ts }),
      arrival(9_000_000, true),
    );
    assert.equal(grid?.atMonoMs, 9_000_000 - ageMs);
    assert.equal(socPercent?.atMonoMs, 9_000_000 - ageMs - 2000, "what it says of ages comes on top");
  });
}

Deno.test("mergeState() begins an outage with a loss that the broker kept for less than an hour, by the clock", () => {
  const hear = (agoMs: number, change: object = {}) => {
    const ts = new Date(WALL - agoMs).toISOString();
    return mergeState({}, state({ grid_connected: false, ts, ...change }), arrival(9_000_000, true)).grid
      ?.value;
  };
  assert.deepEqual([hear(UNKNOWN_AGE_MS - 1), hear(UNKNOWN_AGE_MS)], [false, undefined]);
  const agedAs = (
    change: object,
  ) => [hear(UNKNOWN_AGE_MS - 5001, change), hear(UNKNOWN_AGE_MS - 5000, change)];
  assert.deepEqual(agedAs({ grid_age_s: 5 }), [false, undefined]);
  assert.deepEqual(agedAs({ age_s: 5 }), [false, undefined]);
  assert.deepEqual(agedAs({ grid_age_s: 5, age_s: 0 }), [false, undefined]);
});

Deno.test("mergeState() believes a live state without ages, and a stale one that says its age of 0", () => {
  const grid = (change: object) =>
    mergeState({}, state({ grid_connected: false, ...change }), arrival(9_000_000)).grid?.atMonoMs;
  assert.deepEqual([grid({ link: "live" }), grid({ link: "stale", age_s: 0 })], [9_000_000, 9_000_000]);
});

Deno.test("mergeState() keeps a guessed table and a play only while a state says so", () => {
  const told = mergeState({}, state({ soc: 50, model_guess: true, simulated: true }), arrival(1000));
  assert.deepEqual([told.modelGuess, told.simulated], [{ value: true, atMonoMs: 1000 }, {
    value: true,
    atMonoMs: 1000,
  }]);
  const after = mergeState(told, state({ soc: 50 }), arrival(2000));
  assert.deepEqual([after.modelGuess, after.simulated], [undefined, undefined]);
});

Deno.test("mergeState() takes no load from a state that is older than the last word of grid or charge", () => {
  const hear = (readings: Readings, atMs: number) =>
    mergeState(readings, state({ out_watts: 300 }), arrival(atMs)).outWatts?.value;
  for (
    const before of [{ grid: value(true) }, { socPercent: value(50) }, {
      spoke: { value: true, atMonoMs: 0 },
    }] as const
  ) {
    assert.deepEqual([hear(before, -1), hear(before, 0)], [undefined, 300]);
  }
});
