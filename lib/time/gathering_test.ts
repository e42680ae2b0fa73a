import assert from "node:assert/strict";
import { AT_ONCE } from "./rounds.ts";
import { TestClock } from "./test_clock.ts";
import { FEW, Gathering, TOGETHER_MS } from "./gathering.ts";

function house(howMany: number) {
  const clock = new TestClock();
  const told: { readonly one: string; readonly atMonoMs: number }[] = [];
  const gathering = new Gathering<string>(
    clock,
    () => howMany,
    (one) => told.push({ one, atMonoMs: clock.monoMs() }),
  );
  return { clock, told, gathering, ones: () => told.map(({ one }) => one) };
}

Deno.test("Gathering admits everybody where few speak, and not where one more does", () => {
  for (const [howMany, isAdmitted] of [[FEW, true], [FEW + 1, false]] as const) {
    const { gathering } = house(howMany);
    assert.equal(gathering.admits("a"), true, "the first waits for nobody");
    assert.equal(gathering.admits("b"), isAdmitted, `${howMany} speak`);
  }
});

Deno.test("Gathering tells all that waited at once, when their time has come and not before", async () => {
  const { clock, told, gathering, ones } = house(100);
  gathering.admits("a");
  await clock.advance(100);
  for (const one of ["b", "c", "b"]) assert.equal(gathering.admits(one), false);
  await clock.advance(TOGETHER_MS - 101);
  assert.deepEqual(told, []);
  await clock.advance(1);
  assert.deepEqual(ones(), ["b", "c"]);
  assert.equal(gathering.has("b"), false);
});

Deno.test("Gathering lets nobody wait longer than that, however many come", async () => {
  const { clock, told, gathering } = house(100);
  const sinceMonoMs = new Map<string, number>();
  for (let i = 0; i < 400; i++) {
    const one = `station ${i % 90}`;
    if (!gathering.admits(one) && !sinceMonoMs.has(one)) sinceMonoMs.set(one, clock.monoMs());
    await clock.advance(7);
    for (const { one, atMonoMs } of told.splice(0)) {
      const waitedMs = atMonoMs - (sinceMonoMs.get(one) ?? NaN);
      assert.ok(waitedMs <= TOGETHER_MS, `${one} waited ${waitedMs} ms`);
      sinceMonoMs.delete(one);
    }
  }
});

Deno.test("Gathering tells a full batch before its time, so that no batch holds up the rest", () => {
  const { gathering, ones } = house(1000);
  gathering.admits("first");
  for (let i = 1; i < AT_ONCE; i++) gathering.admits(`${i}`);
  assert.deepEqual(ones(), []);
  gathering.admits(`${AT_ONCE}`);
  assert.equal(ones().length, AT_ONCE);
});

Deno.test("Gathering admits at once whoever comes after a pause", async () => {
  const { clock, gathering } = house(100);
  gathering.admits("a");
  await clock.advance(TOGETHER_MS - 1);
  assert.equal(gathering.admits("b"), false);
  await clock.advance(1);
  await clock.advance(TOGETHER_MS);
  assert.equal(gathering.admits("c"), true);
});

Deno.test("Gathering tells nobody that is gone, and nobody after its end", async () => {
  const { clock, told, gathering } = house(100);
  for (const one of ["a", "b", "c"]) gathering.admits(one);
  gathering.leave("b");
  gathering.leave("c");
  gathering.admits("d");
  await clock.advance(TOGETHER_MS);
  assert.deepEqual(told, [{ one: "d", atMonoMs: clock.monoMs() }]);
  gathering.admits("e");
  gathering.stop();
  await clock.advance(10 * TOGETHER_MS);
  assert.equal(told.length, 1);
});
