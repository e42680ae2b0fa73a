import assert from "node:assert/strict";
import { settle } from "../lib/time/test_clock.ts";
import { startHost } from "./testing.ts";

const MIN = 60_000;

Deno.test("Agent that loses the broker while on battery shuts down at the plan's deadline, not before", async () => {
  const h = await startHost();
  const id = await h.sendPlan(h.plan({ deadline_in_s: 600, delay_sec: 30 }));
  h.broker.goDown();
  await h.clock.advance(10 * MIN - 5000);
  assert.deepEqual(h.runner.ran, []);
  await h.clock.advance(10_000);
  assert.deepEqual(h.runner.ran, ["stop-db", "sync", "shutdown 30"]);
  assert.match(h.log.text(), /crit {3}agent ACTING ALONE/);
  assert.deepEqual(h.statuses(id), []);
  await h.stop();
});

Deno.test("Agent that loses the broker while online never shuts down", async () => {
  const h = await startHost();
  await h.sendPlan(h.plan({ state: "online", deadline_at: undefined, deadline_in_s: undefined }));
  h.broker.goDown();
  await h.clock.advance(48 * 60 * MIN);
  assert.deepEqual(h.runner.ran, []);
  await h.stop();
});

Deno.test("Agent without a plan, or told not to act alone, never shuts down by itself", async () => {
  const none = await startHost();
  none.broker.goDown();
  await none.clock.advance(600 * MIN);
  assert.deepEqual(none.runner.ran, []);
  await none.stop();
  const told = await startHost({ aloneAfterSec: undefined });
  await told.sendPlan(told.plan());
  told.broker.goDown();
  await told.clock.advance(600 * MIN);
  assert.deepEqual(told.runner.ran, []);
  assert.ok(!told.status().can?.includes("plan"));
  await told.stop();
});

Deno.test("Agent outlives short losses and a broker restart across the deadline", async () => {
  const h = await startHost();
  await h.sendPlan(h.plan({ deadline_in_s: 600 }));
  for (let i = 0; i < 20; i++) {
    await h.clock.advance(MIN);
    h.broker.goDown();
    await h.clock.advance(MIN);
    h.broker.goUp();
    await h.clock.advance(MIN);
  }
  assert.deepEqual(h.runner.ran, []);
  await h.stop();
});

Deno.test("Agent goes by the plan's newest word: online after on battery, a later deadline", async () => {
  const h = await startHost();
  await h.sendPlan(h.plan({ deadline_in_s: 600 }));
  await h.clock.advance(1000);
  await h.sendPlan(h.plan({ deadline_in_s: 6000 }));
  h.broker.goDown();
  await h.clock.advance(99 * MIN);
  assert.deepEqual(h.runner.ran, []);
  h.broker.goUp();
  await h.clock.advance(MIN);
  await h.sendPlan(h.plan({ state: "online" }));
  h.broker.goDown();
  await h.clock.advance(600 * MIN);
  assert.deepEqual(h.runner.ran, []);
  await h.stop();
});

Deno.test("Agent keeps an older plan from replacing the newer", async () => {
  const h = await startHost();
  const old = h.plan({ state: "online" });
  await h.clock.advance(1000);
  const id = await h.sendPlan(h.plan());
  await h.sendPlan(old);
  assert.equal(h.status().plan_id, id);
  await h.stop();
});

Deno.test("Agent acts when the daemon is gone from a living broker, and leaves it to one that is there", async () => {
  const h = await startHost();
  const daemon = (online: boolean) =>
    h.broker.publish("power-manager/orchestrator/status", JSON.stringify({ online }), { retain: true });
  daemon(true);
  await h.sendPlan(h.plan({ deadline_in_s: 600 }));
  await h.clock.advance(30 * MIN);
  assert.deepEqual(h.runner.ran, []);
  daemon(false);
  await h.clock.advance(2 * MIN - 5000);
  assert.deepEqual(h.runner.ran, []);
  await h.clock.advance(10_000);
  assert.equal(h.runner.ran.at(-1), "shutdown 30");
  await h.stop();
});

Deno.test("Agent that acts alone stops when it is not alone any more, and says so", async () => {
  const h = await startHost();
  const id = await h.sendPlan(h.plan({ deadline_in_s: 300, delay_sec: 120 }));
  h.broker.goDown();
  await h.clock.advance(5 * MIN + 10_000);
  assert.equal(h.runner.ran.at(-1), "shutdown 120");
  h.broker.goUp();
  await h.clock.advance(40_000);
  assert.equal(h.runner.ran.at(-1), "cancel");
  assert.deepEqual(h.statuses(id), ["accepted", "running", "running", "shutting_down", "aborted"]);
  assert.equal(h.status().going_down, undefined);
  await h.stop();
});

Deno.test("Agent remembers its plan over its restart in mid-outage", async () => {
  const first = await startHost();
  await first.sendPlan(first.plan({ deadline_in_s: 600 }));
  await first.stop();
  first.broker.goDown();
  const h = await startHost({}, first.around);
  await h.clock.advance(10 * MIN - 5000);
  assert.deepEqual(h.runner.ran, []);
  await h.clock.advance(10_000);
  assert.equal(h.runner.ran.at(-1), "shutdown 30");
  await h.stop();
});

Deno.test("Agent restarted while it acts alone goes on as long as it reaches nobody, and stops when it does", async () => {
  const commands = { before: [], last: { schedule: () => [], now: [["off"]], returns: false } };
  for (const isBack of [false, true]) {
    const first = await startHost({ commands });
    await first.sendPlan(first.plan({ deadline_in_s: 60, delay_sec: 100 }));
    first.broker.goDown();
    await first.clock.advance(150_000);
    assert.match(first.log.text(), /ACTING ALONE/);
    await first.agent.stop();
    const h = await startHost({ commands }, first.around);
    await h.clock.advance(30_000);
    if (isBack) h.broker.goUp();
    await h.clock.advance(2 * MIN);
    assert.deepEqual(h.runner.ran, isBack ? [] : ["off"]);
    await h.stop();
  }
});

Deno.test("Agent of a host that went down alone and was started again stays up, though nobody answers", async () => {
  const first = await startHost();
  await first.sendPlan(first.plan({ deadline_in_s: 300 }));
  first.broker.goDown();
  await first.clock.advance(6 * MIN);
  assert.equal(first.runner.ran.at(-1), "shutdown 30");
  await first.stop();
  const time = {
    bootId: "boot 2",
    sleptMs: -first.clock.monoMs(),
    uptimeMs: () => first.clock.monoMs() + time.sleptMs,
  };
  const h = await startHost({}, { ...first.around, time });
  await h.clock.advance(600 * MIN);
  assert.deepEqual(h.runner.ran, []);
  await h.stop();
});

Deno.test("Agent woken long after the deadline stays up; woken before it, it goes down in time", async () => {
  for (const [sleptMin, wanted] of [[600, undefined], [5, "shutdown 30"]] as const) {
    const h = await startHost();
    await h.sendPlan(h.plan({ deadline_in_s: 600 }));
    await h.clock.advance(5000);
    // Asleep: timers stand still, the host's uptime goes on; when it wakes the network is gone.
    h.time.sleptMs += sleptMin * MIN;
    h.clock.jumpWall(sleptMin * MIN);
    h.broker.goDown();
    await h.clock.advance(20 * MIN);
    assert.equal(h.runner.ran.at(-1), wanted, `slept ${sleptMin} min`);
    await h.stop();
  }
});

Deno.test("Agent that wakes with a living connection proves it and waits for commands", async () => {
  const h = await startHost();
  await h.sendPlan(h.plan({ deadline_in_s: 600 }));
  h.time.sleptMs += 20 * MIN;
  await h.clock.advance(30 * MIN);
  assert.match(h.log.text(), /WOKEN/);
  assert.deepEqual(h.runner.ran, []);
  await h.stop();
});

Deno.test("Agent is not moved by a jump of the wall clock", async () => {
  for (const jumpMin of [-6000, 6000]) {
    const h = await startHost();
    await h.sendPlan(h.plan({ deadline_in_s: 600 }));
    h.broker.goDown();
    h.clock.jumpWall(jumpMin * MIN);
    await h.clock.advance(10 * MIN - 5000);
    assert.deepEqual(h.runner.ran, []);
    await h.clock.advance(10_000);
    assert.equal(h.runner.ran.at(-1), "shutdown 30");
    await h.stop();
  }
});

Deno.test("Agent alone whose shutdown fails begins again, not more often than every two minutes", async () => {
  const h = await startHost({
    commands: { before: [], last: { schedule: () => [], now: [["off"]], returns: false } },
  });
  await h.sendPlan(h.plan({ deadline_in_s: 60, delay_sec: 0 }));
  h.runner.results.set("off", { kind: "ended", code: 1 });
  h.broker.goDown();
  await h.clock.advance(3 * MIN);
  assert.equal(h.runner.ran.length, 5);
  assert.match(h.log.text(), /crit {3}agent THIS HOST CANNOT BE SHUT DOWN/);
  h.runner.results.clear();
  await h.clock.advance(2 * MIN);
  assert.equal(h.runner.ran.length, 6);
  await h.stop();
});

Deno.test("Agent refuses a plan that was tampered with on disk", async () => {
  const first = await startHost();
  await first.sendPlan(first.plan());
  await first.stop();
  const { plan } = first.stores;
  plan.text = (plan.text ?? "").replace("the battery ends", "something else");
  const h = await startHost({}, first.around);
  h.broker.goDown();
  assert.match(h.log.text(), /KEPT PLAN DROPPED/);
  await h.stop();
  for (const text of ["nonsense", "{}", '{"plan":7}']) {
    plan.text = text;
    const broken = await startHost({}, first.around);
    assert.match(broken.log.text(), /KEPT PLAN CANNOT BE READ/);
    await broken.stop();
  }
  await settle();
});

Deno.test("Agent takes a new key without a restart, and retires the old one when the daemon has changed over", async () => {
  const next = "cd".repeat(32);
  const h = await startHost();
  h.stores.keys.text = `${next}\n${"ab".repeat(32)}\n`;
  await h.clock.advance(5000);
  const early = await h.send(h.command({ action: "ping" }));
  assert.deepEqual(h.statuses(early), ["accepted", "done"]);
  const changed = await h.send(h.command({ action: "ping" }, next));
  assert.deepEqual(h.statuses(changed), ["accepted", "done"]);
  assert.equal(h.stores.keys.text, `${next}\n`);
  const late = await h.send(h.command({ action: "ping" }));
  assert.deepEqual(h.statuses(late), ["rejected"]);
  assert.equal(h.status().key_ids?.length, 1);
  await h.stop();
});
