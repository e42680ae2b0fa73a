import assert from "node:assert/strict";
import { TestClock } from "../lib/time/test_clock.ts";
import { rehearsedHostTime, startOf, systemHostTime } from "./host_time.ts";

Deno.test("startOf() finds the start behind a name with blanks and brackets", () => {
  const rest = "S 0 1 1 0 -1 4194560 2 3 4 5 6 7 8 9 20 0 1 0 12345 111 22";
  assert.equal(startOf(`1 (systemd) ${rest}`), "12345");
  assert.equal(startOf(`1 (a) b (c)) ${rest}`), "12345");
  assert.throws(() => startOf("1 (systemd) S 0"), /Cannot read when process 1 began/);
});

Deno.test("systemHostTime() names the same boot twice and counts from its start", () => {
  const clock = new TestClock();
  const [one, two] = [systemHostTime(clock), systemHostTime(clock)];
  assert.equal(one.bootId, two.bootId);
  if (Deno.build.os === "linux") assert.match(one.bootId, /^[0-9a-f-]{36}-\d+$/);
  assert.ok(one.uptimeMs() > 0 && two.uptimeMs() >= one.uptimeMs());
});

Deno.test("rehearsedHostTime() is a host that was just started, each time", () => {
  const clock = new TestClock();
  let n = 0;
  const next = () => rehearsedHostTime(clock, () => n++ / 10);
  assert.notEqual(next().bootId, next().bootId);
});
