import assert from "node:assert/strict";
import { ANSWER_MS, KeptPresence } from "./kept_presence.ts";

const KEPT = { online: true, isLive: false, namesPlan: true };
const LIVE = { ...KEPT, isLive: true };

Deno.test("KeptPresence names who is called online and does not answer the plan, until it speaks", () => {
  const presence = new KeptPresence();
  presence.heard("pc", KEPT);
  assert.deepEqual(presence.unanswered(10 * ANSWER_MS), [], "nobody asked it yet");
  presence.planSaid("pc", 1000);
  presence.planSaid("pc", 50_000);
  assert.deepEqual(presence.unanswered(1000 + ANSWER_MS - 1), []);
  assert.deepEqual(presence.unanswered(1000 + ANSWER_MS), ["pc"]);
  presence.heard("pc", LIVE);
  assert.deepEqual(presence.unanswered(10 * ANSWER_MS), []);
});

Deno.test("KeptPresence says nothing of who is offline, and of who keeps no plans", () => {
  const presence = new KeptPresence();
  presence.heard("off", { ...KEPT, online: false });
  presence.heard("old", { ...KEPT, namesPlan: false });
  presence.heard("gone", KEPT);
  for (const agent of ["off", "old", "gone"]) presence.planSaid(agent, 0);
  presence.heard("gone", { ...LIVE, online: false });
  assert.deepEqual(presence.unanswered(ANSWER_MS), []);
});

Deno.test("KeptPresence asks everybody anew when the broker was away", () => {
  const presence = new KeptPresence();
  presence.heard("pc", LIVE);
  presence.planSaid("pc", 0);
  presence.linkIsUp();
  presence.planSaid("pc", ANSWER_MS);
  assert.deepEqual(presence.unanswered(2 * ANSWER_MS - 1), []);
  assert.deepEqual(presence.unanswered(2 * ANSWER_MS), ["pc"]);
});
