import assert from "node:assert/strict";
import { createHealth } from "../health.ts";
import { Isolation } from "./isolation.ts";
import { TestClock } from "../time/test_clock.ts";
import { memoryLog } from "../testing.ts";

function bench() {
  const [clock, log, health] = [new TestClock(), memoryLog(), createHealth()];
  const isolation = new Isolation({ clock, log, health }, "part_failed");
  const fail = (what: string) => isolation.run(what, () => assert.equal(1, 2, "broken"));
  return { clock, log, health, isolation, fail };
}

Deno.test("Isolation.run() goes on after a fault, names the part, and is well again when it works", () => {
  const { log, health, isolation, fail } = bench();
  assert.equal(fail('station "a"'), undefined);
  assert.equal(isolation.run('station "b"', () => 7), 7);
  assert.match(health.list()[0]?.text ?? "", /station "a" from being handled/);
  assert.match(log.text(), /PART FAILED.*station \\"a\\".*broken/);
  isolation.run('station "a"', () => {});
  assert.deepEqual(health.list(), []);
});

Deno.test("Isolation tells of the same part once a minute, and forgets one that is not tried any more", async () => {
  const { clock, log, health, isolation, fail } = bench();
  for (let second = 0; second < 120; second++) {
    fail("a");
    await clock.advance(1000);
  }
  assert.equal(log.entries.length, 2);
  await clock.advance(599_000 - 1);
  isolation.run("b", () => {});
  assert.equal(health.list().length, 1);
  await clock.advance(1);
  isolation.run("b", () => {});
  assert.deepEqual(health.list(), []);
});

Deno.test("Isolation keeps a bounded memory of what fails", () => {
  const { log, health, fail } = bench();
  for (let i = 0; i < 5000; i++) fail(`topic ${i}`);
  assert.equal(log.entries.length, 101);
  assert.match(health.list()[0]?.text ?? "", /topic 0 and 100 more/);
});
