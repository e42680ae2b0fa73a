import assert from "node:assert/strict";
import { COLLECT_EVERY_MS, collectNowAndThen, FIRST_COLLECT_MS } from "./collect_garbage.ts";
import { TestClock } from "../time/test_clock.ts";
import { memoryLog } from "../testing.ts";

Deno.test("collectNowAndThen() collects soon after the start, and once an hour until it is cancelled", async () => {
  const scope = globalThis as { gc?: (options: unknown) => void };
  const before = scope.gc;
  const asked: unknown[] = [];
  scope.gc = (options) => asked.push(options);
  try {
    const clock = new TestClock();
    const log = memoryLog();
    const cancel = collectNowAndThen(clock, log);
    await clock.advance(FIRST_COLLECT_MS - 1);
    assert.equal(asked.length, 0);
    await clock.advance(1);
    assert.equal(asked.length, 1);
    await clock.advance(COLLECT_EVERY_MS - FIRST_COLLECT_MS - 1);
    assert.equal(asked.length, 1);
    await clock.advance(COLLECT_EVERY_MS + 1);
    assert.equal(asked.length, 3);
    assert.deepEqual(asked[2], { type: "major", flavor: "last-resort" });
    const line = log.entries.at(-1);
    assert.equal(line?.text, "RESOURCES");
    assert.equal(line?.fields.timers, 1, "the collection's own");
    assert.ok(Number(line?.fields.heap_kb) > 100);
    cancel();
    assert.equal(clock.pending, 0);
  } finally {
    scope.gc = before;
  }
});

Deno.test("collectNowAndThen() leaves nothing behind when it is cancelled before the first", () => {
  const scope = globalThis as { gc?: () => void };
  const before = scope.gc;
  scope.gc = () => {};
  try {
    const clock = new TestClock();
    collectNowAndThen(clock, memoryLog())();
    assert.equal(clock.pending, 0);
  } finally {
    scope.gc = before;
  }
});

Deno.test("collectNowAndThen() does nothing where there is nothing to call", () => {
  const scope = globalThis as { gc?: () => void };
  const before = scope.gc;
  delete scope.gc;
  try {
    const clock = new TestClock();
    collectNowAndThen(clock, memoryLog())();
    assert.equal(clock.pending, 0);
  } finally {
    if (before) scope.gc = before;
  }
});

Deno.test("the daemon's workers have something to call, which knows the last resort", async () => {
  const { V8_FLAGS } = await import("../../scripts/build/runtime_settings.ts");
  // A function that ran once: its code goes with the last resort, and stays with a usual collection.
  const program = `
    const usual = () => gc(), thorough = () => gc({ type: "major", flavor: "last-resort" });
    const used = () => Deno.memoryUsage().heapUsed;
    eval("function once() {" + "globalThis.x = [1, 2, 3].map((n) => n * 2);".repeat(20000) + "} once();");
    usual(); const before = used(); thorough();
    console.log(before - used() > 500_000);`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", V8_FLAGS, program] }).output();
  assert.equal(new TextDecoder().decode(stdout).trim(), "true");
});
