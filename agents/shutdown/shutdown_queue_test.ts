import assert from "node:assert/strict";
import { settle, TestClock } from "../../lib/time/test_clock.ts";
import { memoryLog } from "../../lib/testing.ts";
import type { HostCommands } from "../settings/host_commands.ts";
import { memoryStore } from "../obey/memory_store.ts";
import { RunRecords } from "./run_record.ts";
import { ShutdownQueue } from "./shutdown_queue.ts";
import type { ShutdownOrder } from "./shutdown_order.ts";
import { FakeRunner, LAST, startHost, steps, testHostTime } from "../testing.ts";

function openDesk(commands: HostCommands = { before: [], last: LAST }, onChange = () => {}) {
  const clock = new TestClock();
  const time = testHostTime(clock);
  const runner = new FakeRunner();
  const said: string[] = [];
  const log = memoryLog("agent");
  const store = memoryStore();
  const queue = new ShutdownQueue({
    runner,
    commands,
    clock,
    time,
    log,
    records: new RunRecords(store, (text) => assert.fail(text)),
    watchesEnd: true,
    ack: (id, status) => void said.push(`${id} ${status}`),
    onChange,
  });
  return {
    queue,
    clock,
    runner,
    said,
    log,
    store,
    order: (id: string, change: Partial<ShutdownOrder> = {}) =>
      queue.order({ id, source: "command", delaySec: 60, isDrill: false, ...change }),
  };
}

for (const held of ["shutdown 60", "cancel"]) {
  Deno.test(`ShutdownQueue told to shut down while "${held}" runs and an abort waits for it shuts down in the end`, async () => {
    const h = openDesk();
    h.runner.held.add(held);
    h.order("s1");
    await settle();
    h.queue.abort("a1");
    await settle();
    h.order("s2");
    await settle();
    assert.ok(!h.said.some((word) => word.startsWith("s2")), "its turn has not come");
    h.runner.held.delete(held);
    await h.runner.release(held);
    assert.deepEqual(h.runner.ran, ["shutdown 60", "cancel", "shutdown 60"]);
    assert.deepEqual(h.said, [
      "s1 accepted",
      "s1 shutting_down",
      "s1 aborted",
      "a1 aborted",
      "s2 accepted",
      "s2 shutting_down",
    ]);
    assert.ok(h.queue.isShuttingDown);
    h.queue.leave();
    await settle();
  });
}

Deno.test("ShutdownQueue does not begin an order that an abort overtook, not even for a moment", async () => {
  const h = openDesk({ before: steps("stop-db"), last: LAST });
  h.runner.held.add("cancel");
  h.order("s1");
  await settle();
  h.queue.abort("a1");
  h.order("s2", { delaySec: 0 });
  await settle();
  h.queue.abort("a2");
  await h.runner.release("cancel");
  assert.deepEqual(h.runner.ran, ["stop-db", "shutdown 60", "cancel"]);
  assert.deepEqual(h.said.slice(-4), ["s1 aborted", "a1 aborted", "s2 aborted", "a2 aborted"]);
  assert.equal(h.queue.isBusy, false);
  assert.equal(h.store.text, "");
});

Deno.test("ShutdownQueue joins a shutdown that an abort could not undo: the host goes down all the same", async () => {
  const h = openDesk();
  h.runner.held.add("cancel");
  h.order("s1");
  await settle();
  h.queue.abort("a1");
  h.order("s2");
  await settle();
  await h.runner.release("cancel", { kind: "ended", code: 1 });
  assert.deepEqual(h.said.slice(-3), ["a1 failed", "s2 accepted", "s2 shutting_down"]);
  assert.ok(h.queue.isShuttingDown);
  h.queue.leave();
  await settle();
});

Deno.test("ShutdownQueue lets an abort cut short a preparation and a shutdown that was joined", async () => {
  const h = openDesk({ before: steps("stop-db"), last: LAST });
  h.runner.endless.add("stop-db");
  h.order("s1");
  await settle();
  h.order("s2");
  await settle();
  h.queue.abort("a1");
  await settle();
  assert.deepEqual(h.runner.ran, ["stop-db"]);
  assert.deepEqual(h.said.slice(-3), ["s2 accepted", "s2 aborted", "a1 aborted"]);
});

Deno.test("ShutdownQueue obeys the next order although one before it failed", async () => {
  const broken = { fails: false };
  const h = openDesk({ before: [], last: LAST }, () => {
    if (broken.fails) throw new Error("cannot be told");
  });
  h.order("s1");
  await settle();
  broken.fails = true;
  h.queue.abort("a1");
  await settle();
  assert.match(h.log.text(), /ORDER FAILED reason="cannot be told"/);
  broken.fails = false;
  h.order("s2");
  await settle();
  assert.deepEqual(h.said.slice(-2), ["s2 accepted", "s2 shutting_down"]);
  h.queue.leave();
  await settle();
});

Deno.test("ShutdownQueue.standDown() calls off the plan's shutdown, never one that a command asked for or joined", async () => {
  const h = openDesk();
  h.order("p1", { source: "plan" });
  await settle();
  h.queue.standDown("not alone any more");
  await settle();
  assert.deepEqual(h.said.slice(-1), ["p1 aborted"]);
  h.order("p2", { source: "plan" });
  h.order("s1");
  h.queue.standDown("not alone any more");
  await settle();
  h.queue.standDown("not alone any more");
  await settle();
  assert.deepEqual(h.runner.ran, ["shutdown 60", "cancel", "shutdown 60"]);
  assert.ok(h.queue.isShuttingDown);
  h.queue.leave();
  await settle();
});

Deno.test("ShutdownQueue.standDown() tries five times, one after the other, and lets a command have the next turn", async () => {
  const h = openDesk();
  h.order("p1", { source: "plan" });
  await settle();
  h.runner.results.set("cancel", { kind: "ended", code: 1 });
  for (let i = 0; i < 10; i++) {
    h.queue.standDown("not alone any more");
    h.queue.standDown("not alone any more");
    await settle();
  }
  assert.equal(h.runner.ran.filter((line) => line === "cancel").length, 5);
  h.queue.leave();

  const told = openDesk();
  told.runner.held.add("cancel");
  told.order("p1", { source: "plan" });
  await settle();
  told.queue.standDown("not alone any more");
  told.order("s1");
  await settle();
  await told.runner.release("cancel");
  assert.deepEqual(told.runner.ran, ["shutdown 60", "cancel", "shutdown 60"]);
  assert.deepEqual(told.said.slice(-3), ["p1 aborted", "s1 accepted", "s1 shutting_down"]);
  told.queue.leave();
  await settle();
});

Deno.test("ShutdownQueue begins nothing after it was left", async () => {
  const h = openDesk();
  h.runner.held.add("cancel");
  h.order("s1");
  await settle();
  h.queue.abort("a1");
  h.order("s2");
  await settle();
  h.queue.leave();
  await h.runner.release("cancel");
  assert.deepEqual(h.runner.ran, ["shutdown 60", "cancel"]);
});

Deno.test("Agent with an abort at work answers a ping at once, and obeys the shutdown after it once", async () => {
  const h = await startHost({ commands: { before: [], last: LAST } });
  h.runner.held.add("cancel");
  await h.send(h.command());
  await h.send(h.command({ action: "abort" }));
  const again = h.command();
  const id = await h.send(again);
  const ping = await h.send(h.command({ action: "ping" }));
  assert.deepEqual(h.statuses(ping), ["accepted", "done"]);
  await h.send(again);
  await h.runner.release("cancel");
  assert.deepEqual(h.statuses(id), ["rejected", "accepted", "shutting_down"]);
  assert.equal(h.status().going_down, true);
  await h.stop();
});
