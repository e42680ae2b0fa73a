import assert from "node:assert/strict";
import { SESSION_LIMITS, Sessions } from "./sessions.ts";

Deno.test("Sessions.isFrom() names the network where a session was seen last, as long as it holds", () => {
  const sessions = new Sessions();
  const { token } = sessions.begin(0, "a");
  const from = (nowMonoMs: number) => ["a", "b"].filter((network) => sessions.isFrom(network, nowMonoMs));
  assert.deepEqual(from(SESSION_LIMITS.idleMs - 1), ["a"]);
  assert.deepEqual(from(SESSION_LIMITS.idleMs), []);
  sessions.find(token, 10, "b");
  assert.deepEqual(from(SESSION_LIMITS.idleMs + 9), ["b"]);
  assert.deepEqual(from(SESSION_LIMITS.idleMs + 10), []);
  assert.deepEqual(from(10), ["b"]);
  sessions.end(token);
  assert.deepEqual(from(10), []);
});
