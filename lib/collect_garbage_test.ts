import assert from "node:assert/strict";
import { COLLECT_EVERY_MS, collectNowAndThen } from "./collect_garbage.ts";
import { TestClock } from "./test_clock.ts";
import { memoryLog } from "./testing.ts";

Deno.test("collectNowAndThen() collects once an hour until it is cancelled", async () => {
  const scope = globalThis as { gc?: () => void };
  const before = scope.gc;
  let times = 0;
  scope.gc = () => times++;
  try {
    const clock = new TestClock();
    const log = memoryLog();
    const cancel = collectNowAndThen(clock, log);
    await clock.advance(COLLECT_EVERY_MS - 1);
    assert.equal(times, 0);
    await clock.advance(COLLECT_EVERY_MS + 1);
    assert.equal(times, 2);
    const [line] = log.entries;
    assert.equal(line?.text, "RESOURCES");
    assert.equal(line?.fields.timers, 1, "the collection's own");
    assert.ok(Number(line?.fields.heap_kb) > 100);
    cancel();
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

Deno.test("the daemon's workers have something to call", async () => {
  const { V8_FLAGS } = await import("../scripts/v8_flags.ts");
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", V8_FLAGS, "console.log(typeof gc)"],
  }).output();
  assert.equal(new TextDecoder().decode(stdout).trim(), "function");
});
