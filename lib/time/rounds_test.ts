import assert from "node:assert/strict";
import { AT_ONCE, goRound } from "./rounds.ts";
import { TestClock } from "./test_clock.ts";

const PERIOD_MS = 1000;

/** Rounds over 0 to `count` - 1; `visits` has when each item was visited. */
function rounds(count: number) {
  const clock = new TestClock();
  const visits: { readonly atMs: number; readonly items: readonly number[] }[] = [];
  const cancel = goRound(
    clock,
    PERIOD_MS,
    () => Array.from({ length: count }, (_, i) => i),
    (items) => visits.push({ atMs: clock.monoMs(), items }),
  );
  return { clock, visits, cancel };
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
  const cancel = goRound(clock, PERIOD_MS, () => items, visit, () => done.push("else"));
  await clock.advance(PERIOD_MS);
  assert.deepEqual(done, ["visit 0", "else"]);
  await clock.advance(PERIOD_MS);
  assert.deepEqual(done.slice(2), ["visit 25", "visit 50", "visit 0", "else"]);
  cancel();
  assert.equal(clock.pending, 0);
  let beat = () => {};
  const failing = {
    ...clock,
    every: (_ms: number, run: () => void) => (beat = run, () => {}),
  } as unknown as TestClock;
  goRound(failing, PERIOD_MS, () => [1], () => {
    throw new Error("broken");
  }, () => done.push("after it"));
  assert.throws(() => beat(), /broken/);
  assert.equal(done.at(-1), "after it");
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
  const clock = new TestClock();
  /** Timers of a machine that is late with everything but the period. */
  const late: (() => void)[] = [];
  let beat = () => {};
  const seen: number[] = [];
  const slow = {
    speed: 1,
    monoMs: () => clock.monoMs(),
    wallMs: () => clock.wallMs(),
    sleep: (ms: number) => clock.sleep(ms),
    every: (_ms: number, run: () => void) => (beat = run, () => {}),
    after: (_ms: number, run: () => void) => (late.push(run), () => {}),
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
