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

Deno.test("KeptPresence gives a minute for an answer, from the first plan on, however often the broker says what it kept", () => {
  const presence = new KeptPresence();
  presence.heard("pc", KEPT);
  presence.planSaid("pc", 1000);
  presence.heard("pc", KEPT);
  presence.planSaid("pc", 50_000);
  assert.deepEqual(presence.unanswered(60_999), []);
  assert.deepEqual(presence.unanswered(61_000), ["pc"]);
});

Deno.test("KeptPresence counts from the plan that was said before what the broker kept came, as where it keeps much", () => {
  const presence = new KeptPresence();
  presence.linkIsUp();
  presence.planSaid("pc", 1000);
  presence.heard("pc", KEPT);
  assert.deepEqual(presence.unanswered(60_999), []);
  assert.deepEqual(presence.unanswered(61_000), ["pc"]);
  // That plan was answered: what is kept later says nothing of it.
  presence.heard("pc", LIVE);
  presence.heard("pc", KEPT);
  assert.deepEqual(presence.unanswered(600_000), []);
  presence.planSaid("pc", 600_000);
  assert.deepEqual(presence.unanswered(660_000), ["pc"]);
});

Deno.test("KeptPresence gives a new minute when the broker was away again", () => {
  const presence = new KeptPresence();
  presence.heard("pc", KEPT);
  presence.planSaid("pc", 0);
  presence.linkIsUp();
  assert.deepEqual(presence.unanswered(600_000), [], "it was not asked since");
  presence.planSaid("pc", 600_000);
  assert.deepEqual(presence.unanswered(660_000), ["pc"]);
});

for (
  const [name, words] of [
    ["went before the broker did", [LIVE, { ...LIVE, online: false }]],
    ["keeps no plans", [{ ...LIVE, namesPlan: false }]],
    ["keeps no plans, and of which the broker alone said that it is online", [{ ...KEPT, namesPlan: false }]],
    ["said only that it goes", [{ ...LIVE, online: false }]],
  ] as const
) {
  Deno.test(`KeptPresence asks nobody when the broker is back who ${name}`, () => {
    const presence = new KeptPresence();
    for (const word of words) presence.heard("pc", word);
    presence.linkIsUp();
    presence.planSaid("pc", 0);
    assert.deepEqual(presence.unanswered(60_000), []);
  });
}
