import assert from "node:assert/strict";
import { LIMITS } from "./testdata/limits.ts";
import type { HostPhase } from "./hosts/host_phase.ts";
import { emptyHouse, House, type HouseEffect, type Isolate } from "./house.ts";
import { NEW_STATION, type StationState } from "./outage/station.ts";
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

const COMMANDED: HostPhase = {
  kind: "commanded",
  commandId: "s1",
  commandedMonoMs: 0,
  firstCommandedMonoMs: 0,
  answer: "none",
  delivery: "done",
};
const CALLED_OFF: HostPhase = {
  kind: "aborting",
  shutdownId: "s1",
  abortId: "a1",
  sinceMonoMs: 0,
  sentMonoMs: 0,
};
const DOWN: HostPhase = { kind: "down", commandId: "s1", commandedMonoMs: 0, sinceMonoMs: 0 };
/** The end of an outage's timer, decided before a restart, of which nobody has spoken since. */
const ENDING: StationState = {
  ...NEW_STATION,
  readings: { grid: { value: false, atMonoMs: 0, isFromBefore: true } },
  verdict: { connected: false, by: "station", evidenceMonoMs: 0, isOld: true },
  phases: new Map([["all", { kind: "shutting_down", sinceMonoMs: 0, triggeredMonoMs: 0, reason: "low" }]]),
  started: new Map([[1, 0]]),
};
const ONE = simpleRules({ ...LIMITS, stations: { Study: ["pc"] } }, 0);

/** A house of one station and one host, as both stood before. */
function begun(study: StationState | undefined, pc: HostPhase | undefined, rules = ONE, isolate?: Isolate) {
  const start = {
    stations: new Map(study ? [["Study", study]] : []),
    hosts: new Map(pc ? [["pc", { phase: pc, online: false }]] : []),
    learnedMs: new Map(),
  };
  let ids = 0;
  const house = new House(start, rules, () => `id${++ids}`, isolate);
  const hears = (state: object, atMonoMs = 0, device = "Study") => {
    const arrival = { atMonoMs, atWallMs: 0, retained: false };
    return house.step({ kind: "state", device, state: { device, ...state }, arrival }, atMonoMs);
  };
  return { house, hears, hostOf: () => house.state.hosts.get("pc")?.phase.kind };
}
const commandsIn = (effects: readonly HouseEffect[]) =>
  effects.flatMap((one) =>
    one.kind === "host" && one.effect.kind === "send" ? [[one.effect.action, one.reason, one.stage]] : []
  );

Deno.test("House forgets a station that nobody named, and none on which hosts may hang", () => {
  const { house, hears } = begun(NEW_STATION, undefined);
  hears({ soc: 50 }, 0, "Shed");
  hears({ soc: 50 });
  assert.equal(house.forget("Study"), false);
  assert.equal(house.forget("Shed"), true);
  assert.deepEqual([...house.state.stations.keys()], ["Study"]);
  assert.equal(house.state.stations.get("Study")?.readings.socPercent?.value, 50);
});

for (
  const [phase, isDone] of [[COMMANDED, false], [CALLED_OFF, false], [DOWN, true], [
    { kind: "idle" },
    true,
  ]] as const
) {
  Deno.test(`House ${isDone ? "forgets" : "does not forget"} a play whose host is "${phase.kind}"`, () => {
    const { house } = begun(ENDING, phase);
    assert.equal(house.forgetPlay("Study"), isDone);
    assert.equal(house.state.stations.get("Study"), isDone ? NEW_STATION : ENDING);
  });
}

Deno.test("House leaves nothing of a played station that nobody named", () => {
  const { house, hears } = begun(NEW_STATION, COMMANDED);
  hears({ soc: 50 }, 0, "Shed");
  assert.equal(house.forgetPlay("Shed"), true);
  assert.deepEqual([...house.state.stations.keys()], ["Study"]);
});

Deno.test("House ends a play as if the grid were back, and no station that is not played", () => {
  const simulated = { value: true, atMonoMs: 0 } as const;
  const fresh = { value: false, atMonoMs: 0 };
  for (const isPlayed of [true, false]) {
    const readings = isPlayed ? { grid: fresh, simulated } : { grid: fresh };
    const { house, hostOf } = begun({ ...ENDING, readings }, COMMANDED);
    const effects = house.step({ kind: "play_over", device: "Study" }, 1000);
    assert.deepEqual(commandsIn(effects), isPlayed ? [["abort", "the grid is back", undefined]] : []);
    assert.equal(hostOf(), isPlayed ? "aborting" : "commanded");
    assert.equal(house.state.stations.get("Study")?.readings.simulated?.value, isPlayed || undefined);
  }
  assert.deepEqual(begun(undefined, DOWN).house.step({ kind: "play_over", device: "Study" }, 0), []);
});

const oldGrid = (value: boolean, isFromBefore?: true) => ({ grid: { value, atMonoMs: 0, isFromBefore } });
const doubts: readonly [name: string, station: StationState | undefined, isForgotten: boolean][] = [
  ["of before a restart", ENDING, true],
  ["that its station has told since", { ...ENDING, readings: oldGrid(false) }, false],
  [
    "that a witness told",
    { ...ENDING, verdict: { connected: false, by: ["plug"], evidenceMonoMs: 0 } },
    false,
  ],
  [
    "that was none",
    { ...ENDING, readings: oldGrid(true, true), verdict: { connected: true, by: "station" } },
    false,
  ],
  ["of which no verdict was made", { ...ENDING, verdict: undefined }, false],
  ["of a station that nobody knows", undefined, false],
];
for (const [name, station, isForgotten] of doubts) {
  Deno.test(`House ${isForgotten ? "forgets" : "does not forget"} an outage ${name}, when power is back`, () => {
    const readings = { ...station?.readings, socPercent: { value: 50, atMonoMs: 0 } };
    const { house } = begun(station && { ...station, readings }, { kind: "idle" });
    const before = house.state.stations.get("Study");
    const effects = house.step({ kind: "power_is_back", device: "Study" }, 0);
    assert.deepEqual(effects, isForgotten ? [{ kind: "outage_forgotten", device: "Study" }] : []);
    const kept = { ...NEW_STATION, readings: { grid: undefined, socPercent: readings.socPercent } };
    assert.deepEqual(house.state.stations.get("Study"), isForgotten ? kept : before);
  });
}

Deno.test("House holds no shutdown back of a station of which it knows nothing", () => {
  const { house } = begun(undefined, { kind: "idle" });
  assert.deepEqual(
    house.step({ kind: "hold", device: "Study", hold: { untilMonoMs: 9e9, reason: "me" } }, 0),
    [],
  );
  assert.equal(house.state.stations.size, 0);
});

const TOLD = [["shutdown", "Study: low", 1]];
Deno.test("House tells nobody what was decided before a restart until the grace is over, to the millisecond", () => {
  const { house, hostOf } = begun(ENDING, { kind: "idle" }, { ...ONE, notBeforeMonoMs: 1000 });
  assert.deepEqual(commandsIn(house.step({ kind: "tick" }, 999)), []);
  assert.equal(hostOf(), "idle");
  assert.deepEqual(commandsIn(house.step({ kind: "tick" }, 1000)), TOLD);
});

Deno.test("House ends the grace of a station that says itself, freshly, that it has no grid", () => {
  const { hears } = begun(ENDING, { kind: "idle" }, { ...ONE, notBeforeMonoMs: 1000 });
  assert.deepEqual(commandsIn(hears({ soc: 5, grid_connected: false }, 10)), TOLD);
});

Deno.test("House gives no grace to a host that is to be called off", () => {
  const { hears } = begun(ENDING, COMMANDED, { ...ONE, notBeforeMonoMs: 1000 });
  assert.deepEqual(commandsIn(hears({ grid_connected: true }, 10)), [[
    "abort",
    "the grid is back",
    undefined,
  ]]);
});

Deno.test("House neither repeats nor calls off what a host was told while nobody knows anything", () => {
  const { house, hears, hostOf } = begun(NEW_STATION, COMMANDED);
  assert.deepEqual(house.step({ kind: "tick" }, 9e6), []);
  assert.equal(hostOf(), "commanded");
  assert.deepEqual(commandsIn(hears({ grid_connected: true }, 9e6)), [[
    "abort",
    "the grid is back",
    undefined,
  ]]);
});

Deno.test("House calls a host off that hangs on a second station of which somebody knows something", () => {
  const two = simpleRules({ ...LIMITS, stations: { Attic: ["pc"], Study: ["pc"] } }, 0);
  const { house, hears, hostOf } = begun(NEW_STATION, COMMANDED, two);
  const effects = hears({ soc: 90, grid_connected: false }, 0);
  assert.deepEqual(commandsIn(effects), [["abort", "the danger is over", undefined]]);
  assert.equal(hostOf(), "aborting");
  assert.deepEqual(commandsIn(house.step({ kind: "tick", devices: ["Attic"] }, 15_000)), [
    ["abort", "the danger is over", undefined],
  ]);
});

Deno.test("House hears no host that the rules do not know", () => {
  const { house } = begun(NEW_STATION, undefined);
  const input = { kind: "presence", online: true, isLive: true } as const;
  assert.deepEqual(house.step({ kind: "host", agent: "tv", input }, 0), []);
  assert.equal(house.state.hosts.size, 0);
});

Deno.test("House begins with nothing as it does with stations that were never heard", () => {
  const rules = simpleRules({ ...LIMITS, stations: { Study: ["pc"], Attic: ["pc"] } }, 0);
  const { house, hears } = begun(undefined, DOWN, {
    ...rules,
    notBeforeMonoMs: 1000,
    wake: { ...rules.wake, macs: { pc: "01:02:03:04:05:06" } },
  });
  assert.equal(house.viewFor("Study").isSettled("pc"), true);
  assert.equal(house.viewFor("Study").isSettled("tv"), false);
  const input = { kind: "presence", online: false, isLive: true } as const;
  assert.deepEqual(house.step({ kind: "host", agent: "pc", input }, 0), []);
  const reading = { name: "plug", staleAfterMs: 1000, value: false, atMonoMs: 0 };
  house.step({ kind: "witness", device: "Attic", reading }, 0);
  assert.equal(house.state.stations.get("Attic")?.verdict?.connected, false);
  hears({ soc: 50 });
  assert.equal(house.state.stations.get("Study")?.readings.socPercent?.value, 50);
});

Deno.test("House.viewFor() expects nothing of a host of which no duration was kept", () => {
  const start = { ...emptyHouse(ONE), learnedMs: new Map([["pc", []]]) };
  assert.equal(new House(start, ONE, () => "id").viewFor("Study").learnedMs("pc"), undefined);
});

Deno.test("House keeps what the cloud said of the way, unless a broker only kept it", () => {
  const { house } = begun(NEW_STATION, undefined);
  const link = (retained: boolean, said: "live" | "offline") => {
    const state = { device: "Study", link: said };
    const arrival = { atMonoMs: 0, atWallMs: 0, retained };
    house.step({ kind: "state", device: "Study", state, arrival }, 0);
    return house.state.stations.get("Study")?.link;
  };
  assert.deepEqual([
    link(true, "offline"),
    link(false, "live"),
    link(true, "offline"),
    link(false, "offline"),
  ], [
    undefined,
    "live",
    "live",
    "offline",
  ]);
});

Deno.test("House goes on with the others when what concerns one host or station fails", () => {
  const tried: string[] = [];
  const fail = (what: string) => (tried.push(what), undefined);
  const { house, hears } = begun(ENDING, { kind: "idle" }, ONE, fail);
  assert.deepEqual(house.step({ kind: "tick" }, 0), []);
  assert.deepEqual(commandsIn(hears({ grid_connected: false })), []);
  assert.deepEqual(tried, ['station "Study"', 'host "pc"']);
});

const TWO = simpleRules({ ...LIMITS, stations: { Study: ["pc"], Attic: ["pc"] } }, 0);

Deno.test("House ends the grace with the first of a host's stations that says freshly that it has no grid", () => {
  const { house, hears } = begun(ENDING, { kind: "idle" }, { ...TWO, notBeforeMonoMs: 1000 });
  assert.deepEqual(commandsIn(house.step({ kind: "tick", devices: ["Study"] }, 999)), []);
  assert.deepEqual(commandsIn(hears({ soc: 5, grid_connected: false }, 999)), TOLD);
});

Deno.test("House says of a host that is called off why it may stay up, not why it was told", () => {
  const { house, hears } = begun(ENDING, { kind: "idle" }, TWO);
  assert.deepEqual(commandsIn(house.step({ kind: "tick" }, 0)), TOLD);
  hears({ soc: 5, grid_connected: false });
  assert.deepEqual(commandsIn(hears({ grid_connected: true }, 1000, "Attic")), [
    ["abort", "another of its stations carries it", undefined],
  ]);
  hears({ grid_connected: true }, 2000);
  assert.deepEqual(commandsIn(house.step({ kind: "tick", devices: ["Study"] }, 16_000)), [
    ["abort", "the grid is back", undefined],
  ]);
});

Deno.test("House calls a host off with the grid of one of its stations while the other is not at its end", () => {
  const { hears } = begun(NEW_STATION, COMMANDED, TWO);
  const { house } = begun(NEW_STATION, COMMANDED, TWO);
  assert.deepEqual(commandsIn(hears({ grid_connected: true })), [["abort", "the grid is back", undefined]]);
  const arrival = { atMonoMs: 0, atWallMs: 0, retained: false };
  const state = { device: "Attic", soc: 90, grid_connected: false };
  assert.deepEqual(commandsIn(house.step({ kind: "state", device: "Attic", state, arrival }, 0)), [
    ["abort", "the danger is over", undefined],
  ]);
});

Deno.test("House learns how long a host took that went down as it was told", () => {
  const { house } = begun(ENDING, { ...COMMANDED, answer: "accepted" });
  const input = { kind: "presence", online: false, isLive: true } as const;
  house.step({ kind: "host", agent: "pc", input }, 61_500);
  house.step({ kind: "tick" }, 99_000);
  assert.deepEqual(house.state.learnedMs, new Map([["pc", [61_500]]]));
});
