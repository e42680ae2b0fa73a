import assert from "node:assert/strict";
import { GAP_MS, ReachTracker } from "./reach.ts";

const lost = (sinceUptimeMs: number, awakeMs: number, wasReached: boolean) => ({
  kind: "lost",
  sinceUptimeMs,
  awakeMs,
  wasReached,
});

Deno.test("ReachTracker is lost from the agent's start until the broker is reached", () => {
  const tracker = new ReachTracker(1000);
  tracker.look(6000);
  assert.deepEqual(tracker.reach, lost(1000, 5000, false));
  tracker.linkProven(7000);
  assert.deepEqual(tracker.reach, { kind: "reachable" });
});

Deno.test("ReachTracker counts from the end of the connection, and starts anew after each", () => {
  const tracker = new ReachTracker(0);
  tracker.linkProven(0);
  tracker.look(5000);
  tracker.linkDown(6000);
  tracker.linkDown(7000);
  assert.deepEqual(tracker.reach, lost(6000, 1000, true));
  tracker.linkProven(8000);
  tracker.linkDown(9000);
  assert.deepEqual(tracker.reach, lost(9000, 0, true));
});

Deno.test("ReachTracker counts a daemon that is offline at a living broker as lost", () => {
  const tracker = new ReachTracker(0);
  tracker.linkProven(0);
  tracker.daemon(false, 1000);
  tracker.linkProven(2000);
  assert.deepEqual(tracker.reach, lost(1000, 1000, true));
  tracker.daemon(true, 3000);
  assert.deepEqual(tracker.reach, { kind: "reachable" });
});

Deno.test("ReachTracker takes a connection over a sleep for lost since before it, until it is proven", () => {
  const tracker = new ReachTracker(0);
  tracker.linkProven(0);
  assert.equal(tracker.look(GAP_MS), false);
  assert.deepEqual(tracker.reach, { kind: "reachable" });
  assert.equal(tracker.look(2 * GAP_MS + 1), true);
  assert.deepEqual(tracker.reach, lost(GAP_MS, 0, true));
  tracker.look(2 * GAP_MS + 5001);
  assert.deepEqual(tracker.reach, lost(GAP_MS, 5000, true));
  tracker.linkProven(3 * GAP_MS);
  assert.deepEqual(tracker.reach, { kind: "reachable" });
});

Deno.test("ReachTracker does not count sleep as time awake", () => {
  const tracker = new ReachTracker(0);
  tracker.look(5000);
  tracker.look(1e9);
  tracker.look(1e9 + 5000);
  assert.deepEqual(tracker.reach, lost(0, 10_000, false));
});

Deno.test("ReachTracker that wakes to the end of its connection was lost since before the sleep", () => {
  const tracker = new ReachTracker(0);
  tracker.linkProven(0);
  tracker.look(5000);
  tracker.linkDown(9e6);
  assert.deepEqual(tracker.reach, lost(5000, 0, true));
});

Deno.test("ReachTracker that wakes to a word of the daemon has a link that is alive", () => {
  const tracker = new ReachTracker(0);
  tracker.linkProven(0);
  tracker.daemon(true, 9e6);
  assert.deepEqual(tracker.reach, { kind: "reachable" });
});
