import assert from "node:assert/strict";
import { LIMITS } from "./testdata/limits.ts";
import { emptyHouse, House } from "./house.ts";
import { simpleRules } from "./rules/simple_rules.ts";

const STALE_MS = LIMITS.staleAfterSec * 1000;

const rows: readonly [name: string, attic: object | undefined, atMs: number, isSettled: boolean][] = [
  ["settled while the other station has the grid", { grid_connected: true }, STALE_MS, true],
  ["not settled when the other station fell silent with it", { grid_connected: true }, STALE_MS + 1, false],
  ["not settled while the other station is on battery too", { soc: 100, grid_connected: false }, 0, false],
  ["not settled when the other station was never heard", undefined, 0, false],
];
for (const [name, attic, atMs, isSettled] of rows) {
  Deno.test(`House.viewFor() sees a host on two stations as ${name}`, () => {
    const rules = simpleRules({ ...LIMITS, stations: { Study: ["nas"], Attic: ["nas"] } }, 0);
    const house = new House(emptyHouse(rules), rules, () => "id");
    const arrival = { atMonoMs: 0, atWallMs: 0, retained: false };
    const feed = (device: string, state: object) =>
      house.step({ kind: "state", device, state: { device, ...state }, arrival }, 0);
    feed("Study", { soc: 100, grid_connected: false });
    if (attic) feed("Attic", attic);
    house.step({ kind: "tick" }, atMs);
    assert.equal(house.viewFor("Study").isSettled("nas"), isSettled);
  });
}

Deno.test("House.viewFor() never takes a host for settled by another station that goes down with any of them", () => {
  const simple = simpleRules({ ...LIMITS, stations: { Study: ["nas"], Attic: ["nas"] } }, 0);
  for (const goesWithAny of [false, true]) {
    const rules = { ...simple, goesWithAny: new Set(goesWithAny ? ["nas"] : []) };
    const house = new House(emptyHouse(rules), rules, () => "id");
    const arrival = { atMonoMs: 0, atWallMs: 0, retained: false };
    const feed = (device: string, grid_connected: boolean) =>
      house.step({ kind: "state", device, state: { device, soc: 100, grid_connected }, arrival }, 0);
    feed("Study", false);
    feed("Attic", true);
    house.step({ kind: "tick" }, 0);
    assert.equal(house.viewFor("Study").isSettled("nas"), !goesWithAny);
  }
});

Deno.test("House.viewFor() expects the longest of the last five durations, and none before the first", () => {
  const rules = simpleRules({ ...LIMITS, stations: { Study: ["nas"] } }, 0);
  const house = new House(emptyHouse(rules), rules, () => "id");
  const longest = () => house.viewFor("Study").learnedMs("nas");
  assert.equal(longest(), undefined);
  const expected = [[9000, 9000], [1000, 9000], [2000, 9000], [3000, 9000], [4000, 9000], [
    5000,
    5000,
  ]] as const;
  for (const [tookMs, wanted] of expected) {
    house.step({ kind: "learned", agent: "nas", tookMs }, 0);
    assert.equal(longest(), wanted);
  }
});
