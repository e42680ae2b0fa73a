import assert from "node:assert/strict";
import { type OutagePhase, stepOutage } from "./outage.ts";
import {
  ADVANCED,
  CALM,
  CRITICAL,
  LOW,
  ONLINE,
  RISEN,
  RULES,
  T,
  transitionDiagram,
  TRANSITIONS,
} from "../testdata/transitions.ts";

const ON_BATTERY: OutagePhase = { kind: "on_battery", sinceMonoMs: T };

for (const [name, from, given, atMs, to, events] of TRANSITIONS) {
  Deno.test(`stepOutage() ${name}`, () => {
    const timer = { ...RULES, hold: given.hold };
    const step = stepOutage(from, given, timer, atMs);
    assert.equal(step.phase.kind, to);
    assert.deepEqual(step.events.map(({ kind }) => kind), events);
    const again = stepOutage(step.phase, given, timer, atMs);
    if (given !== RISEN) assert.deepEqual(again, { phase: step.phase, events: [] }, "told twice");
  });
}

Deno.test("stepOutage() without debounce triggers in the step that loses the grid", () => {
  const { phase, events } = stepOutage(ONLINE, LOW, { ...RULES, debounceMs: 0 }, T);
  assert.equal(phase.kind, "shutting_down");
  assert.deepEqual(events.map(({ kind }) => kind), ["grid_lost", "timer_started", "shutdown_triggered"]);
});

Deno.test("stepOutage() keeps the outage's beginning through every phase", () => {
  let phase: OutagePhase = ONLINE;
  for (const [given, atMs] of [[CALM, T], [LOW, T + 5], [LOW, T + 180_005], [RISEN, T + 200_000]] as const) {
    phase = stepOutage(phase, given, RULES, atMs).phase;
    assert.equal("sinceMonoMs" in phase && phase.sinceMonoMs, T);
  }
});

for (const [atMs, to] of [[T + 200_000 - 1, "critical"], [T + 200_000, "shutting_down"]] as const) {
  Deno.test(`stepOutage() after a restart is ${to} ${atMs - T} ms after the debounce began`, () => {
    const rules = { ...RULES, notBeforeMonoMs: T + 200_000 };
    assert.equal(stepOutage(CRITICAL, LOW, rules, atMs).phase.kind, to);
    assert.equal(stepOutage(CRITICAL, { ...LOW, ...ADVANCED }, rules, atMs).phase.kind, to);
  });
}

/** Not critical by an estimate. */
const ESTIMATED = { ...CALM, isEstimated: true };
const estimates = [
  ["starts no timer by an estimate above the limit", ON_BATTERY, ESTIMATED, T, "on_battery", []],
  ["starts one by an estimate at the limit", ON_BATTERY, { ...LOW, isEstimated: true }, T, "critical", [
    "timer_started",
  ]],
  ["goes on when the estimate rises", CRITICAL, ESTIMATED, T + 1, "critical", []],
  ["goes on 1 ms before the debounce ends", CRITICAL, ESTIMATED, T + 179_999, "critical", []],
  ["triggers when the debounce ends", CRITICAL, ESTIMATED, T + 180_000, "shutting_down", [
    "shutdown_triggered",
  ]],
  ["aborts by a charge that was told", CRITICAL, CALM, T + 1, "on_battery", ["timer_aborted"]],
  ["aborts when the grid returns", CRITICAL, { gridConnected: true, isEstimated: true }, T + 1, "online", [
    "grid_back",
    "timer_aborted",
  ]],
] as const;
for (const [name, from, facts, atMs, to, events] of estimates) {
  Deno.test(`stepOutage() on a charge that is estimated ${name}`, () => {
    const step = stepOutage(from, facts, RULES, atMs);
    assert.deepEqual([step.phase.kind, step.events.map(({ kind }) => kind)], [to, events]);
  });
}

Deno.test("stepOutage() starts no second debounce when a hold ends that was shorter than the debounce", () => {
  const hold = { untilMonoMs: T + 60_000, reason: "held" };
  const triggered: OutagePhase = { kind: "shutting_down", sinceMonoMs: T, triggeredMonoMs: T, reason: "low" };
  const held = stepOutage(triggered, LOW, { ...RULES, hold }, T + 1);
  assert.deepEqual(held.phase, { kind: "critical", sinceMonoMs: T, criticalSinceMonoMs: T - 180_000 });
  assert.deepEqual(held.events, [{ kind: "called_off", reason: "held" }]);
  const still = stepOutage(held.phase, LOW, { ...RULES, hold }, T + 59_999);
  assert.deepEqual(still, { phase: held.phase, events: [] });
  const over = stepOutage(still.phase, LOW, RULES, T + 60_000);
  assert.equal(over.phase.kind, "shutting_down");
  assert.deepEqual(over.events, [{ kind: "shutdown_triggered", reason: "low" }]);
});

for (const [untilMs, atMs] of [[60_000, 180_000], [180_000, 180_000], [180_001, 180_001]] as const) {
  Deno.test(`stepOutage() held for ${untilMs} ms of its debounce triggers after ${atMs} ms`, () => {
    const hold = { untilMonoMs: T + untilMs, reason: "held" };
    const timer = (ms: number) => (ms < untilMs ? { ...RULES, hold } : RULES);
    const before = stepOutage(CRITICAL, LOW, timer(atMs - 1), T + atMs - 1);
    assert.deepEqual(before, { phase: CRITICAL, events: [] });
    assert.equal(stepOutage(CRITICAL, LOW, timer(atMs), T + atMs).phase.kind, "shutting_down");
    // Whoever looks while the hold still stands in the books comes to the same end.
    const booked = (ms: number) => stepOutage(CRITICAL, LOW, { ...RULES, hold }, T + ms).phase.kind;
    assert.deepEqual([booked(atMs - 1), booked(atMs)], ["critical", "shutting_down"]);
  });
}

Deno.test("stepOutage() is pulled by a later stage when its hold ends, not 1 ms before", () => {
  const timer = { ...RULES, hold: { untilMonoMs: T + 5, reason: "held" } };
  assert.equal(stepOutage(CRITICAL, ADVANCED, timer, T + 4).phase.kind, "critical");
  assert.equal(stepOutage(CRITICAL, ADVANCED, timer, T + 5).phase.kind, "shutting_down");
});

for (
  const [name, timer, endsInMs] of [
    ["its debounce", {}, 180_000],
    ["no debounce", { debounceMs: 0 }, 0],
    ["a hold that is longer", { hold: { untilMonoMs: T + 180_001, reason: "held" } }, 180_001],
    ["a restart that is longer", { notBeforeMonoMs: T + 200_000 }, 200_000],
  ] as const
) {
  Deno.test(`stepOutage() tells that its timer ends in ${endsInMs} ms by ${name}`, () => {
    const [event] = stepOutage(ON_BATTERY, LOW, { ...RULES, ...timer }, T).events;
    assert.deepEqual(event, { kind: "timer_started", reason: "low", endsInMs });
  });
}

Deno.test("stepOutage() after a restart waits calmly for its end although a later stage goes", () => {
  const timer = { ...RULES, notBeforeMonoMs: T + 10 };
  assert.deepEqual(stepOutage(ON_BATTERY, ADVANCED, timer, T + 9), { phase: ON_BATTERY, events: [] });
  assert.equal(stepOutage(ON_BATTERY, ADVANCED, timer, T + 10).phase.kind, "shutting_down");
});

Deno.test("stepOutage() says why", () => {
  const reason = (from: OutagePhase, facts: Parameters<typeof stepOutage>[1], atMs: number, timer = RULES) =>
    stepOutage(from, facts, timer, atMs).events.map((event) => "reason" in event ? event.reason : event.kind);
  const down: OutagePhase = { kind: "shutting_down", sinceMonoMs: T, triggeredMonoMs: T, reason: "low" };
  assert.deepEqual(reason(CRITICAL, CALM, T + 1), ["the battery is above its limits"]);
  assert.deepEqual(reason(CRITICAL, ESTIMATED, T + 180_000), [
    "the battery was at its limit, and nobody has told its charge since",
  ]);
  assert.deepEqual(reason(CRITICAL, { gridConnected: true }, T + 1), ["grid_back", "the grid is back"]);
  assert.deepEqual(reason(down, { isUnknown: "nobody tells" }, T + 1), ["nobody tells"]);
  assert.deepEqual(reason(down, RISEN, T + 1), ["risen"]);
  assert.deepEqual(reason(ON_BATTERY, { ...LOW, ...ADVANCED }, T), ["later"]);
  const held = { ...RULES, hold: { untilMonoMs: T + 5, reason: "held" } };
  assert.deepEqual(reason(ON_BATTERY, ADVANCED, T, held), ["later"], "its timer starts for the later stage");
});

Deno.test("stepOutage() has a phase with its times when a group goes down", () => {
  const { phase } = stepOutage(CRITICAL, LOW, RULES, T + 180_000);
  assert.deepEqual(phase, {
    kind: "shutting_down",
    sinceMonoMs: T,
    triggeredMonoMs: T + 180_000,
    reason: "low",
  });
});

Deno.test("transitionDiagram() is what docs/policy.md shows", () => {
  const page = Deno.readTextFileSync(new URL("../../../docs/policy.md", import.meta.url));
  const shown = /```mermaid\n([^]*?)\n```/.exec(page)?.[1];
  assert.equal(
    shown,
    transitionDiagram(),
    "deno run --allow-read --allow-write=docs scripts/gen/gen_policy_docs.ts",
  );
});
