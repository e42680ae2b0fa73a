import assert from "node:assert/strict";
import { house } from "../testdata/test_policy.ts";
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
