/** A shutdown that the broker held back, delivered after what undid it. */
import assert from "node:assert/strict";
import { memoryStore } from "./memory_store.ts";
import { CommandMemory } from "./memory.ts";
import { startHost, surroundings } from "../testing.ts";

Deno.test("Agent does not obey a shutdown that was issued before the abort that it obeyed, also after its restart", async () => {
  const around = surroundings();
  const h = await startHost({}, around);
  const late = h.command();
  await h.clock.advance(1000);
  await h.send(h.command({ action: "abort", id: "abort" }));
  await h.send(late);
  assert.deepEqual(h.statuses(late.id), ["rejected"]);
  const refusal = h.acks.find(({ id }) => id === late.id);
  assert.match(refusal?.detail ?? "", /^overtaken/);
  // Whoever still means it may prove that.
  assert.equal(typeof refusal?.challenge, "string");
  await h.stop();

  const again = await startHost({}, around);
  await again.send({ ...late });
  assert.deepEqual(again.statuses(late.id), ["rejected"]);
  assert.deepEqual(again.runner.ran, []);
  // What is issued now is obeyed at once.
  const id = await again.send(again.command({ id: "new" }));
  assert.equal(again.statuses(id).at(-1), "shutting_down");
  await again.stop();
});

Deno.test("Agent does not obey a shutdown that was issued before a plan that says that the grid is there", async () => {
  const h = await startHost();
  const late = h.command();
  await h.clock.advance(1000);
  await h.sendPlan(h.plan({ state: "online", deadline_at: undefined, deadline_in_s: undefined }));
  // A later plan "on battery" makes what was held back no newer.
  await h.clock.advance(1000);
  await h.sendPlan(h.plan());
  await h.send(late);
  assert.deepEqual(h.statuses(late.id), ["rejected"]);
  assert.equal(h.runner.ran.length, 0);
  const id = await h.send(h.command());
  assert.equal(h.statuses(id).at(-1), "shutting_down");
  await h.stop();
});

Deno.test("Agent obeys an overtaken shutdown that is still meant: the daemon proves it", async () => {
  const h = await startHost();
  const meant = h.command();
  await h.clock.advance(1000);
  await h.sendPlan(h.plan({ state: "online", deadline_at: undefined, deadline_in_s: undefined }));
  await h.send(meant);
  const { challenge } = h.acks.find(({ id }) => id === meant.id) ?? {};
  const { sig: _sig, ...body } = meant;
  await h.send(h.command({ ...body, challenge }));
  assert.equal(h.statuses(meant.id).at(-1), "shutting_down");
  await h.stop();
});

Deno.test("Agent obeys a shutdown after a plan on battery, however old the plan's time is", async () => {
  const h = await startHost();
  const meant = h.command();
  await h.clock.advance(1000);
  await h.sendPlan(h.plan());
  await h.send(meant);
  assert.equal(h.statuses(meant.id).at(-1), "shutting_down");
  await h.stop();
});

Deno.test("CommandMemory keeps ids and the last undoing, reads what older agents kept, and never goes back", () => {
  const trouble: string[] = [];
  const store = memoryStore('["a","b"]');
  const memory = new CommandMemory(store, (text) => trouble.push(text));
  assert.equal(memory.has("b"), true);
  assert.equal(memory.settledMs, undefined);
  memory.settle("2026-11-28T12:00:00.500Z");
  memory.settle("2026-11-28T11:00:00Z");
  memory.settle(undefined);
  memory.add("c");
  const next = new CommandMemory(store, (text) => trouble.push(text));
  assert.equal(next.settledMs, Date.parse("2026-11-28T12:00:00.500Z"));
  assert.deepEqual(["a", "b", "c", "d"].map((id) => next.has(id)), [true, true, true, false]);
  assert.equal(trouble.length, 0);
  const broken = new CommandMemory(memoryStore('{"ids":7}'), (text) => trouble.push(text));
  assert.equal(broken.has("a"), false);
  assert.match(trouble.join(), /Cannot read the ids of commands/);
});
