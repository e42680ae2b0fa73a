import assert from "node:assert/strict";
import { emptyHouse, House } from "./house.ts";
import { simpleRules } from "./rules/simple_rules.ts";

const LIMITS = {
  socMinPercent: 10,
  debounceSec: 180,
  cooldownSec: 300,
  abortWindowSec: 120,
  shutdownDelaySec: 60,
  staleAfterSec: 120,
};
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
