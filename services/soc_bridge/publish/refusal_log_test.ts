import assert from "node:assert/strict";
import { TestClock } from "../../../lib/time/test_clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import { REFUSAL_REPEAT_MS, RefusalLog } from "./refusal_log.ts";

Deno.test("RefusalLog.note() names a sender once, counts the rest and names it again later", async () => {
  const clock = new TestClock();
  const log = memoryLog();
  const refusals = new RefusalLog(log, clock);
  for (let i = 0; i < 5; i++) refusals.note("topic a", "wrong");
  refusals.note("topic b", "wrong too");
  assert.equal(log.entries.length, 2);
  await clock.advance(REFUSAL_REPEAT_MS - 1);
  refusals.note("topic a", "wrong");
  assert.equal(log.entries.length, 2);
  await clock.advance(1);
  refusals.note("topic a", "wrong");
  assert.deepEqual(log.entries.at(-1)?.fields, { from: "topic a", text: "wrong", more: 5 });
  assert.equal(refusals.total, 8);
});

Deno.test("RefusalLog.note() does not remember senders without end", () => {
  const log = memoryLog();
  const refusals = new RefusalLog(log, new TestClock());
  for (let i = 0; i < 5000; i++) refusals.note(`topic ${i}`, "wrong");
  assert.equal(log.entries.length, 1001);
  assert.equal(log.entries.at(-1)?.fields["from"], "others");
});
