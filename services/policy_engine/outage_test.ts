import assert from "node:assert/strict";
import {
  type OutageFacts,
  type OutagePhase,
  type OutageRules,
  stepOutage,
  UNKNOWN_CHARGE_GRACE_MS,
} from "./outage.ts";

const RULES: OutageRules = { socMinPercent: 10, debounceMs: 180_000, notBeforeMonoMs: 0 };
const T = 1_000_000;

const UNKNOWN: OutagePhase = { kind: "unknown" };
const ONLINE: OutagePhase = { kind: "online" };
const ON_BATTERY: OutagePhase = { kind: "on_battery", sinceMonoMs: T };
const CRITICAL: OutagePhase = { kind: "critical", sinceMonoMs: T, criticalSinceMonoMs: T };
const DOWN: OutagePhase = { kind: "shutting_down", sinceMonoMs: T, triggeredMonoMs: T };

const facts = (gridConnected?: boolean, percent?: number, isEstimate = false): OutageFacts => ({
  gridConnected,
  charge: percent === undefined ? undefined : { percent, isEstimate },
});

const rows: readonly [
  name: string,
  from: OutagePhase,
  facts: OutageFacts,
  atMs: number,
  to: OutagePhase["kind"],
  events: readonly string[],
][] = [
  ["knows nothing without a word on the grid", UNKNOWN, facts(undefined, 5), T, "unknown", []],
  ["stays online without a new word", ONLINE, facts(undefined), T, "online", []],
  ["is online at the first word", UNKNOWN, facts(true, 50), T, "online", []],
  ["is online with an empty battery on the grid", UNKNOWN, facts(true, 0), T, "online", []],
  ["loses the grid", ONLINE, facts(false, 50), T, "on_battery", ["grid_lost"]],
  ["begins on battery", UNKNOWN, facts(false, 50), T, "on_battery", ["grid_lost"]],
  ["tells the loss once", ON_BATTERY, facts(false, 50), T + 1, "on_battery", []],
  ["gets the grid back", ON_BATTERY, facts(true, 50), T + 1, "online", ["grid_back"]],
  ["is not critical just above the limit", ON_BATTERY, facts(false, 10.1), T, "on_battery", []],
  ["is critical at the limit", ON_BATTERY, facts(false, 10), T, "critical", ["timer_started"]],
  ["is critical below the limit", ON_BATTERY, facts(false, 0), T, "critical", ["timer_started"]],
  ["is critical at once when the grid goes at the limit", ONLINE, facts(false, 10), T, "critical", [
    "grid_lost",
    "timer_started",
  ]],
  ["starts the timer once", CRITICAL, facts(false, 9), T + 1, "critical", []],
  ["waits 1 ms before the debounce ends", CRITICAL, facts(false, 9), T + 179_999, "critical", []],
  ["triggers when the debounce ends", CRITICAL, facts(false, 9), T + 180_000, "shutting_down", [
    "shutdown_triggered",
  ]],
  ["aborts the timer when the grid returns", CRITICAL, facts(true, 9), T + 179_999, "online", [
    "grid_back",
    "timer_aborted",
  ]],
  [
    "aborts the timer when the charge rises above the limit",
    CRITICAL,
    facts(false, 10.1),
    T + 1,
    "on_battery",
    [
      "timer_aborted",
    ],
  ],
  ["keeps the timer when the charge rises to the limit", CRITICAL, facts(false, 10), T + 1, "critical", []],
  [
    "keeps the timer when the grid's word is gone",
    CRITICAL,
    facts(undefined, 9),
    T + 999_999,
    "critical",
    [],
  ],
  ["triggers on an estimate too", CRITICAL, facts(false, 3, true), T + 180_000, "shutting_down", [
    "shutdown_triggered",
  ]],
  ["triggers once", DOWN, facts(false, 9), T + 999_999, "shutting_down", []],
  ["goes on down when the charge rises a little", DOWN, facts(false, 15), T + 1, "shutting_down", []],
  ["calls off when the charge rises well", DOWN, facts(false, 15.1), T + 1, "on_battery", ["called_off"]],
  ["never calls off on an estimate", DOWN, facts(false, 50, true), T + 1, "shutting_down", []],
  ["calls off when the grid returns", DOWN, facts(true, 1), T + 1, "online", ["grid_back", "called_off"]],
  ["does not call off in silence", DOWN, facts(undefined), T + 9e9, "shutting_down", []],
  [
    "hopes for a word on the charge",
    ON_BATTERY,
    facts(false),
    T + UNKNOWN_CHARGE_GRACE_MS - 1,
    "on_battery",
    [],
  ],
  ["stops hoping", ON_BATTERY, facts(false), T + UNKNOWN_CHARGE_GRACE_MS, "critical", ["timer_started"]],
];
for (const [name, from, given, atMs, to, events] of rows) {
  Deno.test(`stepOutage() ${name}`, () => {
    const step = stepOutage(from, given, RULES, atMs);
    assert.equal(step.phase.kind, to);
    assert.deepEqual(step.events.map(({ kind }) => kind), events);
    const again = stepOutage(step.phase, given, RULES, atMs);
    assert.deepEqual(again, { phase: step.phase, events: [] }, "the same again must change and tell nothing");
  });
}

Deno.test("stepOutage() without debounce triggers in the step that loses the grid", () => {
  const { phase, events } = stepOutage(ONLINE, facts(false, 10), { ...RULES, debounceMs: 0 }, T);
  assert.equal(phase.kind, "shutting_down");
  assert.deepEqual(events.map(({ kind }) => kind), ["grid_lost", "timer_started", "shutdown_triggered"]);
});

Deno.test("stepOutage() keeps the outage's beginning through every phase", () => {
  let phase: OutagePhase = ONLINE;
  for (
    const [given, atMs] of [[facts(false, 50), T], [facts(false, 9), T + 5], [
      facts(false, 9),
      T + 180_005,
    ]] as const
  ) {
    phase = stepOutage(phase, given, RULES, atMs).phase;
    assert.equal("sinceMonoMs" in phase && phase.sinceMonoMs, T);
  }
});

for (const [atMs, to] of [[T + 200_000 - 1, "critical"], [T + 200_000, "shutting_down"]] as const) {
  Deno.test(`stepOutage() after a restart is ${to} ${atMs - T} ms after the debounce began`, () => {
    const rules = { ...RULES, notBeforeMonoMs: T + 200_000 };
    assert.equal(stepOutage(CRITICAL, facts(false, 9), rules, atMs).phase.kind, to);
  });
}

Deno.test("stepOutage() says why in words with numbers", () => {
  const { events } = stepOutage(ONLINE, facts(false, 9.46), RULES, T);
  assert.deepEqual(events[1], { kind: "timer_started", reason: "the charge of 9.4 % is at or below 10 %" });
  const [estimate] = stepOutage(ON_BATTERY, facts(false, 2, true), RULES, T).events;
  assert.match(estimate && "reason" in estimate ? estimate.reason : "", /^the estimated charge of 2 %/);
});
