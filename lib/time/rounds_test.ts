import assert from "node:assert/strict";
import { AT_ONCE, goRound } from "./rounds.ts";
import { TestClock } from "./test_clock.ts";

const PERIOD_MS = 1000;

/** Rounds over 0 to `count` - 1; `visits` has when each item was visited. */
function rounds(count: number) {
  const clock = new TestClock();
  const visits: { readonly atMs: number; readonly items: readonly number[] }[] = [];
  const { cancel, dueAt } = goRound(
    clock,
    PERIOD_MS,
    () => Array.from({ length: count }, (_, i) => i),
    (items) => visits.push({ atMs: clock.monoMs(), items }),
  );
  return { clock, visits, cancel, dueAt };
}

for (
  const [count, times] of [[0, [1000]], [1, [1000]], [AT_ONCE, [1000]], [AT_ONCE + 1, [1000, 1500]]] as const
) {
  Deno.test(`goRound() visits ${count} items at ${times.join(" and ")} ms`, async () => {
    const { clock, visits, cancel } = rounds(count);
    await clock.advance(PERIOD_MS - 1);
    assert.deepEqual(visits, []);
    await clock.advance(PERIOD_MS);
    assert.deepEqual(visits.map(({ atMs }) => atMs), times);
    cancel();
    assert.equal(clock.pending, 0);
  });
}

Deno.test("goRound() does what else is to be done once a period, with the first visits, also where one throws", async () => {
  const clock = new TestClock();
  const done: string[] = [];
  const items = Array.from({ length: 3 * AT_ONCE }, (_, i) => i);
  const visit = (some: readonly number[]) => void done.push(`visit ${some[0]}`);
  const { cancel } = goRound(clock, PERIOD_MS, () => items, visit, () => done.push("else"));
  await clock.advance(PERIOD_MS);
  assert.deepEqual(done, ["visit 0", "else"]);
  await clock.advance(PERIOD_MS);
  assert.deepEqual(done.slice(2), ["visit 25", "visit 50", "visit 0", "else"]);
  cancel();
  assert.equal(clock.pending, 0);
  let beat = () => {};
  let armed = 0;
  const failing = {
    monoMs: () => 0,
    after: (_ms: number, run: () => void) => (armed++, beat = run, () => {}),
  };
  goRound(failing, PERIOD_MS, () => [1], () => {
    throw new Error("broken");
  }, () => done.push("after it"));
  assert.throws(() => beat(), /broken/);
  assert.equal(done.at(-1), "after it");
  assert.equal(armed, 2, "the next round is on its way");
});

Deno.test("goRound() visits each of many items once a period, in order", async () => {
  const { clock, visits, cancel } = rounds(10 * AT_ONCE);
  await clock.advance(3 * PERIOD_MS);
  for (const from of [1000, 2000]) {
    const round = visits.filter(({ atMs }) => atMs >= from && atMs < from + PERIOD_MS);
    assert.deepEqual(
      round.flatMap(({ items }) => items),
      Array.from({ length: 10 * AT_ONCE }, (_, i) => i),
    );
    assert.ok(round.every(({ items }) => items.length <= AT_ONCE));
  }
  cancel();
  assert.equal(clock.pending, 0);
});

Deno.test("goRound() leaves nobody out when a round takes longer than its period", () => {
  /** Timers of a machine that is late with everything but the period. */
  const late: (() => void)[] = [];
  let beat = () => {};
  const seen: number[] = [];
  const slow = {
    monoMs: () => 0,
    after: (ms: number, run: () => void) => (ms === PERIOD_MS ? beat = run : late.push(run), () => {}),
  };
  goRound(
    slow,
    PERIOD_MS,
    () => Array.from({ length: AT_ONCE + 2 }, (_, i) => i),
    (some) => seen.push(...some),
  );
  beat();
  beat();
  assert.equal(seen.length, AT_ONCE, "the second round waits for the first");
  late.shift()?.();
  assert.equal(seen.length, AT_ONCE + 2);
  beat();
  assert.equal(seen.length, 2 * AT_ONCE + 2);
});

const LONGEST_MS = 5000;

for (
  const [name, dueMs, wanted] of [
    ["at each period while something is due", -Infinity, [1000, 2000, 3000, 4000, 5000, 6000]],
    ["no sooner than its period", 1500, [1000, 2000, 3000, 4000, 5000, 6000]],
    ["when something is due", 2500, [1000, 2500, 3500, 4500, 5500]],
    ["at the latest after the longest rest", 6001, [1000, 6000]],
    ["also when nothing is ever due", Infinity, [1000, 6000]],
  ] as const
) {
  Deno.test(`goRound() with a rest comes ${name}`, async () => {
    const clock = new TestClock();
    const times: number[] = [];
    const rest = { longestMs: LONGEST_MS, dueMonoMs: () => dueMs };
    const { cancel } = goRound(
      clock,
      PERIOD_MS,
      () => [1],
      () => times.push(clock.monoMs()),
      undefined,
      rest,
    );
    await clock.advance(6400);
    assert.deepEqual(times, wanted);
    cancel();
    assert.equal(clock.pending, 0);
  });
}

for (
  const [name, atMs, saidMs, next] of [
    ["a period after the last round", 1200, 0, 2000],
    ["at once, when that is over", 2600, 0, 2600],
    ["when it is due", 2600, 4000, 4000],
    ["not later than it would have", 2600, 9000, 6000],
  ] as const
) {
  Deno.test(`Rounds.dueAt() brings a round that rests ${name}`, async () => {
    const clock = new TestClock();
    const times: number[] = [];
    const rest = { longestMs: LONGEST_MS, dueMonoMs: () => Infinity };
    const rounds = goRound(clock, PERIOD_MS, () => [1], () => times.push(clock.monoMs()), undefined, rest);
    await clock.advance(atMs);
    rounds.dueAt(saidMs);
    await clock.advance(LONGEST_MS);
    assert.deepEqual(times.slice(0, 2), [1000, next]);
    rounds.cancel();
    assert.equal(clock.pending, 0);
  });
}

Deno.test("goRound() does not make up for what it missed while the machine slept", () => {
  let nowMs = 0;
  const timers: { readonly atMs: number; readonly run: () => void }[] = [];
  const times: number[] = [];
  const sleepy = {
    monoMs: () => nowMs,
    after: (ms: number, run: () => void) => (timers.push({ atMs: nowMs + ms, run }), () => {}),
  };
  goRound(sleepy, PERIOD_MS, () => [1], () => times.push(nowMs));
  for (const atMs of [1010, 10_500, 11_500]) {
    nowMs = atMs;
    const timer = timers.shift();
    assert.ok(timer && timer.atMs <= nowMs, `the round of ${atMs} ms is due`);
    timer.run();
  }
  assert.deepEqual(times, [1010, 10_500, 11_500]);
  assert.equal(timers[0]?.atMs, 12_500);
});
