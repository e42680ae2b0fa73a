import assert from "node:assert/strict";
import { batteryNow } from "./battery.ts";
import { UNKNOWN_DISCHARGE_PERCENT_PER_MIN } from "./blind_estimate.ts";
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
