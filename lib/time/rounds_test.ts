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
