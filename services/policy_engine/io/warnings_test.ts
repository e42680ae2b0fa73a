import assert from "node:assert/strict";
import { house } from "../testdata/test_policy.ts";
import { settle } from "../../../lib/time/test_clock.ts";
import { FIRST_WORD_MS } from "./warnings.ts";

Deno.test("houseWarnings() names stations and agents that were never heard, after a while, until they are", async () => {
  const h = await house({ stations: { Study: ["pc", "nas"], Stduy: ["tv"] }, agentKeys: {} });
  const warnings = () => h.health().filter((code) => code !== "unsigned_commands");
  await h.presence(true, "pc");
  await h.pass(FIRST_WORD_MS / 1000 - 1, { soc: 80, grid_connected: true });
  assert.deepEqual(warnings(), []);
  await h.pass(2, { soc: 80, grid_connected: true });
  assert.deepEqual(warnings(), ["station_unheard", "agent_unseen"]);
  const texts = h.healthTexts();
  assert.ok(
    texts.includes('"Stduy" never told whether the grid is there: hosts on it are not protected'),
    texts.join(),
  );
  assert.ok(texts.includes('"nas", "tv" was never seen: a shutdown would reach nobody there'), texts.join());
  await h.feed({ soc: 80, grid_connected: true }, "Stduy");
  for (const agent of ["nas", "tv"]) await h.presence(false, agent);
  await h.clock.advance(1000);
  assert.deepEqual(warnings(), []);
  await h.stop();
});

Deno.test("houseWarnings() tells of a silent station until it speaks again", async () => {
  const h = await house();
  await h.feed({ soc: 80, grid_connected: true });
  await h.clock.advance(120_000);
  assert.ok(!h.health().includes("station_blind"));
  await h.clock.advance(1000);
  assert.ok(h.health().includes("station_blind"));
  await h.feed({ soc: 80, grid_connected: true });
  await h.clock.advance(1000);
  assert.ok(!h.health().includes("station_blind"));
  await h.stop();
});

Deno.test("A host that only the broker still calls online, after a cut of power took both, is shown and told of as not there", async () => {
  const h = await house({
    agentKeys: { pc: "ab".repeat(32), nas: "ab".repeat(32) },
    stations: { Study: ["pc", "nas"] },
  });
  const say = async (agent: string) => {
    const text = JSON.stringify({ agent, online: true, plan_id: "one-of-before" });
    h.broker.publish(`power-manager/${agent}/status`, text, { retain: true });
    await settle();
  };
  const grid = { soc: 80, grid_connected: true };
  for (const agent of ["pc", "nas"]) await say(agent);
  await h.restart();
  await h.pass(30, grid);
  // This one is there, and answers its plan.
  await say("nas");
  assert.deepEqual(h.status().hosts?.map(({ agent, state }) => [agent, state]), [["pc", "online"], [
    "nas",
    "online",
  ]]);
  await h.pass(40, grid);
  assert.deepEqual(h.status().hosts?.map(({ agent, state }) => [agent, state]), [["pc", "unknown"], [
    "nas",
    "online",
  ]]);
  assert.match(
    h.healthTexts().join(),
    /^"pc" is online only by what the broker has kept .*a shutdown would not reach it/,
  );
  await h.pass(700, grid);
  assert.deepEqual(h.events.filter(({ kind }) => kind === "agent_lost").map(({ agent }) => agent), ["pc"]);
  await say("pc");
  await h.pass(10, grid);
  assert.deepEqual(h.health(), []);
  assert.deepEqual(h.status().hosts?.map(({ state }) => state), ["online", "online"]);
  await h.stop();
});
