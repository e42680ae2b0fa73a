import assert from "node:assert/strict";
import { chargedReason, followCharge, type UntoldCharge } from "./untold_charge.ts";

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
  Deno.test(`chargedReason() after ${charges.join(", ")} %: ${isCharged ? "charged" : "not charged"}`, () => {
    let followed: UntoldCharge | undefined;
    for (const percent of charges) followed = followCharge(followed, percent);
    assert.equal(chargedReason(followed) !== undefined, isCharged);
  });
}

Deno.test("chargedReason() of a station that tells the grid is none", () => {
  assert.equal(chargedReason(undefined), undefined);
});
