import assert from "node:assert/strict";
import { batteryNow, minutesToShow } from "./battery.ts";
import { UNKNOWN_DISCHARGE_PERCENT_PER_MIN } from "./blind/blind_estimate.ts";
import type { Readings } from "./readings.ts";

const SINCE = 1_000_000;
const LIMITS = { staleAfterMs: 120_000, blindLimitMs: 14_400_000 };
const MINUTE_MS = 60_000;

for (
  const [name, atMonoMs, isUsed] of [
    ["uses minutes that came with the loss", SINCE, true],
    ["uses no minutes from 1 ms before the outage", SINCE - 1, false],
  ] as const
) {
  Deno.test(`batteryNow() ${name}, while words are fresh and when they are old`, () => {
    const readings: Readings = {
      socPercent: { value: 80, atMonoMs: SINCE },
      dischargeMin: { value: 800, atMonoMs },
    };
    const at = (nowMonoMs: number) =>
      batteryNow({ readings, samples: [], lastGridMonoMs: SINCE }, 0, SINCE, LIMITS, nowMonoMs);
    assert.deepEqual(at(SINCE).remaining, isUsed ? { minutes: 800, isEstimate: false } : undefined);
    const fall = isUsed ? 0.1 * 1.25 : UNKNOWN_DISCHARGE_PERCENT_PER_MIN;
    assert.deepEqual(at(SINCE + 10 * MINUTE_MS).charge, { percent: 80 - 10 * fall, isEstimate: true });
    assert.equal(at(SINCE).assumedDischargePercentPerMin, fall);
  });
}

const at = <T>(value: T, atMonoMs = SINCE) => ({ value, atMonoMs });
const remaining: readonly [
  name: string,
  readings: Readings,
  measured: number | undefined,
  minutes: number | undefined,
][] = [
  ["the station's minutes", { socPercent: at(50), dischargeMin: at(33) }, 1, 33],
  ["one minute", { socPercent: at(50), dischargeMin: at(1) }, 1, 1],
  [
    "no minutes of 0, but load and energy",
    { socPercent: at(50), dischargeMin: at(0), outWatts: at(300), batteryWh: at(1000) },
    undefined,
    100,
  ],
  ["a load of 1 W", { socPercent: at(50), outWatts: at(1), batteryWh: at(10) }, undefined, 300],
  [
    "no load from 1 ms before the outage",
    { socPercent: at(50), outWatts: at(300, SINCE - 1), batteryWh: at(1000) },
    undefined,
    undefined,
  ],
  [
    "the measured discharge, where the load is from before",
    { socPercent: at(50), outWatts: at(300, SINCE - 1), batteryWh: at(1000) },
    0.5,
    100,
  ],
  ["no load of 0", { socPercent: at(50), outWatts: at(0), batteryWh: at(1000) }, undefined, undefined],
  [
    "no energy of 0: it is not empty for that",
    { socPercent: at(50), outWatts: at(300), batteryWh: at(0) },
    undefined,
    undefined,
  ],
  ["an energy of 0.5 Wh", { socPercent: at(50), outWatts: at(0.5), batteryWh: at(0.5) }, undefined, 30],
  ["the measured discharge", { socPercent: at(50) }, 0.5, 100],
  ["nothing measured", { socPercent: at(50) }, 0, undefined],
  ["what is above the station's own limit", { socPercent: at(50), minSocPercent: at(20) }, 0.5, 60],
  ["nothing below it", { socPercent: at(50), minSocPercent: at(60) }, 0.5, 0],
  ["nothing without a charge", { dischargeMin: at(33) }, 1, undefined],
];
for (const [name, readings, dischargePercentPerMin, minutes] of remaining) {
  Deno.test(`batteryNow() has minutes to empty from ${name}`, () => {
    const battery = batteryNow(
      { readings, samples: [], dischargePercentPerMin },
      readings.minSocPercent?.value ?? 0,
      SINCE,
      LIMITS,
      SINCE + MINUTE_MS,
    );
    assert.deepEqual(battery.remaining, minutes === undefined ? undefined : { minutes, isEstimate: false });
    assert.equal(battery.onBatteryMs, MINUTE_MS);
  });
}

Deno.test("batteryNow() counts what is above the station's own limit when it estimates", () => {
  const readings: Readings = { socPercent: at(50), minSocPercent: at(20) };
  const battery = batteryNow(
    { readings, samples: [], dischargePercentPerMin: 1 },
    20,
    SINCE,
    LIMITS,
    SINCE + 4 * MINUTE_MS,
  );
  assert.deepEqual(battery.charge, { percent: 45, isEstimate: true });
  assert.deepEqual(battery.remaining, { minutes: 25 / 1.25, isEstimate: true });
});

for (
  const [name, agoMs, unseenMs, countsAsEmptyInMs] of [
    ["of now", 0, 0, LIMITS.blindLimitMs],
    ["at its last fresh moment", 120_000, 120_000, LIMITS.blindLimitMs - 120_000],
    ["1 ms older: the estimate has seen the time", 120_001, 0, LIMITS.blindLimitMs - 120_001],
    ["at the blind limit", LIMITS.blindLimitMs, 0, 0],
    ["beyond the blind limit", LIMITS.blindLimitMs + 5, 0, 0],
  ] as const
) {
  Deno.test(`batteryNow() says how long it was drained unseen, and when it counts as empty, of a charge ${name}`, () => {
    const readings: Readings = { socPercent: at(50) };
    const battery = batteryNow({ readings, samples: [] }, 0, SINCE, LIMITS, SINCE + agoMs);
    assert.deepEqual([battery.unseenMs, battery.countsAsEmptyInMs], [unseenMs, countsAsEmptyInMs]);
  });
}

Deno.test("batteryNow() knows no such times without a charge", () => {
  const battery = batteryNow({ readings: {}, samples: [] }, 0, SINCE, LIMITS, SINCE + MINUTE_MS);
  assert.deepEqual([battery.unseenMs, battery.countsAsEmptyInMs], [undefined, undefined]);
});

/** 1.25 % a minute with what is added for safety: it will have fallen by a point in 48 s. */
const load = { outWatts: at(600), batteryWh: at(1000) };
for (
  const [name, readings, lastsMs] of [
    [
      "a fresh charge that rises, until it will have fallen by a point",
      { socPercent: at(12), ...load },
      48_000,
    ],
    ["one from 20 s ago, for 20 s less", { socPercent: at(12, SINCE - 20_000), ...load }, 28_000],
    ["one that is half a point below its highest", { socPercent: at(11.5), ...load }, 24_000],
    ["one that will have fallen by now, no longer", { socPercent: at(12, SINCE - 60_000), ...load }, 0],
    ["one that hardly falls, while it is fresh", {
      socPercent: at(12, SINCE - 20_000),
      ...load,
      outWatts: at(1),
    }, 100_000],
    ["one of an unknown load, at 2 % a minute", { socPercent: at(12) }, 30_000],
    ["no charge that rose and is old by now", { socPercent: at(12, SINCE - 120_001) }, undefined],
    ["no charge at all", {}, undefined],
  ] as const
) {
  Deno.test(`batteryNow() counts as charged by ${name}`, () => {
    const untoldCharge = { lowestPercent: 8, highestPercent: 12 };
    const battery = batteryNow({ readings, samples: [], untoldCharge }, 0, SINCE, LIMITS, SINCE);
    assert.equal(battery.charging?.lastsMs, lastsMs);
    assert.equal(battery.charging !== undefined, lastsMs !== undefined);
  });
}

Deno.test("minutesToShow() says what the station says, else what is reckoned, else the pessimistic fall, and nothing without a charge", () => {
  const rows: readonly (readonly [string, Readings, number | undefined])[] = [
    ["the station's own", { dischargeMin: { value: 190, atMonoMs: SINCE } }, 190],
    ["0 minutes tell nothing", { dischargeMin: { value: 0, atMonoMs: SINCE } }, 25],
    [
      "load and energy, down to the station's floor",
      {
        outWatts: { value: 100, atMonoMs: SINCE },
        batteryWh: { value: 1000, atMonoMs: SINCE },
        minSocPercent: { value: 20, atMonoMs: SINCE },
      },
      180,
    ],
    ["nothing but a charge: 2 % a minute", {}, 25],
    ["at the floor", { minSocPercent: { value: 50, atMonoMs: SINCE } }, 0],
  ];
  for (const [name, readings, minutes] of rows) {
    const socPercent = { value: 50, atMonoMs: SINCE };
    const battery = batteryNow(
      { readings: { socPercent, ...readings }, samples: [] },
      readings.minSocPercent?.value ?? 0,
      SINCE,
      LIMITS,
      SINCE,
    );
    assert.equal(minutesToShow(battery), minutes, name);
  }
  assert.equal(minutesToShow(batteryNow({ readings: {}, samples: [] }, 0, SINCE, LIMITS, SINCE)), undefined);
});
