import assert from "node:assert/strict";
import { LIMITS } from "../testdata/limits.ts";
import { emptyHouse, House } from "../house.ts";
import type { OutagePhase } from "../outage/outage.ts";
import { Plans } from "./agent_plan.ts";
import { DEFAULT_BLIND_LIMIT_MS as LIMIT_MS, simpleRules } from "../rules/simple_rules.ts";
import { NEW_STATION, type StationState } from "../outage/station.ts";

const NOW = 100_000_000;
const RULES = simpleRules({ ...LIMITS, stations: { Study: ["nas"], Attic: ["nas"] } }, 0);

function station(connected: boolean, phase: OutagePhase, silentMs: number): StationState {
  return {
    ...NEW_STATION,
    verdict: {
      connected,
      by: "station",
      evidenceMonoMs: NOW - silentMs,
      ...(silentMs > 0 ? { isOld: true } : {}),
    },
    phases: new Map([["all", phase]]),
  };
}
const fed = (silentMs = 0) => station(true, { kind: "online", sinceMonoMs: 0 }, silentMs);
const untold: StationState = {
  ...NEW_STATION,
  verdict: { by: "station", isOld: true, isUntold: true },
  phases: new Map([["all", { kind: "unknown" }]]),
};
const ending = station(
  false,
  { kind: "shutting_down", sinceMonoMs: 0, triggeredMonoMs: NOW - 5000, reason: "low" },
  0,
);

const rows: readonly [
  name: string,
  study: StationState,
  attic: StationState,
  state: string,
  device: string,
][] = [
  ["is online while the other has the grid", ending, fed(), "online", "Attic"],
  ["is online while the other is silent, at the blind limit", ending, fed(LIMIT_MS), "online", "Attic"],
  ["is on battery when the other is silent for longer", ending, fed(LIMIT_MS + 1), "on_battery", "Study"],
  ["is online while both are silent with the grid", fed(LIMIT_MS + 1), fed(LIMIT_MS + 1), "online", "Study"],
  ["is on battery when nobody knows the grid of the other", ending, untold, "on_battery", "Study"],
  ["is online when nobody knows the grid of one", untold, fed(), "online", "Attic"],
  ["does nothing alone when nobody knows the grid of either", untold, untold, "online", "Study"],
  ["is on battery when both end at once", ending, ending, "on_battery", "Attic"],
];
for (const [name, study, attic, state, device] of rows) {
  Deno.test(`planFor() a host on two stations ${name}`, () => {
    const stations = new Map([["Study", study], ["Attic", attic]]);
    const hosts = new Map([["nas", { phase: { kind: "idle" } as const }]]);
    const house = new House({ stations, hosts, learnedMs: new Map() }, RULES, () => "id");
    const plan = new Plans(house, NOW).planFor("nas");
    assert.deepEqual([plan?.state, plan?.device], [state, device]);
  });
}

Deno.test("Plans works out what the hosts of a station have in common once, not once a host", () => {
  const names = Array.from({ length: 100 }, (_, i) => `host-${i}`);
  const rules = simpleRules({ ...LIMITS, stations: { Study: names } }, 0);
  const house = new House(emptyHouse(rules), rules, () => "id");
  const at = { atMonoMs: 0, atWallMs: 0, retained: false };
  const state = { device: "Study", soc: 50, grid_connected: false };
  house.step({ kind: "state", device: "Study", state, arrival: at }, 0);
  const view = house.viewFor("Study");
  let looks = 0;
  house.viewFor = () => ({ ...view, isSettled: (host) => (looks++, view.isSettled(host)) });
  const plans = new Plans(house, 0);
  assert.equal(new Set(names.map((name) => plans.planFor(name)?.deadlineMonoMs)).size, 1);
  assert.ok(looks > 0 && looks <= 10 * names.length, `${looks} looks at ${names.length} hosts`);
});

Deno.test("planFor() promises the deadline at which the daemon acts when the battery does not last: 60 s, not 180 s", () => {
  const rules = simpleRules({ ...LIMITS, stations: { Study: ["nas"] } }, 0);
  const house = new House(emptyHouse(rules), rules, () => "id");
  const arrival = { atMonoMs: 0, atWallMs: 0, retained: false };
  const state = { device: "Study", soc: 20, grid_connected: false, discharge_min: 4 };
  house.step({ kind: "state", device: "Study", state, arrival }, 0);
  assert.equal(new Plans(house, 0).planFor("nas")?.deadlineMonoMs, 60_000);
  assert.deepEqual(house.step({ kind: "tick" }, 59_999), [], "1 ms before");
  assert.ok(house.step({ kind: "tick" }, 60_000).some(({ kind }) => kind === "host"), "at it");
});

const MIN = 60_000;
const holds: readonly [name: string, heldMs: number | undefined, deadlineMs: number, actsAtMs: number][] = [
  ["nobody holds it: the debounce", undefined, 180_000, 180_000],
  ["the hold is shorter than the debounce: the debounce", MIN, 180_000, 180_000],
  ["the hold ends with the debounce", 180_000, 180_000, 180_000],
  ["the hold is longer: its end", 10 * MIN, 10 * MIN, 10 * MIN],
];
for (const [name, heldMs, deadlineMs, actsAtMs] of holds) {
  Deno.test(`planFor() while a person may hold the shutdown back, ${name}`, () => {
    const rules = simpleRules({ ...LIMITS, socMinPercent: 50, stations: { Study: ["nas"] } }, 0);
    const house = new House(emptyHouse(rules), rules, () => "id");
    const tell = (atMs: number) => {
      const arrival = { atMonoMs: atMs, atWallMs: atMs, retained: false };
      const state = { device: "Study", soc: 45, grid_connected: false, discharge_min: 600 };
      return house.step({ kind: "state", device: "Study", state, arrival }, atMs);
    };
    tell(0);
    const hold = heldMs === undefined ? undefined : { untilMonoMs: heldMs, reason: "somebody" };
    if (hold) house.step({ kind: "hold", device: "Study", hold }, 0);
    assert.equal(new Plans(house, 0).planFor("nas")?.deadlineMonoMs, deadlineMs);
    for (let atMs = MIN; atMs < actsAtMs; atMs += MIN) tell(atMs);
    assert.deepEqual(house.step({ kind: "tick" }, actsAtMs - 1).filter(({ kind }) => kind === "host"), []);
    assert.ok(house.step({ kind: "tick" }, actsAtMs).some(({ kind }) => kind === "host"));
  });
}
