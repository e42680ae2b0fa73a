import assert from "node:assert/strict";
import { type CableDoubt, isBatteryInUse, type Said, stepDoubt } from "./cable_doubt.ts";

const says = (cable: Said["cable"], cloud: Said["cloud"], soc?: number): Said => ({ cable, cloud, soc });

const rows: readonly [name: string, said: readonly Said[], isInUse: boolean][] = [
  // A host that is not shut down when the battery ends.
  ["a driver stuck at OL against the cloud, 2 points", [says(true, false, 80), says(true, false, 78)], true],
  ["a flapping driver without a cloud, 2 points", [
    says(undefined, undefined, 80),
    says(undefined, undefined, 78),
  ], true],
  ["the cloud that goes when the charge has fallen", [
    says(true, false, 80),
    says(true, false, 78),
    says(true, undefined, 78),
    says(true, undefined, 70),
  ], true],
  ["a charge that rose in doubt before it fell", [
    says(undefined, undefined, 50),
    says(undefined, undefined, 80),
    says(undefined, undefined, 78),
  ], true],
  ["a flapping driver whose cloud goes before the charge falls", [
    says(undefined, true, 80),
    says(undefined, undefined, 80),
    says(undefined, undefined, 78),
  ], true],
  ["a flapping driver beside a cloud that sees no grid", [
    says(undefined, false, 80),
    says(undefined, false, 78),
  ], true],
  // A host that is shut down when nothing was wrong.
  ["a point less", [says(true, false, 80), says(true, false, 78.1)], false],
  ["a late cloud against a charge that stays", [says(true, false, 100), says(true, false, 100)], false],
  ["both that agree, whatever the charge", [says(true, true, 80), says(true, true, 70)], false],
  ["the cable alone, whatever the charge", [says(true, undefined, 80), says(true, undefined, 70)], false],
  ["a charge that fell before the doubt", [
    says(true, true, 90),
    says(true, false, 80),
    says(true, false, 79),
  ], false],
  ["a flapping driver beside a live cloud that sees the grid: stations use their battery on the grid too", [
    says(undefined, true, 80),
    says(undefined, true, 70),
  ], false],
  // A shown value that is no longer true.
  [
    "a grid that the cloud sees again",
    [says(true, false, 80), says(true, false, 70), says(true, true, 70)],
    false,
  ],
  ["a charge that rises by 2 points after the cloud went", [
    says(true, false, 80),
    says(true, false, 70),
    says(true, undefined, 72),
  ], false],
  ["no charge that rises by less", [
    says(true, false, 80),
    says(true, false, 70),
    says(true, undefined, 71.9),
  ], true],
  ["the cable's own word, which needs no proof", [
    says(true, false, 80),
    says(true, false, 70),
    says(false, false, 70),
  ], false],
  ["no charge that was never heard", [says(undefined, undefined), says(undefined, undefined)], false],
];
for (const [name, said, isInUse] of rows) {
  Deno.test(`stepDoubt() and ${name}: ${isInUse ? "the battery is in use" : "nothing is proven"}`, () => {
    // A cable is polled every few seconds: each charge is read more than once.
    const twice = said.flatMap((now) => [now, now]);
    const doubt = twice.reduce((before: CableDoubt | undefined, now) => stepDoubt(before, now), undefined);
    assert.equal(isBatteryInUse(doubt), isInUse);
  });
}

for (
  const [name, charges, isInUse] of [
    ["a low charge that is read once", [3, 3, 1, 3, 3], false],
    ["the same, read twice", [3, 3, 1, 1], true],
    ["a high charge that is read once", [97, 97, 100, 97, 97], false],
    ["a high first charge", [100, 97, 97], false],
    [
      "a charge that fell, and rose again while the cloud says that the grid is gone",
      [5, 5, 3, 3, 5, 5],
      false,
    ],
    ["one that rises by a point", [5, 5, 3, 3, 4, 4], true],
  ] as const
) {
  Deno.test(`stepDoubt() and ${name}: ${isInUse ? "the battery is in use" : "nothing is proven"}`, () => {
    const doubt = charges.reduce(
      (before: CableDoubt | undefined, soc) => stepDoubt(before, says(true, false, soc)),
      undefined,
    );
    assert.equal(isBatteryInUse(doubt), isInUse);
  });
}

const FELL: CableDoubt = { fromSoc: 50, lowSoc: 48, lastSoc: 48 };
const CALM: CableDoubt = { fromSoc: 50, lowSoc: 49, lastSoc: 50 };
const STEPS: readonly [
  name: string,
  before: CableDoubt | undefined,
  said: Said,
  after: CableDoubt | undefined,
][] = [
  ["keeps a doubt while no charge is heard", CALM, says(undefined, undefined), CALM],
  ["keeps a battery in use while no charge is heard", FELL, says(true, undefined), FELL],
  ["ends without a reason and without a charge", CALM, says(true, undefined), undefined],
  ["ends without a reason", CALM, says(true, undefined, 50), undefined],
  ["begins none without a reason", undefined, says(true, undefined, 50), undefined],
  ["begins at the first charge", undefined, says(undefined, undefined, 50), {
    fromSoc: 50,
    lowSoc: 50,
    lastSoc: 50,
    isFirst: true,
  }],
  ["keeps the lowest while the charge is where it began", CALM, says(undefined, undefined, 50), CALM],
  [
    "believes a low charge when it is read twice",
    { fromSoc: 50, lowSoc: 50, lastSoc: 50 },
    says(undefined, undefined, 45),
    {
      fromSoc: 50,
      lowSoc: 50,
      lastSoc: 45,
    },
  ],
];
for (const [name, before, said, after] of STEPS) {
  Deno.test(`stepDoubt() ${name}`, () => assert.deepEqual(stepDoubt(before, said), after));
}
