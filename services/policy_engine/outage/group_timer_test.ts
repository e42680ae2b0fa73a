import assert from "node:assert/strict";
import { LIMITS } from "../testdata/limits.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import type { GroupRules, StationRules } from "../rules/rules.ts";
import type { Battery } from "./battery.ts";
import { holdNow, PRESSED_DEBOUNCE_MS, type TimedStation, timerOf } from "./group_timer.ts";
import type { StageView } from "./stages.ts";

const NOW = 10_000_000;
const STALE_MS = 120_000;
/** Old readings wait until then. */
const NOT_BEFORE = NOW + 30_000;
const MIN = 60_000;
const BASE = simpleRules({ ...LIMITS, stations: { Study: ["pc"] } }, NOT_BEFORE);
const GROUP: GroupRules = { key: "all", hosts: ["pc"], triggers: {}, debounceMs: 180_000 };
/** The one stage needs five minutes. */
const STATION: StationRules = {
  stages: [{ number: 1, timeLimitMs: 5 * MIN, groups: [GROUP] }],
  hasReserve: true,
};
const VIEW: StageView = { isSettled: () => false, learnedMs: () => undefined };
const battery = (minutes: number | undefined, isEstimate = false): Battery => ({
  charge: { percent: 50, isEstimate },
  remaining: minutes === undefined ? undefined : { minutes, isEstimate },
  onBatteryMs: 0,
  floorPercent: 0,
  assumedDischargePercentPerMin: 1,
  samples: [],
  sinceMonoMs: NOW,
});
const basis = (change: { battery?: Battery; station?: StationRules; view?: StageView } = {}) => ({
  battery: undefined,
  rules: BASE,
  station: STATION,
  view: VIEW,
  nowMonoMs: NOW,
  ...change,
});
const grid = (atMonoMs: number): TimedStation => ({ readings: { grid: { value: false, atMonoMs } } });
const untold: TimedStation["readings"] = {
  grid: { value: false, atMonoMs: NOW },
  gridUntold: { value: true, atMonoMs: NOW },
};
const believed = { connected: false, by: ["plug"] } as const;

const graces: readonly [
  name: string,
  state: TimedStation,
  source: StationRules["grid"],
  isLifted: boolean,
][] = [
  ["a fresh word of the station", grid(NOW), undefined, true],
  ["one at the limit of freshness", grid(NOW - STALE_MS), undefined, true],
  ["one that is 1 ms older", grid(NOW - STALE_MS - 1), undefined, false],
  [
    "one from before the restart",
    {
      readings: { grid: { value: false, atMonoMs: NOW, isFromBefore: true } },
    },
    undefined,
    false,
  ],
  ["no word", { readings: {} }, undefined, false],
  ["a word that does not count", grid(NOW), "off", false],
  ["the station's own word where witnesses decide", grid(NOW), "witness", false],
  ["a witness's word", { readings: {}, verdict: believed }, "witness", true],
  ["a witness's old word", { readings: {}, verdict: { ...believed, isOld: true } }, "witness", false],
  ["a station that does not tell the grid any more", { readings: untold }, undefined, false],
  ["a witness while the station does not tell it", { readings: untold, verdict: believed }, undefined, true],
];
for (const [name, state, source, isLifted] of graces) {
  Deno.test(`timerOf() after a restart ${isLifted ? "waits no longer with" : "waits with"} ${name}`, () => {
    const station = { ...STATION, grid: source };
    assert.equal(
      timerOf(state, 1, GROUP, basis({ station })).notBeforeMonoMs,
      isLifted ? -Infinity : NOT_BEFORE,
    );
  });
}

const hold = (untilMonoMs: number) => ({ untilMonoMs, reason: "a person holds it back" });
const settled: StageView = { ...VIEW, isSettled: () => true };
const holds: readonly [
  name: string,
  untilMonoMs: number,
  battery: Battery | undefined,
  view: StageView,
  isInForce: boolean,
][] = [
  ["1 ms before its end", NOW + 1, undefined, VIEW, true],
  ["at its end", NOW, undefined, VIEW, false],
  ["while nobody knows how long the battery lasts", NOW + MIN, battery(undefined), VIEW, true],
  ["while the battery lasts a little longer than what is left to do", NOW + MIN, battery(5.001), VIEW, true],
  ["when the battery lasts just so long", NOW + MIN, battery(5), VIEW, false],
  ["when by an estimate the battery lasts just so long", NOW + MIN, battery(5, true), VIEW, false],
  ["while nothing is left to do", NOW + MIN, battery(0.1), settled, true],
];
for (const [name, untilMonoMs, lasting, view, isInForce] of holds) {
  Deno.test(`holdNow() is ${isInForce ? "" : "not "}in force ${name}`, () => {
    const held = hold(untilMonoMs);
    const state: TimedStation = { readings: {}, held };
    const want = isInForce ? held : undefined;
    assert.equal(holdNow(state, basis({ battery: lasting, view })), want);
    assert.equal(timerOf(state, 1, GROUP, basis({ battery: lasting, view })).hold, want);
  });
}

Deno.test("holdNow() keeps the time of the outlet that goes off first", () => {
  // Half of the charge is below the outlet's limit: ten minutes are five.
  const readings = { outagePorts: { value: [{ port: "ac1", min_soc: 25 }] as const, atMonoMs: NOW } };
  const held = hold(NOW + MIN);
  assert.equal(holdNow({ readings, held }, basis({ battery: battery(10) })), undefined);
  assert.equal(holdNow({ readings: {}, held }, basis({ battery: battery(10) })), held);
});

const debounces: readonly [
  name: string,
  battery: Battery | undefined,
  hasReserve: boolean,
  ownMs: number,
  wantMs: number,
][] = [
  ["the owner's while nobody knows how long the battery lasts", undefined, true, 180_000, 180_000],
  ["the owner's while the battery lasts", battery(5.001), true, 180_000, 180_000],
  ["a minute when it does not", battery(5), true, 180_000, 60_000],
  ["the owner's when that is shorter", battery(5), true, 59_999, 59_999],
  ["the owner's by an estimate", battery(5, true), true, 180_000, 180_000],
  ["the owner's without a reserve", battery(5), false, 180_000, 180_000],
];
for (const [name, lasting, hasReserve, ownMs, wantMs] of debounces) {
  Deno.test(`timerOf() has a debounce of ${wantMs} ms, ${name}`, () => {
    const group = { ...GROUP, debounceMs: ownMs };
    const station = { ...STATION, hasReserve };
    assert.equal(
      timerOf({ readings: {} }, 1, group, basis({ battery: lasting, station })).debounceMs,
      wantMs,
    );
  });
}

Deno.test("PRESSED_DEBOUNCE_MS is the minute that docs/policy.md promises", () => {
  assert.equal(PRESSED_DEBOUNCE_MS, 60_000);
});
