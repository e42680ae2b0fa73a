import assert from "node:assert/strict";
import { Lockout } from "./lockout.ts";

/** Guesses `count` times at once. @returns how long the next has to wait, ms */
function guess(lockout: Lockout, address: string, count: number, nowMonoMs = 0): number {
  for (let i = 0; i < count; i++) lockout.take(address, nowMonoMs);
  return lockout.waitMs(address, nowMonoMs);
}

Deno.test("Lockout.take() lets five guesses through, and then waits that double up to 15 min", () => {
  const lockout = new Lockout(0);
  assert.equal(guess(lockout, "10.0.0.1", 4), 0);
  let now = 0;
  for (const seconds of [60, 120, 240, 480, 900, 900]) {
    assert.equal(guess(lockout, "10.0.0.1", 1, now), seconds * 1000);
    assert.equal(lockout.waitMs("10.0.0.1", now + seconds * 1000 - 1), 1);
    now += seconds * 1000;
    assert.equal(lockout.waitMs("10.0.0.1", now), 0);
  }
});

Deno.test("Lockout.take() counts no guess while it waits, so that the wait has an end", () => {
  const lockout = new Lockout(0);
  assert.equal(guess(lockout, "10.0.0.1", 50), 60_000);
});

Deno.test("Lockout.take() keeps addresses apart, and takes an IPv6 network for one", () => {
  const lockout = new Lockout(0);
  assert.equal(guess(lockout, "2001:db8:0:1::1", 5), 60_000);
  assert.equal(lockout.waitMs("2001:db8:0:1:ffff::2", 0), 60_000);
  assert.equal(lockout.waitMs("2001:db8:0:2::1", 0), 0);
  assert.equal(lockout.waitMs("10.0.0.1", 0), 0);
});

Deno.test("Lockout.take() slows many addresses down together, and recovers", () => {
  const lockout = new Lockout(0);
  const waits = Array.from({ length: 31 }, (_, i) => lockout.take(`10.0.0.${i}`, 0));
  assert.equal(waits[29], 0);
  assert.equal(waits[30], 2000);
  assert.equal(lockout.take("10.0.1.1", 2000), 0);
});

Deno.test("Lockout.forgive() forgets the failures of an address", () => {
  const lockout = new Lockout(0);
  guess(lockout, "10.0.0.1", 4);
  lockout.forgive("10.0.0.1");
  assert.equal(guess(lockout, "10.0.0.1", 4), 0);
});
