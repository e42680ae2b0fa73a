import assert from "node:assert/strict";
import type { AgentPlan } from "../../lib/messages/agent/plan.ts";
import { memoryLog } from "../../lib/testing.ts";
import type { HostNow, Reach } from "./last_resort.ts";
import { PlanKeeper } from "./plan_keeper.ts";

const WALL = Date.UTC(2026, 10, 23, 19, 0, 0);
const MIN = 60_000;
const iso = (ms: number) => new Date(WALL + ms).toISOString();
const PLAN: AgentPlan = {
  id: "p1",
  agent: "pc",
  device: "Study",
  state: "on_battery",
  issued_at: iso(0),
  deadline_at: iso(30 * MIN),
  deadline_in_s: 1800,
  reason: "the battery ends",
};
/** The host has been up for an hour when the plan comes. */
const at = (ms: number, bootId = "boot"): HostNow => ({ bootId, uptimeMs: 60 * MIN + ms, wallMs: WALL + ms });
const LOST: Reach = { kind: "lost", sinceUptimeMs: 60 * MIN, awakeMs: 60 * MIN, wasReached: true };

/** A keeper on a store of memory. */
function scene(text?: string) {
  const store = {
    text,
    writes: 0,
    fails: false,
    read(): string | undefined {
      return store.text;
    },
    write(next: string): void {
      if (store.fails) throw new Error("no space left on device");
      store.text = next;
      store.writes++;
    },
  };
  const log = memoryLog();
  const open = () => new PlanKeeper(store, log, { graceMs: MIN });
  return { store, log, keeper: open(), open };
}

Deno.test("PlanKeeper keeps the first plan, says so once, and acts by it", () => {
  const { store, log, keeper } = scene();
  assert.equal(keeper.plan, undefined);
  assert.equal(keeper.verdict(LOST, at(0)).kind, "nothing");
  assert.equal(keeper.take(PLAN, false, at(0)), true);
  assert.deepEqual([keeper.plan, store.writes], [PLAN, 1]);
  assert.match(log.text(), /PLAN KEPT.*id=p1.*state=on_battery.*deadline_at=2026-11-23T19:30:00.000Z/);
  assert.equal(keeper.verdict(LOST, at(30 * MIN - 1)).kind, "wait");
  assert.equal(keeper.verdict(LOST, at(30 * MIN)).kind, "shut_down");
});

const next: readonly [name: string, change: Partial<AgentPlan>, isTaken: boolean, lines: number][] = [
  ["a newer plan with another deadline", { issued_at: iso(1), deadline_at: iso(20 * MIN) }, true, 2],
  ["a newer plan with another state", { issued_at: iso(1), state: "online" }, true, 2],
  ["a newer plan that says the same", { issued_at: iso(1) }, true, 1],
  ["the same plan again", {}, false, 1],
  ["an older plan", { issued_at: iso(-1), deadline_at: iso(MIN) }, false, 1],
];
for (const [name, change, isTaken, lines] of next) {
  Deno.test(`PlanKeeper ${isTaken ? "takes" : "leaves"} ${name}`, () => {
    const { store, log, keeper } = scene();
    keeper.take(PLAN, false, at(0));
    const plan = { ...PLAN, id: "p2", ...change };
    assert.equal(keeper.take(plan, false, at(1)), isTaken);
    assert.equal(keeper.plan?.id, isTaken ? "p2" : "p1");
    assert.equal(store.writes, isTaken ? 2 : 1);
    assert.equal(log.text().split("PLAN KEPT").length - 1, lines);
  });
}

Deno.test("PlanKeeper finds its plan again after a restart, in the same boot without a word to the disk", () => {
  const { store, keeper, open } = scene();
  keeper.take(PLAN, false, at(0));
  const again = open();
  again.recall(at(MIN), ({ id }) => id === "p1");
  assert.deepEqual([again.plan, store.writes], [PLAN, 1]);
  assert.equal(again.verdict(LOST, at(30 * MIN)).kind, "shut_down");
  // A live deadline is counted by the uptime: a clock that was set since moves nothing.
  assert.equal(again.verdict(LOST, { ...at(30 * MIN - 1), wallMs: WALL + 90 * MIN }).kind, "wait");
});

Deno.test("PlanKeeper counts by the wall clock after a reboot, and notes that", () => {
  const { store, keeper, open } = scene();
  keeper.take(PLAN, false, at(0));
  const again = open();
  const now: HostNow = { bootId: "next", uptimeMs: 1000, wallMs: WALL + 20 * MIN };
  again.recall(now, () => true);
  assert.equal(store.writes, 2);
  const kept = JSON.parse(store.text ?? "");
  assert.deepEqual([kept.boot_id, kept.by_wall, kept.deadline_uptime_ms], ["next", true, 10 * MIN + 1000]);
});

for (const [wasFollowed, code] of [[true, "void"], [false, "wait"]] as const) {
  Deno.test(`PlanKeeper after a reboot finds the plan ${wasFollowed ? "void when it was" : "in force when it was not"} followed`, () => {
    const { store, keeper, open } = scene();
    keeper.take(PLAN, false, at(0));
    keeper.mark(false);
    assert.equal(store.writes, 1, "no news");
    keeper.mark(true);
    keeper.mark(true);
    assert.equal(store.writes, 2);
    if (!wasFollowed) keeper.mark(false);
    const again = open();
    again.recall({ bootId: "next", uptimeMs: 1000, wallMs: WALL + 20 * MIN }, () => true);
    const verdict = again.verdict({ kind: "lost", sinceUptimeMs: 0, awakeMs: 1000, wasReached: false }, {
      bootId: "next",
      uptimeMs: 1000,
      wallMs: WALL + 20 * MIN,
    });
    assert.equal(verdict.kind === "nothing" ? verdict.code : verdict.kind, code);
  });
}

Deno.test("PlanKeeper.mark() without a plan writes nothing", () => {
  const { store, keeper } = scene();
  keeper.mark(true);
  assert.equal(store.writes, 0);
});

Deno.test("PlanKeeper drops a plan that cannot be verified any more, and says so", () => {
  const { keeper, log, open } = scene();
  keeper.take(PLAN, false, at(0));
  const again = open();
  again.recall(at(MIN), () => false);
  assert.equal(again.plan, undefined);
  assert.equal(again.verdict(LOST, at(30 * MIN)).kind, "nothing");
  assert.match(log.text(), /KEPT PLAN DROPPED/);
});

const KEPT = { plan: PLAN, boot_id: "boot", by_wall: false, deadline_uptime_ms: 90 * MIN };
const broken: readonly [name: string, text: string][] = [
  ["nonsense", "{"],
  ["no boot", JSON.stringify({ ...KEPT, boot_id: undefined })],
  ["a boot that is no text", JSON.stringify({ ...KEPT, boot_id: 7 })],
  ["a boot with a name too long", JSON.stringify({ ...KEPT, boot_id: "b".repeat(101) })],
  ["a deadline that is no number", JSON.stringify({ ...KEPT, deadline_uptime_ms: "soon" })],
  ["a deadline that cannot be", JSON.stringify({ ...KEPT, deadline_uptime_ms: 1e15 })],
  ["a plan that is none", JSON.stringify({ ...KEPT, plan: { id: "p1" } })],
];
for (const [name, text] of broken) {
  Deno.test(`PlanKeeper begins without a plan when the file has ${name}, and says so`, () => {
    const { keeper, log } = scene(text);
    keeper.recall(at(0), () => true);
    assert.equal(keeper.plan, undefined);
    assert.match(log.text(), /KEPT PLAN CANNOT BE READ/);
    assert.equal(keeper.take(PLAN, false, at(0)), true, "and takes the next");
  });
}

Deno.test("PlanKeeper without a file says nothing", () => {
  const { keeper, log } = scene();
  keeper.recall(at(0), () => true);
  assert.equal(log.text(), "");
});

Deno.test("PlanKeeper on a full disk goes on with the plan in memory, and says so", () => {
  const { store, keeper, log } = scene();
  store.fails = true;
  assert.equal(keeper.take(PLAN, false, at(0)), true);
  assert.deepEqual(keeper.plan, PLAN);
  assert.match(log.text(), /PLAN CANNOT BE KEPT.*no space left/);
});
