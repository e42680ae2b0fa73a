import assert from "node:assert/strict";
import { LIMITS } from "../testdata/limits.ts";
import { emptyHouse, House } from "../house.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import { RestartGrace } from "./restart_grace.ts";

const SAVED = Date.UTC(2026, 10, 24, 12);
const DOUBT = { savedAtMs: SAVED, doubt: { savedAtMs: SAVED, beganMonoMs: 5000 } };
const rules = simpleRules({ ...LIMITS, stations: { Study: ["nas", "pc"], Attic: ["nas"] } }, 0);
const houseOf = () => new House(emptyHouse(rules), rules, () => "id");

function grace(restart: Parameters<RestartGrace["resume"]>[0]): RestartGrace {
  const found = new RestartGrace();
  found.resume(restart, 5000);
  return found;
}

Deno.test("RestartGrace lasts for half a minute after a restart, for five minutes in doubt, and is none at a first start", () => {
  assert.equal(grace({}).notBeforeMonoMs, 5000);
  assert.equal(grace({ savedAtMs: SAVED }).notBeforeMonoMs, 35_000);
  assert.equal(grace(DOUBT).notBeforeMonoMs, 305_000);
});

Deno.test("RestartGrace that goes on with an old doubt lasts for half a minute at least", () => {
  const old = { ...DOUBT, doubt: { savedAtMs: SAVED, beganMonoMs: -290_000 } };
  assert.equal(grace(old).notBeforeMonoMs, 35_000);
});

Deno.test("RestartGrace.settle() ends a doubt at its end, once, with the stations whose hosts were switched on since", () => {
  const doubt = grace(DOUBT);
  const status = { agent: "pc", online: true, uptime_s: 30, ts: new Date(SAVED + 60_000).toISOString() };
  doubt.noteStatus("pc", status);
  assert.equal(doubt.settle(houseOf(), 304_999), undefined);
  assert.equal(doubt.isInDoubt, true);
  assert.deepEqual(doubt.settle(houseOf(), 305_000), ["Study"]);
  assert.equal(doubt.isInDoubt, false);
  assert.equal(doubt.settle(houseOf(), 305_000), undefined);
  assert.equal(doubt.notBeforeMonoMs, 35_000);
});

Deno.test("RestartGrace.maySpeakFor() in doubt waits for a fresh word on the grid of one of the host's stations", () => {
  const [doubt, sure, house] = [grace(DOUBT), grace({ savedAtMs: SAVED }), houseOf()];
  const may = (one: RestartGrace, nowMonoMs: number) =>
    ["nas", "pc", "tv"].map((agent) => one.maySpeakFor(agent, house, nowMonoMs));
  assert.deepEqual(may(doubt, 5000), [false, false, false]);
  assert.deepEqual(may(sure, 5000), [true, true, true]);
  const arrival = { atMonoMs: 5000, atWallMs: SAVED, retained: false };
  const state = { device: "Attic", grid_connected: false };
  house.step({ kind: "state", device: "Attic", state, arrival }, 5000);
  assert.deepEqual(may(doubt, 5000), [true, false, false]);
  assert.deepEqual(may(doubt, 125_000), [true, false, false]);
  assert.deepEqual(may(doubt, 125_001), [false, false, false]);
});
