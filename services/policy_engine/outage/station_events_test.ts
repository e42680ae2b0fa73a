import assert from "node:assert/strict";
import { LIMITS } from "../testdata/limits.ts";
import type { StationRules } from "../rules/rules.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import type { WitnessReading } from "./grid_verdict.ts";
import type { OutagePhase } from "./outage.ts";
import type { Readings } from "./readings.ts";
import type { StageView } from "./stages.ts";
import {
  NEW_STATION,
  onBatterySince,
  shownCharge,
  stationPhase,
  type StationState,
  stepStation,
} from "./station.ts";

const NOW = 10_000_000;
const MIN = 60_000;
const STALE_MS = 2 * MIN;
const RULES = simpleRules({ ...LIMITS, stations: { Study: ["pc"] } }, 0);
const STATION = RULES.stations.Study ?? RULES.watched;
const VIEW: StageView = { isSettled: () => false, learnedMs: () => undefined };
const said = <T>(value: T, agoMs = 0) => ({ value, atMonoMs: NOW - agoMs });
const plug = (value: boolean, agoMs = 0, name = "plug"): WitnessReading => ({
  ...said(value, agoMs),
  name,
  staleAfterMs: STALE_MS,
});
const witnesses = (...all: readonly WitnessReading[]) => new Map(all.map((one) => [one.name, one]));
const SEEN: StationState = { ...NEW_STATION, blindTelling: { hasSeen: true, isTold: false } };
const step = (before: StationState, rules: StationRules = STATION, atMs = NOW, view = VIEW) =>
  stepStation(before, RULES, rules, view, atMs);
const hear = (before: StationState, readings: Readings, rules = STATION, atMs = NOW) =>
  step({ ...before, readings: { ...before.readings, ...readings } }, rules, atMs);

Deno.test("stepStation() tells the figures of a loss: charge to a tenth, whole minutes left, whole seconds on battery", () => {
  const numbers = (readings: Readings, before = SEEN, atMs = NOW) => {
    const event = hear(before, { grid: said(false, NOW - atMs), ...readings }, STATION, atMs).events[0];
    return event?.kind === "outage" ? event.numbers : undefined;
  };
  const heard = { socPercent: said(51.26), dischargeMin: said(90.9) };
  assert.deepEqual(numbers(heard), { soc: 51.3, is_estimate: false, minutes_left: 90, on_battery_s: 0 });
  const estimated = numbers({ socPercent: said(50, 10 * MIN) });
  assert.deepEqual(estimated, { soc: 30, is_estimate: true, minutes_left: 15, on_battery_s: 0 });
  const unheard = { soc: undefined, is_estimate: undefined, minutes_left: undefined, on_battery_s: 0 };
  assert.deepEqual(numbers({}), unheard);
  const hourAgo: OutagePhase = { kind: "on_battery", sinceMonoMs: NOW - 60 * MIN };
  const hourly = numbers({ socPercent: said(5) }, { ...SEEN, phases: new Map([["all", hourAgo]]) });
  assert.equal(hourly?.on_battery_s, 3600);
  const calm = hear(SEEN, { grid: said(false), socPercent: said(50) }).state;
  const later = hear(
    calm,
    { grid: said(false, -95_600), socPercent: said(9, -95_600) },
    STATION,
    NOW + 95_600,
  );
  const started = later.events.find((event) =>
    event.kind === "outage" && event.event.kind === "timer_started"
  );
  assert.deepEqual(started?.kind === "outage" && [started.numbers.soc, started.numbers.on_battery_s], [
    9,
    96,
  ]);
});

Deno.test("stepStation() has no figures of a battery when the grid is back, and the charge while it is fresh", () => {
  const lost = hear(SEEN, { grid: said(false), socPercent: said(50) }).state;
  const back = (readings: Readings) => {
    const event = hear(lost, { grid: said(true), ...readings }).events[0];
    return event?.kind === "outage" ? [event.event.kind, event.numbers] : undefined;
  };
  const none = { minutes_left: undefined, on_battery_s: undefined };
  assert.deepEqual(back({}), ["grid_back", { soc: 50, is_estimate: false, ...none }]);
});

Deno.test("stepStation() does not forget what a silent battery lost when a witness tells that the grid is back", () => {
  const lost = step({
    ...SEEN,
    readings: { grid: said(false, 10 * MIN), socPercent: said(50, 10 * MIN) },
    witnesses: witnesses(plug(false)),
  }).state;
  assert.equal(onBatterySince(lost), NOW);
  const back = step({ ...lost, witnesses: witnesses(plug(true)) }).state;
  assert.equal(stationPhase(back).kind, "online");
  assert.deepEqual(back.readings.socPercent, {
    value: 30,
    atMonoMs: NOW - 10 * MIN,
    latestMonoMs: NOW,
  });
  const fresh = hear(lost, { grid: said(true), socPercent: said(50) }).state;
  assert.deepEqual(fresh.readings.socPercent, said(50), "what was told stays as it was told");
  assert.equal(hear(lost, { grid: said(true), socPercent: undefined }).state.readings.socPercent, undefined);
});

Deno.test("stepStation() remembers when the grid was last there, and lets the charge fall from then on", () => {
  const fed = hear(SEEN, { grid: said(true, MIN), socPercent: said(50, 60 * MIN) }).state;
  assert.equal(fed.lastGridMonoMs, NOW - MIN);
  const lost = hear(fed, { grid: said(false) }).state;
  assert.equal(lost.lastGridMonoMs, NOW - MIN);
  assert.deepEqual(shownCharge(lost, RULES, STATION, NOW), { percent: 48, isEstimate: true });
});

Deno.test("onBatterySince() and stationPhase() look at all groups: the longest outage, and the one that is worst off", () => {
  const of = (...phases: readonly OutagePhase[]) => ({
    phases: new Map(phases.map((phase, index) => [`${index}`, phase])),
  });
  const since = (sinceMonoMs: number): OutagePhase => ({ kind: "on_battery", sinceMonoMs });
  const critical: OutagePhase = { kind: "critical", sinceMonoMs: 7, criticalSinceMonoMs: 8 };
  const online: OutagePhase = { kind: "online", sinceMonoMs: 1 };
  assert.deepEqual([onBatterySince(of(since(9), since(5))), onBatterySince(of(since(5), since(9)))], [5, 5]);
  assert.equal(onBatterySince(of(online, since(5))), 5);
  assert.deepEqual([onBatterySince(of(online, { kind: "unknown" })), onBatterySince(of())], [
    undefined,
    undefined,
  ]);
  assert.equal(stationPhase(of(online, since(5), critical, since(9))), critical);
  assert.deepEqual(stationPhase(of()), { kind: "unknown" });
});

for (
  const [name, readings, percent] of [
    ["at its last fresh moment", { grid: said(true), socPercent: said(50, STALE_MS) }, 50],
    ["1 ms older", { grid: said(true), socPercent: said(50, STALE_MS + 1) }, undefined],
    ["never heard", { grid: said(true) }, undefined],
  ] as const
) {
  Deno.test(`shownCharge() on the grid is ${percent} of a charge ${name}`, () => {
    const { state } = hear(SEEN, readings);
    assert.equal(shownCharge(state, RULES, STATION, NOW)?.percent, percent);
  });
}

Deno.test("stepStation() keeps the fall that was measured in this outage, and forgets it with the grid", () => {
  let state: StationState = hear(SEEN, { grid: said(false), socPercent: said(80) }).state;
  for (const [minutes, percent] of [[1, 79], [2, 78]] as const) {
    const atMs = NOW + minutes * MIN;
    state = hear(
      state,
      {
        grid: { value: false, atMonoMs: atMs },
        socPercent: { value: percent, atMonoMs: atMs },
      },
      STATION,
      atMs,
    ).state;
  }
  assert.equal(state.dischargePercentPerMin, 1);
  const jumpMs = NOW + 3 * MIN;
  const jumped = hear(
    state,
    {
      grid: { value: false, atMonoMs: jumpMs },
      socPercent: { value: 40, atMonoMs: jumpMs },
    },
    STATION,
    jumpMs,
  ).state;
  assert.deepEqual([jumped.samples.length, jumped.dischargePercentPerMin], [1, 1]);
  const back = hear(jumped, { grid: { value: true, atMonoMs: jumpMs } }, STATION, jumpMs).state;
  assert.deepEqual([back.samples.length, back.dischargePercentPerMin], [0, undefined]);
});

const UNTOLD: Readings = { grid: said(true, 5 * MIN), gridUntold: said(true), socPercent: said(50) };
for (
  const [name, all, rules, told] of [
    ["nobody else tells", [], STATION, { onBattery: false, witnesses: [], hasHosts: true }],
    ["a witness decides", [plug(false)], STATION, { onBattery: true, witnesses: ["plug"], hasHosts: true }],
    ["a witness is silent", [plug(false, STALE_MS + 1)], STATION, {
      onBattery: false,
      witnesses: [],
      hasHosts: true,
    }],
    ["nobody hangs on it", [], RULES.watched, { onBattery: false, witnesses: [], hasHosts: false }],
  ] as const
) {
  Deno.test(`stepStation() tells once that a station does not tell the grid any more, while ${name}`, () => {
    const of = (events: ReturnType<typeof step>["events"]) =>
      events.filter(({ kind }) => kind === "grid_untold");
    const fed = hear(
      { ...SEEN, witnesses: witnesses(...all) },
      { grid: said(true), socPercent: said(50) },
      rules,
    );
    assert.deepEqual(of(fed.events), []);
    const { state, events } = hear(fed.state, UNTOLD, rules);
    assert.deepEqual(of(events), [{ kind: "grid_untold", isUntold: true, ...told }]);
    assert.deepEqual(of(step(state, rules).events), []);
    const again = hear(state, { grid: said(true), gridUntold: undefined }, rules);
    const after = { onBattery: false, witnesses: [], hasHosts: told.hasHosts };
    assert.deepEqual(of(again.events), [{ kind: "grid_untold", isUntold: false, ...after }]);
  });
}

Deno.test("stepStation() tells a witness's last word as nobody's when it went silent in an outage", () => {
  const lost = step({ ...SEEN, readings: { socPercent: said(50) }, witnesses: witnesses(plug(false)) }).state;
  const silent = { ...lost, witnesses: witnesses(plug(false, STALE_MS + 1)) };
  const { state, events } = hear(silent, { gridUntold: said(true) });
  assert.equal(state.verdict?.connected, false);
  const told = events.find(({ kind }) => kind === "grid_untold");
  assert.deepEqual(told?.kind === "grid_untold" && [told.witnesses, told.onBattery], [[], true]);
});

Deno.test("stepStation() tells a contradiction once, and another one again", () => {
  const texts = (events: ReturnType<typeof step>["events"]) =>
    events.flatMap((event) => event.kind === "disagreement" ? [event.text] : []);
  const against = hear({ ...SEEN, witnesses: witnesses(plug(false)) }, { grid: said(true) });
  assert.equal(texts(against.events).length, 1);
  assert.deepEqual(texts(step(against.state).events), []);
  const both = witnesses(plug(false), plug(false, 0, "meter"));
  assert.match(
    texts(step({ ...against.state, witnesses: both }).events)[0] ?? "",
    /plug and meter say that the grid is gone/,
  );
  assert.deepEqual(texts(step({ ...against.state, witnesses: new Map() }).events), []);
});

Deno.test("stepStation() tells the beginning of a stage only where there are several", () => {
  const [first] = STATION.stages;
  assert.ok(first);
  const [group] = first.groups;
  assert.ok(group);
  const now = { ...first, groups: [{ ...group, debounceMs: 0 }] };
  const later = { ...now, number: 2, groups: [{ ...group, key: "later", hosts: ["nas"], debounceMs: 0 }] };
  const begun = (rules: StationRules) =>
    hear(SEEN, { grid: said(false), socPercent: said(5) }, rules).events
      .flatMap((event) => event.kind === "stage" ? [event.number] : []);
  assert.deepEqual(begun({ ...STATION, stages: [now] }), []);
  assert.deepEqual(begun({ ...STATION, stages: [now, later] }), [1]);
});

for (
  const [name, percents, isCalm] of [
    ["rises by two points", [8, 9, 10], true],
    ["rises by less", [8, 9, 9.9], false],
    ["rose and falls again", [8, 10, 9], false],
  ] as const
) {
  Deno.test(`stepStation() in an outage that nobody tells any more, with a low charge that ${name}`, () => {
    let state = hear(SEEN, { grid: said(false), socPercent: said(percents[0]) }).state;
    assert.equal(stationPhase(state).kind, "critical");
    for (const percent of percents) {
      state = hear(state, { gridUntold: said(true), socPercent: said(percent) }).state;
    }
    assert.equal(stationPhase(state).kind, isCalm ? "on_battery" : "critical");
    const old = step(state, STATION, NOW + STALE_MS + 1).state;
    assert.deepEqual(old.untoldCharge, state.untoldCharge, "an old charge says nothing of it");
    const told = hear(state, { grid: said(false), gridUntold: undefined }).state;
    assert.equal(told.untoldCharge, undefined);
    assert.equal(stationPhase(told).kind, "critical", "the station tells the loss again");
  });
}

Deno.test("stepStation() measures no fall while somebody charges the battery, and keeps that of the time in which the grid was told", () => {
  let state = SEEN;
  /** Takes the charge of each minute in, and gives the fall after each. */
  const falls = (fromMin: number, percents: readonly number[], isTold = false) =>
    percents.map((percent, index) => {
      const atMonoMs = NOW + (fromMin + index) * MIN;
      const socPercent = { value: percent, atMonoMs };
      const readings: Readings = isTold
        ? { grid: { value: false, atMonoMs }, socPercent }
        : { gridUntold: said(true), socPercent };
      state = hear(state, readings, STATION, atMonoMs).state;
      return state.dischargePercentPerMin;
    });
  assert.deepEqual(falls(0, [50, 48, 46], true), [undefined, undefined, 2]);
  // Somebody has begun to charge before the grid counts as untold.
  state = { ...state, samples: [...state.samples, { atMonoMs: NOW + 2.5 * MIN, percent: 46.5 }] };
  assert.deepEqual(falls(3, [47, 47.5, 48, 48.5, 47.6]), [2, 2, 2, 2, 2]);
  assert.deepEqual(falls(8, [47, 46.5, 46]), [2, 2, 0.5], "from the first that fell");
});

Deno.test("stepStation() forgets a fall that was measured after the last word on the grid, when the station does not tell it any more", () => {
  const measured = [0, 1, 2, 3].map((min) => ({ atMonoMs: NOW + min * MIN, percent: 50 - min }));
  const fall = (gridMin: number, samples = measured) => {
    const lost = hear(SEEN, { grid: said(false), socPercent: said(50) }).state;
    const before = { ...lost, samples, dischargePercentPerMin: 1 };
    const grid = { value: false, atMonoMs: NOW + gridMin * MIN };
    const atMs = NOW + 4 * MIN;
    const socPercent = { value: 46, atMonoMs: atMs };
    return hear(before, { grid, gridUntold: said(true), socPercent }, STATION, atMs).state
      .dischargePercentPerMin;
  };
  assert.equal(fall(2), 1);
  assert.equal(fall(1.9), undefined);
  assert.equal(fall(1.9, measured.slice(0, 2)), 1, "it was measured before");
  assert.equal(fall(1.9, []), 1, "it is from before a restart");
});

Deno.test("stepStation() does not take a charge that rises for the grid's return while a witness tells that it is gone", () => {
  let state =
    hear({ ...SEEN, witnesses: witnesses(plug(false)) }, { grid: said(false), socPercent: said(8) }).state;
  for (const percent of [8, 9, 9.9, 10]) {
    state = hear(state, { gridUntold: said(true), socPercent: said(percent) }).state;
  }
  assert.equal(state.untoldCharge, undefined);
  assert.equal(stationPhase(state).kind, "critical");
});

Deno.test("stepStation() has seen a station by a witness alone, or by its charge alone, and not by nothing", () => {
  const hasSeen = (change: Partial<StationState>, grid: StationRules["grid"]) =>
    step({ ...NEW_STATION, ...change }, { ...STATION, grid }).state.blindTelling.hasSeen;
  assert.equal(hasSeen({ witnesses: witnesses(plug(true)) }, "auto"), true);
  assert.equal(hasSeen({ readings: { socPercent: said(50) } }, "off"), true);
  assert.equal(hasSeen({}, "auto"), false);
});

for (
  const [name, socPercent, isFollowed] of [
    ["at its last fresh moment", said(50, STALE_MS), true],
    ["1 ms older", said(50, STALE_MS + 1), false],
    ["never heard", undefined, false],
  ] as const
) {
  Deno.test(`stepStation() ${isFollowed ? "follows" : "does not follow"} a charge ${name} when the grid is not told any more`, () => {
    const lost = hear(SEEN, { grid: said(false), socPercent: said(50) }).state;
    const { untoldCharge } = hear(lost, { gridUntold: said(true), socPercent }).state;
    assert.deepEqual(untoldCharge, isFollowed ? { lowestPercent: 50, highestPercent: 50 } : undefined);
  });
}
