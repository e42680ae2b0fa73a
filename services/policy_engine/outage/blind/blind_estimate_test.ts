import assert from "node:assert/strict";
import {
  chargeOnBattery,
  dischargePercentPerMin,
  PESSIMISM,
  SLOWEST_DISCHARGE_PERCENT_PER_MIN,
  UNKNOWN_DISCHARGE_PERCENT_PER_MIN,
} from "./blind_estimate.ts";
import type { Readings } from "../readings.ts";

const AT = 1_000_000;
const MIN = 60_000;
const at = <T>(value: T, atMonoMs = AT) => ({ value, atMonoMs });

const rates: readonly [name: string, readings: Readings, measured: number | undefined, rate: number][] = [
  ["nothing known", {}, undefined, UNKNOWN_DISCHARGE_PERCENT_PER_MIN],
  ["the station's minutes", { socPercent: at(80), dischargeMin: at(40) }, undefined, 2 * PESSIMISM],
  [
    "no minutes of 0",
    { socPercent: at(80), dischargeMin: at(0) },
    undefined,
    UNKNOWN_DISCHARGE_PERCENT_PER_MIN,
  ],
  ["one minute", { socPercent: at(80), dischargeMin: at(1) }, undefined, 80 * PESSIMISM],
  ["load and energy", { outWatts: at(600), batteryWh: at(1000) }, undefined, PESSIMISM],
  ["no energy of 0", { outWatts: at(600), batteryWh: at(0) }, undefined, UNKNOWN_DISCHARGE_PERCENT_PER_MIN],
  ["an energy of 1 Wh", { outWatts: at(0.6), batteryWh: at(1) }, undefined, PESSIMISM],
  ["no load without energy", { outWatts: at(600) }, undefined, UNKNOWN_DISCHARGE_PERCENT_PER_MIN],
  [
    "a load of 0 falls by the slowest",
    { outWatts: at(0), batteryWh: at(1000) },
    undefined,
    SLOWEST_DISCHARGE_PERCENT_PER_MIN,
  ],
  [
    "a fall that was told and taken back",
    { socPercent: at(80), fallPercentPerMin: at(3, AT - 600_000) },
    undefined,
    3 * PESSIMISM,
  ],
  [
    "no fall that was told too long before the charge",
    { socPercent: at(80), fallPercentPerMin: at(3, AT - 600_001) },
    undefined,
    UNKNOWN_DISCHARGE_PERCENT_PER_MIN,
  ],
  [
    "no slow fall that was taken back",
    { socPercent: at(80), fallPercentPerMin: at(0.1) },
    undefined,
    UNKNOWN_DISCHARGE_PERCENT_PER_MIN,
  ],
  [
    "the faster of what was measured and what was taken back",
    { socPercent: at(80), fallPercentPerMin: at(3) },
    0.5,
    3 * PESSIMISM,
  ],
  [
    "the load that holds, not the one that was told before",
    { socPercent: at(80), outWatts: at(600), batteryWh: at(1000), fallPercentPerMin: at(3) },
    undefined,
    PESSIMISM,
  ],
  ["what was measured", {}, 0.5, 0.5 * PESSIMISM],
  ["nothing measured", {}, 0, UNKNOWN_DISCHARGE_PERCENT_PER_MIN],
  [
    "the fastest of all",
    { socPercent: at(80), dischargeMin: at(160), outWatts: at(600), batteryWh: at(1000) },
    0.7,
    PESSIMISM,
  ],
];
for (const [name, readings, measuredDischargePercentPerMin, rate] of rates) {
  Deno.test(`dischargePercentPerMin() takes ${name}`, () => {
    const found = dischargePercentPerMin(readings, { measuredDischargePercentPerMin });
    assert.ok(Math.abs(found - rate) < 1e-9, `${found} %/min, wanted ${rate}`);
  });
}

const BASIS = { staleAfterMs: 2 * MIN, blindLimitMs: 240 * MIN };
const charges: readonly [
  name: string,
  ageMs: number,
  gridAgeMs: number | undefined,
  percent: number,
  flags: object,
][] = [
  ["as it is while it is fresh", 2 * MIN, undefined, 80, { isEstimate: false }],
  ["less what was drawn, 1 ms later", 2 * MIN + 1, undefined, 80 - 2 * (2 * MIN + 1) / MIN, {
    isEstimate: true,
  }],
  ["less what was drawn since the grid was lost", 10 * MIN, 3 * MIN, 74, { isEstimate: true }],
  ["not less for a grid that was lost before the reading", 10 * MIN, 20 * MIN, 60, { isEstimate: true }],
  ["never below 0", 60 * MIN, undefined, 0, { isEstimate: true }],
  ["as an estimate at the blind limit", 240 * MIN, 240 * MIN, 0, { isEstimate: true }],
  ["as empty after the blind limit", 240 * MIN + 1, 240 * MIN + 1, 0, { isEstimate: true, isTooOld: true }],
  ["as an estimate while the grid was there until now", 300 * MIN, 0, 80, { isEstimate: true }],
];
for (const [name, ageMs, gridAgeMs, percent, flags] of charges) {
  Deno.test(`chargeOnBattery() takes a charge ${name}`, () => {
    const nowMonoMs = AT + ageMs;
    const lastGridMonoMs = gridAgeMs === undefined ? undefined : nowMonoMs - gridAgeMs;
    assert.deepEqual(chargeOnBattery({ socPercent: at(80) }, nowMonoMs, { ...BASIS, lastGridMonoMs }), {
      percent,
      ...flags,
    });
  });
}

Deno.test("chargeOnBattery() knows no charge that was never told", () => {
  assert.equal(chargeOnBattery({ outWatts: at(60) }, AT, BASIS), undefined);
});
