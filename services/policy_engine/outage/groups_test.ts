import assert from "node:assert/strict";
import { LIMITS } from "../testdata/limits.ts";
import type { GroupRules, StationRules } from "../rules/rules.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import type { Battery } from "./battery.ts";
import type { GridVerdict } from "./grid_verdict.ts";
import { needsOf, stepGroups } from "./groups.ts";
import type { OutagePhase } from "./outage.ts";
import type { StageView } from "./stages.ts";

const NOW = 10_000_000;
const MIN = 60_000;
const RULES = simpleRules({ ...LIMITS, stations: {} }, 0);
const VIEW: StageView = { isSettled: () => false, learnedMs: () => undefined };
const group = (key: string, socMinPercent: number, debounceMs = 3 * MIN): GroupRules => ({
  key,
  hosts: [`${key}-1`, `${key}-2`],
  triggers: { socMinPercent },
  debounceMs,
});
/** Each inner list is a stage, the first goes first. */
const station = (...stages: readonly (readonly GroupRules[])[]): StationRules => ({
  stages: stages.map((groups, index) => ({ number: index + 1, timeLimitMs: 5 * MIN, groups })),
  hasReserve: false,
});
const battery = (percent: number): Battery => ({
  charge: { percent, isEstimate: false },
  onBatteryMs: 0,
  floorPercent: 0,
  assumedDischargePercentPerMin: 1,
  samples: [],
  sinceMonoMs: NOW,
});
const LOST: GridVerdict = { connected: false, by: "station", evidenceMonoMs: NOW };
const READINGS = { grid: { value: false, atMonoMs: NOW } };
const ON_BATTERY: OutagePhase = { kind: "on_battery", sinceMonoMs: NOW - MIN };

function step(
  rules: StationRules,
  percent: number,
  before: Readonly<Record<string, OutagePhase>> = {},
  verdict: GridVerdict = LOST,
) {
  const judged = { readings: READINGS, verdict, phases: new Map(Object.entries(before)) };
  const known = verdict.connected === false ? battery(percent) : undefined;
  const { phases, events } = stepGroups(judged, known, RULES, rules, VIEW, NOW);
  return { kinds: [...phases].map(([key, { kind }]) => [key, kind]), phases, events };
}

Deno.test("needsOf() counts its own debounce to what all stages from its own on need, and nothing where nobody is left", () => {
  const rules = { ...station([group("tv", 30)], [group("nas", 10)]), hasReserve: true };
  assert.deepEqual(needsOf(rules, 1, 3 * MIN, VIEW), { reserveMin: 13 });
  assert.deepEqual(needsOf(rules, 2, 3 * MIN, VIEW), { reserveMin: 8 });
  assert.deepEqual(needsOf(rules, 2, 0, VIEW), { reserveMin: 5 });
  assert.deepEqual(needsOf(rules, 1, 3 * MIN, { ...VIEW, isSettled: () => true }), {});
  assert.deepEqual(needsOf(rules, 2, 3 * MIN, { ...VIEW, learnedMs: () => 0.8 }), {
    reserveMin: (1 + 3 * MIN) / MIN,
  }, "1 ms is a need");
  assert.deepEqual(needsOf({ ...rules, hasReserve: false }, 1, 3 * MIN, VIEW), {});
});

Deno.test("stepGroups() lets a stage that goes pull every earlier one, and none that comes later", () => {
  const rules = station([group("tv", 5)], [group("pc", 20, 0)], [group("nas", 5)]);
  const all = { tv: ON_BATTERY, pc: ON_BATTERY, nas: ON_BATTERY };
  const { kinds, phases } = step(rules, 15, all);
  assert.deepEqual(kinds, [["nas", "on_battery"], ["pc", "shutting_down"], ["tv", "shutting_down"]]);
  const [tv, pc] = [phases.get("tv"), phases.get("pc")];
  assert.equal(tv?.kind === "shutting_down" && tv.reason, pc?.kind === "shutting_down" && pc.reason);
});

Deno.test("stepGroups() does not let a group pull others of its own stage", () => {
  const rules = station([group("tv", 5), group("pc", 20, 0), group("lamp", 5)]);
  const { kinds } = step(rules, 15, { tv: ON_BATTERY, pc: ON_BATTERY, lamp: ON_BATTERY });
  assert.deepEqual(kinds, [["tv", "on_battery"], ["pc", "shutting_down"], ["lamp", "on_battery"]]);
});

Deno.test("stepGroups() pulls an earlier stage by one group of a later one, whichever of them it is", () => {
  const all = { tv: ON_BATTERY, nas: ON_BATTERY, pc: ON_BATTERY };
  for (const later of [[group("nas", 20, 0), group("pc", 5)], [group("pc", 5), group("nas", 20, 0)]]) {
    assert.equal(step(station([group("tv", 5)], later), 15, all).phases.get("tv")?.kind, "shutting_down");
  }
});

Deno.test("stepGroups() keeps the reason of the last stage that goes", () => {
  const rules = station([group("tv", 30, 0)], [group("pc", 20, 0)], [group("nas", 25, 0)]);
  const { phases } = step(rules, 15, { tv: ON_BATTERY, pc: ON_BATTERY, nas: ON_BATTERY });
  const reasons = ["tv", "pc", "nas"].map((key) => {
    const phase = phases.get(key);
    return phase?.kind === "shutting_down" && phase.reason;
  });
  assert.deepEqual(reasons, Array(3).fill("the charge of 15 % is at or below 25 %"));
});

Deno.test("stepGroups() tells once of a timer that groups share, with all who go at its end, the last stage last", () => {
  const rules = station([group("tv", 20), group("lamp", 20)], [group("nas", 20)]);
  const { events } = step(rules, 15);
  assert.deepEqual(events.map(({ kind }) => kind), ["grid_lost", "timer_started"]);
  const started = events[1];
  assert.deepEqual(started?.kind === "timer_started" && [started.endsInMs, started.hosts], [
    3 * MIN,
    ["lamp-1", "lamp-2", "tv-1", "tv-2", "nas-1", "nas-2"],
  ]);
});

Deno.test("stepGroups() tells of each timer that ends at a time of its own", () => {
  const rules = station([group("tv", 20, MIN), group("pc", 20, 2 * MIN)]);
  const { events } = step(rules, 15);
  const timers = events.flatMap((event) =>
    event.kind === "timer_started" ? [[event.endsInMs, event.hosts]] : []
  );
  assert.deepEqual(timers, [[MIN, ["tv-1", "tv-2"]], [2 * MIN, ["pc-1", "pc-2"]]]);
});

Deno.test("stepGroups() tells a loss before the timers, and these before the shutdowns", () => {
  const { events } = step(station([group("nas", 20, 0), group("tv", 20)]), 15);
  assert.deepEqual(events.map(({ kind }) => kind), [
    "grid_lost",
    "timer_started",
    "timer_started",
    "shutdown_triggered",
  ]);
  assert.deepEqual(events[0], { kind: "grid_lost" }, "no hosts are named for it");
});

for (
  const [name, grid, verdict, to, reason] of [
    ["whose grid does not count", "off", { by: "station", isOld: true }, "unknown", /policy file says/],
    [
      "that does not tell the grid any more",
      undefined,
      { by: "station", isUntold: true },
      "unknown",
      /does not tell/,
    ],
    ["of which nobody spoke", undefined, { by: "station", isOld: true }, "shutting_down", undefined],
  ] as const
) {
  Deno.test(`stepGroups() of a station ${name}: a shutdown that runs is ${to}`, () => {
    const down: OutagePhase = {
      ...ON_BATTERY,
      kind: "shutting_down",
      triggeredMonoMs: NOW - 1,
      reason: "low",
    };
    const { kinds, events } = step({ ...station([group("tv", 20)]), grid }, 15, { tv: down }, verdict);
    assert.deepEqual(kinds, [["tv", to]]);
    const told = events.map((event) => "reason" in event ? event.reason : event.kind);
    assert.equal(told.length, reason ? 1 : 0);
    if (reason) assert.match(told[0] ?? "", reason);
  });
}
