import assert from "node:assert/strict";
import { chargingNow, followCharge, type FreshCharge, hasRisen, type UntoldCharge } from "./untold_charge.ts";

const FRESH: FreshCharge = { percent: 12, unseenMs: 0, staleInMs: 120_000, assumedDischargePercentPerMin: 2 };

for (
  const [charges, isCharged] of [
    [[9], false],
    [[9, 8, 7], false],
    [[8, 9.9], false],
    [[8, 10], true],
    [[9, 8, 9, 10], true],
    [[8, 9, 8, 9, 8], false],
    [[8, 12, 11.1], true],
    [[8, 12, 11], false],
    [[8, 12, 11, 12], false],
    [[8, 12, 11, 13], true],
  ] as const
) {
  Deno.test(`chargingNow() after ${charges.join(", ")} %: ${isCharged ? "charged" : "not charged"}`, () => {
    let followed: UntoldCharge | undefined;
    for (const percent of charges) followed = followCharge(followed, percent);
    assert.equal(chargingNow(followed, FRESH) !== undefined, isCharged);
  });
}

Deno.test("chargingNow() of a station that tells the grid is none", () => {
  assert.equal(chargingNow(undefined, FRESH), undefined);
});

for (
  const [name, change, lastsMs] of [
    ["it will have fallen by a point", {}, 30_000],
    ["half a point is left to fall", { percent: 11.5 }, 15_000],
    ["it was read 20 s ago", { unseenMs: 20_000 }, 10_000],
    ["it may have fallen by now", { unseenMs: 40_000 }, 0],
    ["it is too old before it has fallen", { staleInMs: 29_999 }, 29_999],
    ["it has fallen before it is too old", { staleInMs: 30_001 }, 30_000],
  ] as const
) {
  Deno.test(`chargingNow() lasts for ${lastsMs} ms when ${name}`, () => {
    const charging = chargingNow({ lowestPercent: 8, highestPercent: 12 }, { ...FRESH, ...change });
    assert.equal(charging?.lastsMs, lastsMs);
  });
}

for (
  const [charges, risen] of [
    [[9], false],
    [[9, 8], false],
    [[9, 9.1], true],
    [[8, 12, 11.1], true],
    [[8, 12, 11], false],
  ] as const
) {
  Deno.test(`hasRisen() after ${charges.join(", ")} %: ${risen}`, () => {
    let followed: UntoldCharge | undefined;
    for (const percent of charges) followed = followCharge(followed, percent);
    assert.equal(hasRisen(followed), risen);
  });
}

Deno.test("hasRisen() of a station that tells the grid is false", () =>
  assert.equal(hasRisen(undefined), false));
