import assert from "node:assert/strict";
import { type GridVerdict, gridVerdict, ownersVerdict, type WitnessReading } from "./grid_verdict.ts";

const NOW = 1_000_000;
const STALE = 120_000;
const station = (value: boolean, ageMs: number) => ({ value, atMonoMs: NOW - ageMs });
const witness = (value: boolean, ageMs: number, name = "plug"): WitnessReading => ({
  name,
  value,
  atMonoMs: NOW - ageMs,
  staleAfterMs: 60_000,
});
const believed = (connected: boolean, ageMs: number): GridVerdict => ({
  connected,
  by: ["plug"],
  evidenceMonoMs: NOW - ageMs,
});
type Args = [
  Parameters<typeof gridVerdict>[0]["grid"],
  Parameters<typeof gridVerdict>[1],
  Parameters<typeof gridVerdict>[2],
];

const rows: readonly [
  name: string,
  args: Args,
  connected: boolean | undefined,
  by: string,
  disagreement: RegExp | undefined,
  isOld?: true,
][] = [
  ["nothing when nobody spoke", [undefined, [], undefined], undefined, "station", undefined, true],
  ["a fresh station", [station(true, STALE), [], undefined], true, "station", undefined],
  [
    "a fresh station that a witness confirms",
    [station(false, 0), [witness(false, 0)], undefined],
    false,
    "station",
    undefined,
  ],
  [
    "a fresh station that says grid against a witness: no shutdown on a witness alone",
    [station(true, 0), [witness(false, 0)], undefined],
    true,
    "station",
    /station says that the grid is there, plug says that the grid is gone/,
  ],
  [
    "a fresh station that says battery against a witness",
    [station(false, 0), [witness(true, 0)], undefined],
    false,
    "station",
    /station says that the grid is gone, plug says/,
  ],
  [
    "no report of a stale witness",
    [station(true, 0), [witness(false, 60_001)], undefined],
    true,
    "station",
    undefined,
  ],
  [
    "a fresh witness when the station is silent",
    [station(true, STALE + 1), [witness(false, 60_000)], undefined],
    false,
    "plug",
    undefined,
  ],
  [
    "a fresh witness that the grid is back",
    [station(false, STALE + 1), [witness(true, 0)], undefined],
    true,
    "plug",
    undefined,
  ],
  [
    "a witness when the station never spoke",
    [undefined, [witness(false, 0)], undefined],
    false,
    "plug",
    undefined,
  ],
  [
    "two witnesses that agree",
    [undefined, [witness(false, 0), witness(false, 5, "meter")], undefined],
    false,
    "plug,meter",
    undefined,
  ],
  [
    "the last word when witnesses contradict each other",
    [station(true, STALE + 1), [witness(false, 0), witness(true, 0, "meter")], undefined],
    true,
    "station",
    /silent, meter says that the grid is there, plug says that the grid is gone/,
    true,
  ],
  [
    "the last word when all are silent",
    [station(false, 9e5), [witness(true, 60_001)], undefined],
    false,
    "station",
    undefined,
    true,
  ],
  [
    "what a witness said last, when it is newer",
    [station(true, 9e5), [], believed(false, 500_000)],
    false,
    "plug",
    undefined,
    true,
  ],
  [
    "what the station said last, when it is newer",
    [station(true, 400_000), [], believed(false, 500_000)],
    true,
    "station",
    undefined,
    true,
  ],
  [
    "what was believed before a restart that made its time a guess, when that can be newer",
    [station(false, 400_000), [], { ...believed(true, 500_000), latestMonoMs: NOW - 300_000 }],
    true,
    "plug",
    undefined,
    true,
  ],
  [
    "what the station said last, when that cannot be newer",
    [station(false, 300_000), [], { ...believed(true, 500_000), latestMonoMs: NOW - 300_000 }],
    false,
    "station",
    undefined,
    true,
  ],
  [
    "what the station said last, against a word of which nobody knows when it was said",
    [station(true, 9e5), [], { connected: false, by: ["plug"] }],
    true,
    "station",
    undefined,
    true,
  ],
  [
    "a fresh word of the station, whatever was believed",
    [station(false, 1000), [], { ...believed(true, 500_000), latestMonoMs: NOW }],
    false,
    "station",
    undefined,
    undefined,
  ],
];
for (const [name, [own, witnesses, before], connected, by, disagreement, isOld] of rows) {
  Deno.test(`gridVerdict() believes ${name}`, () => {
    const verdict = gridVerdict({ grid: own }, witnesses, before, STALE, NOW);
    assert.equal(verdict.connected, connected);
    assert.equal(String(verdict.by), by);
    assert.equal(verdict.isOld, isOld);
    if (disagreement) assert.match(verdict.disagreement ?? "", disagreement);
    else assert.equal(verdict.disagreement, undefined);
    assert.deepEqual(
      gridVerdict({ grid: own }, witnesses, verdict, STALE, NOW),
      verdict,
      "the same again must not differ",
    );
  });
}

const UNTOLD = { value: true, atMonoMs: NOW } as const;
const untold: readonly [
  name: string,
  grid: Args[0],
  witnesses: Args[1],
  before: GridVerdict | undefined,
  connected: boolean | undefined,
  isOld: true | undefined,
][] = [
  ["no grid that was there a second ago", station(true, 1000), [], undefined, undefined, true],
  ["no grid that was there long ago", station(true, 9e5), [], undefined, undefined, true],
  ["an outage that runs goes on", station(false, 9e5), [], undefined, false, true],
  ["an outage that a witness told goes on", station(true, 9e5), [], believed(false, 500_000), false, true],
  ["no grid that a witness told last", station(false, 9e5), [], believed(true, 500_000), undefined, true],
  [
    "a fresh witness that says gone",
    station(true, 1000),
    [witness(false, 60_000)],
    undefined,
    false,
    undefined,
  ],
  [
    "a fresh witness that says there",
    station(false, 1000),
    [witness(true, 60_000)],
    undefined,
    true,
    undefined,
  ],
  [
    "no witness that is 1 ms too old",
    station(true, 1000),
    [witness(false, 60_001)],
    undefined,
    undefined,
    true,
  ],
];
for (const [name, grid, witnesses, before, connected, isOld] of untold) {
  Deno.test(`gridVerdict() of a station that does not tell the grid any more believes ${name}`, () => {
    const verdict = gridVerdict({ grid, gridUntold: UNTOLD }, witnesses, before, STALE, NOW);
    assert.deepEqual([verdict.connected, verdict.isOld, verdict.isUntold], [connected, isOld, true]);
    const again = gridVerdict({ grid, gridUntold: UNTOLD }, witnesses, verdict, STALE, NOW);
    assert.deepEqual(again, verdict, "the same again must not differ");
  });
}

Deno.test("gridVerdict() does not begin an outage again that a witness ended, when the witness falls silent", () => {
  const own = { grid: station(false, 1000), gridUntold: UNTOLD };
  const ended = gridVerdict(own, [witness(true, 0)], undefined, STALE, NOW);
  assert.equal(ended.connected, true);
  let verdict = gridVerdict(own, [witness(true, 0)], ended, STALE, NOW + 60_001);
  assert.equal(verdict.connected, undefined);
  verdict = gridVerdict(own, [], verdict, STALE, NOW + 90_000);
  assert.equal(verdict.connected, undefined, "nor a step later");
});

for (
  const [source, own, witnesses, connected] of [
    ["auto", false, [witness(true, 0)], false],
    ["witness", false, [witness(true, 0)], true],
    ["witness", true, [witness(false, 0)], false],
    ["witness", true, [witness(false, 60_001)], undefined],
    ["off", false, [witness(false, 0)], undefined],
  ] as const
) {
  Deno.test(`ownersVerdict() of grid = "${source}": station ${own}, witness ${JSON.stringify(witnesses.map(({ value, atMonoMs }) => [value, NOW - atMonoMs]))} is ${connected}`, () => {
    const verdict = ownersVerdict(source, { grid: station(own, 0) }, witnesses, undefined, STALE, NOW);
    assert.equal(verdict.connected, connected);
  });
}

Deno.test("ownersVerdict() of a station whose grid does not count is nobody's, and old", () => {
  const verdict = ownersVerdict(
    "off",
    { grid: station(false, 0) },
    [witness(false, 0)],
    undefined,
    STALE,
    NOW,
  );
  assert.deepEqual(verdict, { by: "station", isOld: true });
});

for (
  const [name, said, agoMs, evidenceMs] of [
    ["the station's own word", [], 5, 5],
    ["the newest of witnesses that agree", [witness(true, 900), witness(true, 30, "meter")], STALE + 1, 30],
    ["the newest, in another order", [witness(true, 30), witness(true, 900, "meter")], STALE + 1, 30],
    ["the one that is fresh", [witness(true, 60_001), witness(true, 900, "meter")], STALE + 1, 900],
  ] as const
) {
  Deno.test(`gridVerdict() has the grid's last time from ${name}`, () => {
    const verdict = gridVerdict({ grid: station(true, agoMs) }, said, undefined, STALE, NOW);
    assert.equal(verdict.evidenceMonoMs, NOW - evidenceMs);
  });
}

const BOTH = [witness(true, 0), witness(true, 0, "meter")];
const HINT = '; a station that cannot see the grid needs grid = "witness" in the policy file';
for (
  const [name, own, witnesses, text] of [
    [
      "a station that says grid",
      { grid: station(true, 0) },
      [witness(false, 0)],
      "the station says that the grid is there, plug says that the grid is gone",
    ],
    [
      "a station that says battery, with what may be done",
      { grid: station(false, 0) },
      BOTH,
      `the station says that the grid is gone, plug and meter say that the grid is there${HINT}`,
    ],
    [
      "a station that does not tell the grid any more",
      { grid: station(true, 0), gridUntold: UNTOLD },
      [...BOTH, witness(false, 0, "lamp")],
      "the station does not tell it any more, plug and meter say that the grid is there, lamp says that the grid is gone",
    ],
    [
      "a station that is silent",
      {},
      [witness(true, 0), witness(false, 0, "lamp")],
      "the station is silent, plug says that the grid is there, lamp says that the grid is gone",
    ],
  ] as const
) {
  Deno.test(`gridVerdict() words the contradiction of ${name}`, () => {
    assert.equal(gridVerdict(own, witnesses, undefined, STALE, NOW).disagreement, text);
  });
}
