import assert from "node:assert/strict";
import {
  doubtGrid,
  GRID_UNKNOWN,
  type GridIndication,
  type GridState,
  settleGrid,
  stepGrid,
} from "./grid.ts";

const PRESENT: GridIndication = { present: true, decisive: true, evidence: "flow_info_ac_in=2" };
const ABSENT: GridIndication = { present: false, decisive: true, evidence: "flow_info_ac_in=0" };
const MEMORY: GridIndication = { present: true, decisive: false, evidence: "inv.invInVol=229000" };
const ALONE: GridIndication = { ...ABSENT, isAlone: true };
const WEAK_ABSENT: GridIndication = { present: false, decisive: false, evidence: "pow_get_ac_in=0" };

function verdict(present: boolean, pending?: GridIndication): GridState {
  return {
    present,
    evidence: "before",
    confirmedAtMonoMs: 1,
    pending: pending && { present: pending.present, evidence: pending.evidence },
  };
}

interface Row {
  name: string;
  from: GridState;
  say: GridIndication;
  isReply?: boolean;
  present: boolean | undefined;
  isPending: boolean;
  /** 1: not refreshed; 9: confirmed now. */
  at: number;
}

const ROWS: Row[] = [
  {
    name: "believes a first present",
    from: GRID_UNKNOWN,
    say: PRESENT,
    present: true,
    isPending: false,
    at: 9,
  },
  {
    name: "holds a first absent",
    from: GRID_UNKNOWN,
    say: ABSENT,
    present: undefined,
    isPending: true,
    at: 0,
  },
  {
    name: "believes a first absent in a reply",
    from: GRID_UNKNOWN,
    say: ABSENT,
    isReply: true,
    present: false,
    isPending: false,
    at: 9,
  },
  {
    name: "takes no weak sign for a start",
    from: GRID_UNKNOWN,
    say: WEAK_ABSENT,
    present: undefined,
    isPending: false,
    at: 0,
  },
  { name: "holds one absent", from: verdict(true), say: ABSENT, present: true, isPending: true, at: 1 },
  {
    name: "believes a second absent",
    from: verdict(true, ABSENT),
    say: ABSENT,
    present: false,
    isPending: false,
    at: 9,
  },
  {
    name: "lets a weak sign confirm",
    from: verdict(true, ABSENT),
    say: WEAK_ABSENT,
    present: false,
    isPending: false,
    at: 9,
  },
  {
    name: "lets a weak sign start nothing",
    from: verdict(true),
    say: WEAK_ABSENT,
    present: true,
    isPending: false,
    at: 1,
  },
  {
    name: "lets a weak sign start nothing in a reply",
    from: verdict(true),
    say: WEAK_ABSENT,
    isReply: true,
    present: true,
    isPending: false,
    at: 1,
  },
  {
    name: "believes an absent in a reply",
    from: verdict(true),
    say: ABSENT,
    isReply: true,
    present: false,
    isPending: false,
    at: 9,
  },
  {
    name: "drops what waited when the verdict is confirmed",
    from: verdict(true, ABSENT),
    say: PRESENT,
    present: true,
    isPending: false,
    at: 9,
  },
  { name: "holds one present", from: verdict(false), say: PRESENT, present: false, isPending: true, at: 1 },
  {
    name: "believes a second present",
    from: verdict(false, PRESENT),
    say: PRESENT,
    present: true,
    isPending: false,
    at: 9,
  },
  {
    name: "believes a present in a reply",
    from: verdict(false),
    say: PRESENT,
    isReply: true,
    present: true,
    isPending: false,
    at: 9,
  },
  {
    name: "takes no weak sign for a refresh",
    from: verdict(false),
    say: WEAK_ABSENT,
    present: false,
    isPending: false,
    at: 1,
  },
  {
    name: "takes no memory for a refresh",
    from: verdict(true),
    say: MEMORY,
    present: true,
    isPending: false,
    at: 1,
  },
  {
    name: "lets a memory contradict what waits",
    from: verdict(true, ABSENT),
    say: MEMORY,
    present: true,
    isPending: false,
    at: 1,
  },
  {
    name: "lets a memory contradict what waits at the start",
    from: { ...GRID_UNKNOWN, pending: ABSENT },
    say: MEMORY,
    present: undefined,
    isPending: false,
    at: 0,
  },
  {
    name: "believes no memory at the start",
    from: GRID_UNKNOWN,
    say: MEMORY,
    present: undefined,
    isPending: false,
    at: 0,
  },
  {
    name: "lets a memory start nothing",
    from: verdict(false),
    say: MEMORY,
    present: false,
    isPending: false,
    at: 1,
  },
  {
    name: "lets a memory confirm nothing, for it was counted when it came",
    from: verdict(false, PRESENT),
    say: MEMORY,
    present: false,
    isPending: true,
    at: 1,
  },
  {
    name: "holds a loss that is alone",
    from: verdict(true),
    say: ALONE,
    present: true,
    isPending: true,
    at: 1,
  },
  {
    name: "holds it in a reply too, and at the start",
    from: GRID_UNKNOWN,
    say: ALONE,
    isReply: true,
    present: undefined,
    isPending: true,
    at: 0,
  },
  {
    name: "holds it however often it is said",
    from: stepGrid(verdict(true), ALONE, false, 2),
    say: ALONE,
    present: true,
    isPending: true,
    at: 1,
  },
  {
    name: "believes it when it is no longer alone",
    from: stepGrid(verdict(true), ALONE, false, 2),
    say: ABSENT,
    present: false,
    isPending: false,
    at: 9,
  },
  {
    name: "lets it confirm a loss that is known",
    from: verdict(false),
    say: ALONE,
    present: false,
    isPending: false,
    at: 9,
  },
  {
    name: "believes a loss whose contradiction is over",
    from: doubtGrid(verdict(true), "volts=0", 2, true),
    say: ABSENT,
    present: false,
    isPending: false,
    at: 9,
  },
  {
    name: "lets another doubt be no first word",
    from: doubtGrid(verdict(true), "watts=0", 2),
    say: ABSENT,
    present: true,
    isPending: true,
    at: 1,
  },
  {
    name: "lets a memory start nothing in a reply",
    from: verdict(false),
    say: MEMORY,
    isReply: true,
    present: false,
    isPending: false,
    at: 1,
  },
];

for (const { name, from, say, isReply = false, present, isPending, at } of ROWS) {
  Deno.test(`stepGrid() ${name}`, () => {
    const to = stepGrid(from, say, isReply, 9);
    assert.equal(to.present, present);
    assert.equal(to.pending !== undefined, isPending);
    assert.equal(to.confirmedAtMonoMs, at);
  });
}

Deno.test("stepGrid() names both signs of a change", () => {
  const to = stepGrid(stepGrid(verdict(true), ABSENT, false, 2), WEAK_ABSENT, false, 3);
  assert.equal(to.evidence, "flow_info_ac_in=0, pow_get_ac_in=0");
});

Deno.test("stepGrid() names an evidence that came twice once, and two that differ both", () => {
  const evidence = (second: GridIndication) => stepGrid(verdict(true, ABSENT), second, false, 9).evidence;
  assert.equal(evidence(ABSENT), "flow_info_ac_in=0");
  assert.equal(evidence(WEAK_ABSENT), "flow_info_ac_in=0, pow_get_ac_in=0");
});

const KNOWN = { present: true, evidence: "e", confirmedAtMonoMs: 100_000, pending: undefined } as const;
const DOUBT = { evidence: "w=0", sinceMonoMs: 5 };

Deno.test("stepGrid() keeps the first of two losses that are alone", () => {
  const waits: GridState = { ...KNOWN, pending: { present: false, evidence: "first", isAlone: true } };
  assert.equal(stepGrid(waits, ALONE, false, 9), waits);
});

Deno.test("stepGrid() lets a joined loss begin a change, and confirm none", () => {
  const joined: GridIndication = { ...ABSENT, isJoined: true };
  const begun = stepGrid(KNOWN, joined, false, 9);
  assert.deepEqual(begun.pending, { present: false, evidence: ABSENT.evidence });
  assert.equal(stepGrid(begun, joined, false, 10), begun);
  assert.equal(stepGrid(begun, ABSENT, false, 11).present, false);
});

Deno.test("stepGrid() takes of two words only a decisive one for the second of a loss that was denied", () => {
  const denied: GridState = { ...KNOWN, doubt: { ...DOUBT, isDenied: true } };
  assert.equal(stepGrid(denied, WEAK_ABSENT, false, 9), denied);
  assert.equal(stepGrid(denied, ABSENT, false, 9).present, false);
});

Deno.test("doubtGrid() doubts a presence once, and hardens the doubt once", () => {
  const doubted = doubtGrid(KNOWN, "w=0", 5);
  assert.deepEqual(doubted.doubt, DOUBT);
  assert.equal(doubtGrid(doubted, "x=0", 9), doubted);
  const denied = doubtGrid(doubted, "x=0", 9, true);
  assert.deepEqual(denied.doubt, { ...DOUBT, isDenied: true });
  assert.equal(doubtGrid(denied, "y=0", 11, true), denied);
  for (const state of [{ ...KNOWN, present: false }, GRID_UNKNOWN]) {
    assert.equal(doubtGrid(state, "w=0", 5), state);
    assert.equal(doubtGrid(state, "w=0", 5, true), state);
  }
});

const UNTOLD: readonly [
  name: string,
  state: GridState,
  nowMonoMs: number,
  spokeMonoMs: number,
  said: string | undefined,
][] = [
  ["150 s after the last word", KNOWN, 250_000, 250_000, undefined],
  ["1 ms later", KNOWN, 250_001, 250_001, "no reading of the grid since e"],
  ["where the station spoke 30 s after it", KNOWN, 250_001, 130_000, "no reading of the grid since e"],
  ["where it spoke 1 ms sooner: it is silent", KNOWN, 250_001, 129_999, undefined],
  [
    "where nobody knows by what: it was there",
    { ...KNOWN, evidence: undefined },
    300_000,
    300_000,
    "no reading of the grid since it was there",
  ],
  [
    "where nobody knows by what: it was lost",
    { ...KNOWN, present: false, evidence: undefined },
    300_000,
    300_000,
    "no reading of the grid since it was lost",
  ],
  ["of a grid that was never told", GRID_UNKNOWN, 300_000, 300_000, undefined],
  [
    "of a loss that is told no more already",
    { ...KNOWN, present: false, isUntold: true },
    300_000,
    300_000,
    undefined,
  ],
];
for (const [name, state, nowMonoMs, spokeMonoMs, said] of UNTOLD) {
  Deno.test(`settleGrid() ${name}: ${said ?? "changes nothing"}`, () => {
    const settled = settleGrid(state, nowMonoMs, spokeMonoMs);
    if (said === undefined) return assert.equal(settled, state);
    assert.deepEqual([settled.evidence, settled.isUntold, settled.present], [
      said,
      true,
      state.present ? undefined : false,
    ]);
  });
}
