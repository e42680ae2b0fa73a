/** Plans on their way to a real agent: whatever the clocks do, it ends up with the one that was said last. */
import assert from "node:assert/strict";
import { emptyDisk, type FakeRunner, startHost, testHostTime } from "../../../agents/testing.ts";
import { parseAgentPlan } from "../../../lib/messages/agent/plan.ts";
import { encodeAgentStatus } from "../../../lib/messages/agent/status.ts";
import { encodeOrchestratorStatus } from "../../../lib/messages/orchestrator_status.ts";
import { settle, TestClock } from "../../../lib/time/test_clock.ts";
import { DOUBT_MS } from "../snapshot/power_return.ts";
import { house, memoryStore } from "../testdata/test_policy.ts";

const MINUTE = 60_000;
const FIGURES = { age_s: 0, grid_age_s: 0, soc_age_s: 0, battery_wh: 245, out_watts: 100 };
const ON_BATTERY = { ...FIGURES, soc: 50, grid_connected: false };
const ON_GRID = { ...FIGURES, soc: 50, grid_connected: true };

/** The Pi's clock: another machine's timers, and a wall time that is off by `offMs`. */
class PiClock extends TestClock {
  offMs = 0;

  constructor(private readonly house: TestClock) {
    super();
  }

  override monoMs = () => this.house.monoMs();
  override wallMs = () => this.house.wallMs() + this.offMs;
  override after = (delayMs: number, run: () => void) => this.house.after(delayMs, run);
  override every = (intervalMs: number, run: () => void) => this.house.every(intervalMs, run);
  override advance = (byMs: number) => this.house.advance(byMs);
}

/** A policy and the agent `pc` on one broker, each with a clock of its own. */
async function policyAndAgent({ stations = { Study: ["pc"] }, offMs = 0 }: {
  stations?: Record<string, string[]>;
  offMs?: number;
} = {}) {
  const clock = new TestClock();
  const pi = new PiClock(clock);
  pi.offMs = offMs;
  const policy = await house({ stations }, memoryStore(), pi);
  const { broker } = policy;
  const agent = await startHost({}, { clock, broker, stores: emptyDisk(), time: testHostTime(clock) });
  const ts = new Date(clock.wallMs()).toISOString();
  const daemon = encodeOrchestratorStatus({ online: true, version: "1", services: {}, ts });
  broker.publish("power-manager/orchestrator/status", daemon, { retain: true });
  await settle();
  return {
    clock,
    pi,
    policy,
    agent,
    said: () => parseAgentPlan(broker.retained("power-manager/pc/plan") ?? "", "plan"),
    held: () => JSON.parse(agent.stores.plan.text ?? "{}").plan,
    /** Much later, with the grid there all the while, the daemon goes away. @returns what the host then ran */
    async ranWhenLost(): Promise<FakeRunner["ran"]> {
      for (let i = 0; i < 90; i++) {
        for (const device of Object.keys(stations)) await policy.feed(ON_GRID, device);
        await clock.advance(MINUTE);
      }
      broker.goDown();
      await clock.advance(10 * MINUTE);
      broker.goUp();
      return agent.runner.ran;
    },
    async stop(): Promise<void> {
      await agent.stop();
      await policy.stop();
    },
  };
}

/** Deadlines are said in whole seconds too. */
function assertNear(foundMs: number, wantedMs: number): void {
  assert.ok(Math.abs(foundMs - wantedMs) <= 500, `${foundMs - wantedMs} ms apart`);
}

Deno.test("Publisher gives two plans in one millisecond an order, and the agent follows the last one", async () => {
  const scene = await policyAndAgent({ stations: { Study: ["pc"], Attic: ["pc"] } });
  // Both stations are heard for the first time in one millisecond, as after a start.
  await scene.policy.feed(ON_BATTERY, "Study");
  const first = scene.said();
  await scene.policy.feed(ON_GRID, "Attic");
  assert.deepEqual([first.state, scene.said().state, scene.held().state], ["on_battery", "online", "online"]);
  assert.ok(scene.said().issued_at > first.issued_at);
  assert.deepEqual(await scene.ranWhenLost(), []);
  await scene.stop();
});

for (
  const [name, offMs, stepMs, laterMs] of [
    ["by a minute and a half", 90_000, -90_000, 0],
    ["by forty minutes", 0, -40 * MINUTE, 0],
    ["by forty minutes, and forward again", 0, -40 * MINUTE, 40 * MINUTE],
    ["by a day, from a day ahead", 86_400_000, -86_400_000, 0],
  ] as const
) {
  Deno.test(`Publisher brings the plan "online" to the agent although the wall clock goes back ${name}`, async () => {
    const scene = await policyAndAgent({ offMs });
    await scene.policy.feed(ON_BATTERY);
    assert.equal(scene.held().state, "on_battery");
    await scene.clock.advance(30_000);
    scene.pi.offMs += stepMs;
    await scene.policy.feed(ON_GRID);
    assert.equal(scene.held().state, "online");
    await scene.clock.advance(MINUTE);
    scene.pi.offMs += laterMs;
    assert.deepEqual(await scene.ranWhenLost(), []);
    await scene.stop();
  });
}

for (const stepMs of [-40 * MINUTE, 3 * 3_600_000]) {
  Deno.test(`Publisher says plans again, with right moments, when the wall clock jumps by ${stepMs} ms`, async () => {
    const scene = await policyAndAgent({ offMs: -stepMs });
    await scene.policy.feed(ON_BATTERY);
    const { id } = scene.said();
    scene.pi.offMs = 0;
    await scene.clock.advance(1000);
    const { id: next, deadline_at = "", deadline_in_s = 0 } = scene.said();
    assert.notEqual(next, id);
    assert.equal(scene.held().id, next);
    assertNear(Date.parse(deadline_at), scene.clock.wallMs() + deadline_in_s * 1000);
    await scene.clock.advance(5 * MINUTE);
    assert.equal(scene.said().id, next, "once");
    await scene.stop();
  });
}

for (const behindMs of [0, 30_000, 3 * 3_600_000, 300 * 86_400_000]) {
  Deno.test(`Publisher of a policy that restarted with a clock ${behindMs} ms behind is followed by the agent`, async () => {
    const scene = await policyAndAgent();
    for (let i = 0; i < 5; i++) {
      await scene.policy.feed({ ...ON_BATTERY, soc: 50 - 5 * i });
      await scene.clock.advance(15_000);
    }
    assert.equal(scene.held().state, "on_battery");
    const before = scene.said();
    scene.pi.offMs = -behindMs;
    await scene.policy.restart();
    await scene.policy.feed(ON_GRID);
    assert.equal(scene.held().state, "online");
    assert.ok(scene.said().issued_at > before.issued_at);
    assert.deepEqual(await scene.ranWhenLost(), []);
    await scene.stop();
  });
}

Deno.test("Publisher after a restart with a clock behind counts deadlines from the snapshot's time, which was later", async () => {
  const scene = await policyAndAgent();
  await scene.policy.feed(ON_BATTERY);
  scene.pi.offMs = -3 * 3_600_000;
  await scene.policy.restart();
  await scene.clock.advance(30_000);
  await scene.policy.feed({ ...ON_BATTERY, soc: 20 });
  const { deadline_at = "", deadline_in_s = 0 } = scene.said();
  assertNear(Date.parse(deadline_at), scene.clock.wallMs() + deadline_in_s * 1000);
  await scene.stop();
});

Deno.test("Publisher gives an agent that names another plan a new one, calmly, and one that names none nothing", async () => {
  const { policy, clock, said, stop, agent } = await policyAndAgent();
  await agent.stop();
  const name = async (plan_id: string | undefined, online = true) => {
    const status = encodeAgentStatus({ agent: "pc", online, plan_id });
    policy.broker.publish("power-manager/pc/status", status, { retain: true });
    await settle();
  };
  await policy.feed(ON_GRID);
  const first = said();
  await name(undefined);
  await clock.advance(MINUTE);
  await name("old", false);
  await clock.advance(2000);
  assert.equal(said().id, first.id, "it is offline, or has no plans");
  await name("old");
  await clock.advance(1000);
  const second = said();
  assert.notEqual(second.id, first.id);
  assert.ok(second.issued_at > first.issued_at);
  assert.equal(second.state, "online");
  // It crossed the new plan on its way, and the agent says better in time.
  await name(first.id);
  await clock.advance(8000);
  await name(second.id);
  await clock.advance(MINUTE);
  assert.equal(said().id, second.id);
  await name(first.id);
  await clock.advance(1000);
  const third = said();
  assert.notEqual(third.id, second.id);
  await clock.advance(18_000);
  assert.equal(said().id, third.id);
  await clock.advance(2000);
  assert.notEqual(said().id, third.id, "again, after twice the time");
  let plans = 0;
  const unwatch = policy.broker.watch(({ topic }) => topic === "power-manager/pc/plan" && plans++);
  await clock.advance(60 * MINUTE);
  assert.ok(plans >= 5 && plans <= 12, `${plans} plans in an hour to one that takes none`);
  await name(undefined, false);
  plans = 0;
  await clock.advance(60 * MINUTE);
  assert.equal(plans, 0, "it is gone; the broker keeps the last one for it");
  unwatch();
  await stop();
});

Deno.test("Publisher corrects an agent that holds a plan which was issued later than ours", async () => {
  const scene = await policyAndAgent();
  await scene.policy.feed(ON_GRID);
  // As from a run of ours whose snapshot was lost, with a clock a minute ahead.
  const issued_at = new Date(scene.clock.wallMs() + MINUTE).toISOString();
  await scene.agent.sendPlan(scene.agent.plan({ issued_at }));
  assert.equal(scene.held().state, "on_battery");
  await scene.clock.advance(3 * MINUTE);
  assert.equal(scene.held().state, "online");
  assert.deepEqual(await scene.ranWhenLost(), []);
  await scene.stop();
});

Deno.test("Publisher says no plan by old words while the policy is in doubt after a reboot", async () => {
  const { policy, said, stop, clock } = await policyAndAgent();
  await policy.feed(ON_BATTERY);
  const { id } = said();
  await policy.restart({ bootId: "b" });
  await clock.advance(10_000);
  assert.notEqual(said().id, id, "a short stop, as far as anybody knows: it is said again");
  const { id: again } = said();
  await policy.restart({ bootId: "c" });
  await clock.advance(DOUBT_MS - 10_000);
  assert.equal(said().id, again);
  await policy.feed(ON_GRID);
  assert.equal(said().state, "online");
  await stop();
});

Deno.test("Publisher says plans again when the doubt is over and nobody spoke", async () => {
  const { policy, said, stop, clock } = await policyAndAgent();
  await policy.feed(ON_BATTERY);
  await policy.restart({ bootId: "b" });
  await clock.advance(10_000);
  const { id } = said();
  await policy.restart({ bootId: "c" });
  await clock.advance(DOUBT_MS + 2000);
  assert.notEqual(said().id, id);
  assert.equal(said().state, "on_battery");
  await stop();
});
