import assert from "node:assert/strict";
import {
  SOC_AGREE_POINTS,
  SOC_CONFIRM_COUNT,
  SOC_CONFIRM_MS,
  SOC_JUMP_POINTS,
  SOC_UNKNOWN,
  SOC_ZERO,
  SOC_ZERO_CONFIRM_MS,
  type SocState,
  stepSoc,
} from "./soc_filter.ts";

const AT_80: SocState = { soc: 80, atMonoMs: 0, held: undefined };

function feed(
  state: SocState,
  readings: readonly (readonly [soc: number, atMs: number, isReply?: boolean])[],
): SocState {
  return readings.reduce((s, [soc, atMs, isReply = false]) => stepSoc(s, soc, isReply, atMs), state);
}

Deno.test("stepSoc() believes the first reading", () => {
  assert.deepEqual(stepSoc(SOC_UNKNOWN, 12.5, false, 7), { soc: 12.5, atMonoMs: 7, held: undefined });
});

Deno.test("stepSoc() believes a jump of the limit and holds one beyond it", () => {
  assert.equal(feed(AT_80, [[80 - SOC_JUMP_POINTS, 0]]).soc, 75);
  assert.equal(feed(AT_80, [[80 + SOC_JUMP_POINTS, 0]]).soc, 85);
  const held = feed(AT_80, [[80 - SOC_JUMP_POINTS - 0.1, 0]]);
  assert.equal(held.soc, 80);
  assert.equal(held.atMonoMs, 0, "what is held does not make the old value fresh");
  assert.equal(held.held?.count, 1);
});

Deno.test("stepSoc() allows 6 points more for every minute of silence", () => {
  assert.equal(feed(AT_80, [[69, 60_000]]).soc, 69);
  assert.equal(feed(AT_80, [[68.9, 60_000]]).soc, 80);
  assert.equal(feed(AT_80, [[15, 600_000]]).soc, 15);
});

Deno.test("stepSoc() believes the third reading that agrees, not the second", () => {
  assert.equal(
    feed(AT_80, Array.from({ length: SOC_CONFIRM_COUNT - 1 }, (_, i) => [30, i] as const)).soc,
    80,
  );
  assert.equal(feed(AT_80, Array.from({ length: SOC_CONFIRM_COUNT }, (_, i) => [30, i] as const)).soc, 30);
});

Deno.test("stepSoc() believes the second reading once the time is up", () => {
  assert.equal(feed(AT_80, [[30, 0], [30, SOC_CONFIRM_MS - 1]]).soc, 80);
  assert.equal(feed(AT_80, [[30, 0], [30, SOC_CONFIRM_MS]]).soc, 30);
});

Deno.test("stepSoc() believes a reply that agrees with what is held, but no reply alone", () => {
  assert.equal(feed(AT_80, [[30, 0], [30, 1, true]]).soc, 30);
  assert.equal(feed(AT_80, [[30, 1, true]]).soc, 80);
});

Deno.test("stepSoc() begins anew when the next reading disagrees with the held one", () => {
  const other = feed(AT_80, [[30, 0], [30 - SOC_AGREE_POINTS - 1, 1]]);
  assert.equal(other.soc, 80);
  assert.deepEqual(other.held, { soc: 24, firstMonoMs: 1, count: 1 });
});

Deno.test("stepSoc() forgets what it held when a plausible reading comes", () => {
  const state = feed(AT_80, [[0, 0], [79, 1]]);
  assert.equal(state.soc, 79);
  assert.equal(state.held, undefined);
});

Deno.test("stepSoc() never blocks a real fall for longer than two reports", () => {
  let state = AT_80;
  for (let report = 0; report < 3; report++) state = stepSoc(state, 20 - report, false, report * 30_000);
  assert.equal(state.soc, 18);
});

Deno.test("stepSoc() believes a zero that nothing led up to at the third reading a minute after the first", () => {
  const rows: [string, SocState][] = [
    ["at the start", SOC_UNKNOWN],
    ["from 11 % a moment ago", { soc: 11, atMonoMs: 0, held: undefined }],
    ["from 80 % an hour ago", { soc: 80, atMonoMs: -3_600_000, held: undefined }],
    ["from 6 % an hour ago", { soc: 6, atMonoMs: -3_600_000, held: undefined }],
  ];
  for (const [name, from] of rows) {
    const two = [[0, 0], [0, SOC_ZERO_CONFIRM_MS, true]] as const;
    assert.equal(feed(from, two).soc, from.soc, `${name}: two full replies`);
    assert.equal(feed(from, [[0, 0], [0, 1], [0, SOC_ZERO_CONFIRM_MS - 1, true]]).soc, from.soc, name);
    assert.equal(feed(from, [[0, 0], [0, 1], [0, SOC_ZERO_CONFIRM_MS]]).soc, 0, name);
  }
  assert.equal(feed(SOC_UNKNOWN, [[0, 0], [0, 1], [0, 60_000]]).soc, 0, "a minute");
  assert.equal(feed(SOC_UNKNOWN, [[SOC_ZERO, 0]]).soc, 0.5, "half a percent is no zero");
});

Deno.test("stepSoc() believes a zero that was led up to at once", () => {
  assert.equal(feed({ soc: SOC_JUMP_POINTS, atMonoMs: 0, held: undefined }, [[0, 1000]]).soc, 0);
});

const JUMPS: readonly [
  name: string,
  readings: readonly (readonly [soc: number, atMs: number, isReply?: boolean])[],
  soc: number,
][] = [
  ["a jump of 5 points", [[75, 0]], 75],
  ["no jump of 5.1 points", [[74.9, 0]], 80],
  ["no two readings that agree", [[30, 0], [30, 1]], 80],
  ["the third that agrees", [[30, 0], [30, 1], [30, 2]], 30],
  ["the third that agrees within 5 points of the first", [[30, 0], [27, 0], [25, 0]], 25],
  ["no third that agrees with the one before alone: it drifts", [[30, 0], [26, 0], [24.9, 0]], 80],
  ["the third that agrees with the first alone", [[30, 0], [35, 0], [25, 0]], 25],
  ["the third of a battery that falls by 6 points a minute", [[30, 0], [27, 5000], [24, 10_000]], 24],
  ["no third that fell by more", [[30, 0], [27, 5000], [23.9, 10_000]], 80],
  ["no third after one that disagreed", [[30, 0], [30, 1], [60, 2]], 80],
  ["no second before 20 s", [[30, 0], [30, 19_999]], 80],
  ["the second after 20 s", [[30, 0], [30, 20_000]], 30],
  ["no second before 20 s, however long after the last true word", [[30, 30_000], [30, 31_000]], 80],
  ["the second of a reply", [[30, 0], [30, 1, true]], 30],
  ["no third zero before a minute", [[0, 0], [0, 1], [0, 59_999]], 80],
  ["no third zero after a minute: no battery falls so fast", [[0, 0], [0, 1], [0, 60_000]], 80],
  [
    "no zero that goes on, 1 ms before a battery could have fallen so far",
    [[0, 0], [0, 1], [0, 749_999]],
    80,
  ],
  ["a zero that goes on for so long", [[0, 0], [0, 1], [0, 750_000]], 0],
  ["no second zero after a minute", [[0, 0], [0, 60_000]], 80],
];
for (const [name, readings, soc] of JUMPS) {
  Deno.test(`stepSoc() from 80 % believes ${name}`, () => assert.equal(feed(AT_80, readings).soc, soc));
}

Deno.test("stepSoc() counts readings that wait from the first of them", () => {
  assert.deepEqual(feed(AT_80, [[30, 7], [31, 9]]).held, { soc: 30, firstMonoMs: 7, count: 2 });
});

Deno.test("stepSoc() holds back a jump up from an empty battery", () => {
  assert.equal(feed({ soc: 5, atMonoMs: 0, held: undefined }, [[40, 0]]).soc, 5);
});
