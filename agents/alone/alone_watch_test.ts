import assert from "node:assert/strict";
import type { AgentPlan } from "../../lib/messages/agent/plan.ts";
import { TestClock } from "../../lib/time/test_clock.ts";
import { memoryLog } from "../../lib/testing.ts";
import type { ShutdownOrder } from "../shutdown/shutdown_order.ts";
import { AloneWatch } from "./alone_watch.ts";
import type { Calm, Reach, Verdict } from "./last_resort.ts";

const PLAN: AgentPlan = {
  id: "p1",
  agent: "pc",
  device: "Study",
  state: "on_battery",
  issued_at: "2026-11-29T19:00:00.000Z",
  delay_sec: 30,
  reason: "the battery ends",
};
const NOW = { bootId: "boot", uptimeMs: 0, wallMs: 0 };
const lost = (wasReached = true): Reach => ({ kind: "lost", sinceUptimeMs: 0, awakeMs: 0, wasReached });
const WAIT: Verdict = { kind: "wait", leftMs: 1_800_000 };
const ACT: Verdict = { kind: "shut_down", why: "its deadline is over" };
const calm = (code: Calm): Verdict => ({ kind: "nothing", code, why: `because ${code}` });

function scene(plan: AgentPlan | undefined = PLAN) {
  const clock = new TestClock();
  const log = memoryLog();
  const orders: [ShutdownOrder, string][] = [];
  const stoodDown: string[] = [];
  const queue = {
    isBusy: false,
    order: (order: ShutdownOrder, why: string) => void orders.push([order, why]),
    standDown: (why: string) => void stoodDown.push(why),
  };
  const plans: { plan: AgentPlan | undefined; says: Verdict; verdict(): Verdict } = {
    plan,
    says: calm("no_plan"),
    verdict: () => plans.says,
  };
  const watch = new AloneWatch({ plans, queue, clock, log, defaultDelaySec: 60 });
  const look = (verdict: Verdict, reach: Reach = lost()) => {
    plans.says = verdict;
    watch.look(reach, NOW);
  };
  return { clock, log, orders, stoodDown, queue, plans, look };
}

Deno.test("AloneWatch orders the shutdown of the plan, in earnest, with its delay", () => {
  const { orders, stoodDown, look } = scene();
  look(ACT);
  const order = { id: "p1", source: "plan", delaySec: 30, isDrill: false };
  assert.deepEqual(orders, [[order, "alone: its deadline is over"]]);
  assert.deepEqual(stoodDown, []);
});

Deno.test("AloneWatch takes the agent's own delay when the plan names none", () => {
  const { orders, look } = scene({ ...PLAN, delay_sec: undefined });
  look(ACT);
  assert.equal(orders[0]?.[0].delaySec, 60);
});

Deno.test("AloneWatch begins again after two minutes, to the millisecond, with a host that is still on", async () => {
  const { clock, orders, look } = scene();
  look(ACT);
  await clock.advance(119_999);
  look(ACT);
  assert.equal(orders.length, 1);
  await clock.advance(1);
  look(ACT);
  assert.equal(orders.length, 2);
});

Deno.test("AloneWatch gives no second order while one is carried out, and one at once when that is over", () => {
  const { orders, queue, look } = scene();
  queue.isBusy = true;
  look(ACT);
  assert.deepEqual(orders, []);
  queue.isBusy = false;
  look(ACT);
  assert.equal(orders.length, 1);
});

Deno.test("AloneWatch orders nothing without a plan", () => {
  const { log, orders, plans, look } = scene();
  plans.plan = undefined;
  look(ACT);
  assert.deepEqual(orders, []);
  assert.doesNotMatch(log.text(), /ACTING ALONE/);
});

const STANDS_DOWN = ["not alone any more"];
const rows: readonly [name: string, verdict: Verdict, reach: Reach, standsDown: boolean][] = [
  ["the daemon can be reached", calm("reachable"), { kind: "reachable" }, true],
  ["a new plan says that all is well", calm("online"), lost(), true],
  ["a new plan has no deadline", calm("no_deadline"), lost(), true],
  ["the plan's moment has passed, and the run only takes its time", calm("too_late"), lost(), false],
  ["a new plan gives more time", WAIT, lost(), true],
  ["the agent was restarted and has reached nobody", WAIT, lost(false), false],
  ["the agent was restarted, has reached nobody, and the plan is void", calm("void"), lost(false), true],
  ["it is to wait although the daemon can be reached", WAIT, { kind: "reachable" }, true],
];
for (const [name, verdict, reach, standsDown] of rows) {
  Deno.test(`AloneWatch ${standsDown ? "takes its order back" : "lets its order stand"} when ${name}`, () => {
    const { orders, stoodDown, look } = scene();
    look(verdict, reach);
    assert.deepEqual(stoodDown, standsDown ? STANDS_DOWN : []);
    assert.deepEqual(orders, []);
  });
}

const told: readonly [name: string, verdicts: readonly Verdict[], lines: readonly string[]][] = [
  ["the loss once, with the time that is left", [WAIT, { kind: "wait", leftMs: 1 }], [
    "warn DAEMON LOST ON BATTERY 1800",
  ]],
  ["a plan that is not followed, each reason once", [calm("too_late"), calm("too_late"), calm("void")], [
    "warn PLAN NOT FOLLOWED because too_late",
    "warn PLAN NOT FOLLOWED because void",
  ]],
  ["that it is not alone any more, after it waited", [WAIT, calm("reachable"), calm("online")], [
    "warn DAEMON LOST ON BATTERY 1800",
    "notice NOT ALONE ANY MORE because reachable",
  ]],
  ["that it is not alone any more, after it acted", [ACT, calm("reachable")], [
    "crit ACTING ALONE its deadline is over",
    "notice NOT ALONE ANY MORE because reachable",
  ]],
  [
    "nothing while all is well",
    [calm("no_plan"), calm("online"), calm("reachable"), calm("no_deadline")],
    [],
  ],
  ["the loss again after it was over", [WAIT, calm("too_late"), calm("reachable"), WAIT], [
    "warn DAEMON LOST ON BATTERY 1800",
    "warn PLAN NOT FOLLOWED because too_late",
    "warn DAEMON LOST ON BATTERY 1800",
  ]],
];
for (const [name, verdicts, lines] of told) {
  Deno.test(`AloneWatch tells ${name}`, () => {
    const { log, look } = scene();
    for (const verdict of verdicts) look(verdict);
    const seen = log.entries.map(({ level, text, fields: { why, left_s } }) =>
      `${level} ${text} ${why ?? left_s}`
    );
    assert.deepEqual(seen, lines);
  });
}
