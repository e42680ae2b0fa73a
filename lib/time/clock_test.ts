import assert from "node:assert/strict";
import { systemClock } from "./clock.ts";
import { TestClock } from "./test_clock.ts";

Deno.test("systemClock() with a speed lets scaled time pass faster, from the common origin", async () => {
  const originWallMs = Date.now();
  const clock = systemClock({ speed: 1000, originWallMs });
  const before = clock.monoMs();
  await clock.sleep(5000);
  assert.ok(clock.monoMs() - before >= 5000);
  assert.ok(clock.wallMs() - originWallMs >= 5000);
});

Deno.test("systemClock() counts the timers that wait", async () => {
  const clock = systemClock();
  const endRepeat = clock.every(1000, () => {});
  const cancel = clock.after(60_000, () => {});
  const slept = clock.sleep(1);
  assert.equal(clock.pending, 3);
  await slept;
  assert.equal(clock.pending, 2, "one that ran waits no more");
  cancel();
  cancel();
  assert.equal(clock.pending, 1, "ended twice, counted once");
  endRepeat();
  assert.equal(clock.pending, 0);
});

Deno.test("systemClock() refuses a speed below 1", () => {
  assert.throws(() => systemClock({ speed: 0.5, originWallMs: 0 }), /speed must be 1 to 10000, found 0.5/);
});

Deno.test("TestClock.advance() runs timers at their due time, in order, not 1 ms early", async () => {
  const clock = new TestClock();
  const seen: string[] = [];
  clock.after(1000, () => seen.push(`b@${clock.monoMs()}`));
  clock.after(500, () => seen.push(`a@${clock.monoMs()}`));
  await clock.advance(999);
  assert.deepEqual(seen, ["a@500"]);
  await clock.advance(1);
  assert.deepEqual(seen, ["a@500", "b@1000"]);
  assert.equal(clock.pending, 0);
});

Deno.test("TestClock.every() repeats until cancelled", async () => {
  const clock = new TestClock();
  let runs = 0;
  const cancel = clock.every(10, () => runs++);
  await clock.advance(35);
  assert.equal(runs, 3);
  cancel();
  await clock.advance(100);
  assert.equal(runs, 3);
});

Deno.test("Clock.sleep() rejects with the reason when aborted, and leaves no timer", async () => {
  const clock = new TestClock();
  const controller = new AbortController();
  const slept = clock.sleep(1000, controller.signal);
  controller.abort(new Error("enough"));
  await assert.rejects(slept, /enough/);
  assert.equal(clock.pending, 0);
});

Deno.test("TestClock.jumpWall() moves wall time and no timer", async () => {
  const clock = new TestClock(0);
  let ran = false;
  clock.after(1000, () => ran = true);
  clock.jumpWall(1e12);
  await clock.advance(999);
  assert.equal(ran, false);
  assert.equal(clock.wallMs(), 1e12 + 999);
  await clock.advance(1);
  assert.equal(ran, true);
});
