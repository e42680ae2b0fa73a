import assert from "node:assert/strict";
import { LIMITS } from "../testdata/limits.ts";
import type { GroupRules, StationRules } from "../rules/rules.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import { asLostNow, Forecast, type Outlook } from "./forecast.ts";
import type { OutagePhase } from "./outage.ts";
import type { Readings } from "./readings.ts";
import type { StageView } from "./stages.ts";
import { NEW_STATION, type StationState } from "./station.ts";

const NOW = 100_000_000;
const MIN = 60_000;
const RULES = simpleRules({ ...LIMITS, stations: {} }, 0);
const VIEW: StageView = { isSettled: () => false, learnedMs: () => undefined };
const group = (host: string, change: Partial<GroupRules> = {}): GroupRules => ({
  key: host,
  hosts: [host],
  triggers: { socMinPercent: 10 },
  debounceMs: 3 * MIN,
  ...change,
});
/** One stage that needs five minutes, and keeps no time for them. */
const station = (...groups: readonly GroupRules[]): StationRules => ({
  stages: [{ number: 1, timeLimitMs: 5 * MIN, groups: groups.length > 0 ? groups : [group("pc")] }],
  hasReserve: false,
});
const ON_BATTERY: OutagePhase = { kind: "on_battery", sinceMonoMs: NOW - 30 * MIN };
const critical = (sinceMs: number): OutagePhase => ({
  ...ON_BATTERY,
  kind: "critical",
  criticalSinceMonoMs: NOW - sinceMs,
});
const said = <T>(value: T, agoMs = 0) => ({ value, atMonoMs: NOW - agoMs });
/** Without load and minutes the charge is taken to fall by 2 % a minute. */
const charge = (percent: number, agoMs = 0): Readings => ({
  grid: said(false),
  socPercent: said(percent, agoMs),
});
/** A load of nothing: the slowest fall, a day from full to empty. */
const SLOW: Readings = { outWatts: said(0), batteryWh: said(1000) };

function outlook(
  readings: Readings,
  change: Partial<Outlook> & { readonly phase?: OutagePhase; readonly of?: Partial<StationState> } = {},
): Outlook {
  const { phase = ON_BATTERY, of, ...rest } = change;
  const rules = rest.station ?? station();
  const keys = rules.stages.flatMap(({ groups }) => groups.map(({ key }) => key));
  const state: StationState = {
    ...NEW_STATION,
    readings,
    verdict: { connected: false, by: "station", evidenceMonoMs: NOW },
    phases: new Map(keys.map((key) => [key, phase])),
    ...of,
  };
  return { rules: RULES, state, view: VIEW, nowMonoMs: NOW, isSilent: true, station: rules, ...rest };
}
/** Minutes from now. */
const dueMin = (given: Outlook, host = "pc") => {
  const due = new Forecast(given).hostDueMonoMs(host);
  return due === undefined ? undefined : (due - NOW) / MIN;
};

const RESERVE: StationRules = { ...station(), hasReserve: true };
const held = (minutes: number) => ({ held: { untilMonoMs: NOW + minutes * MIN, reason: "somebody" } });
const rows: readonly [name: string, given: Outlook, minutes: number | undefined][] = [
  ["falls to its limit, and a debounce later", outlook(charge(50)), 23],
  ["fell since it was read", outlook(charge(50, 1.5 * MIN)), 21.5],
  [
    "fell since it was read, and is estimated by now: that time does not count twice",
    outlook(charge(50, 5 * MIN)),
    18,
  ],
  ["is silent until it counts as empty", outlook({ ...charge(50), ...SLOW }), 243],
  ["is silent, and was so for a minute", outlook({ ...charge(50, MIN), ...SLOW }), 242],
  ["will be heard again", outlook({ ...charge(50), ...SLOW }, { isSilent: false }), 579],
  ["was never heard, and hope is over", outlook({}), 3],
  [
    "was never heard, with six minutes of hope left",
    outlook({}, { phase: { kind: "on_battery", sinceMonoMs: NOW - 4 * MIN } }),
    9,
  ],
  [
    "has an owner's energy, 300 W of 1000 Wh",
    outlook({ ...charge(50), outWatts: said(300) }, { station: { ...station(), totalWh: 1000 } }),
    40 / (0.5 * 1.25) + 3,
  ],
  [
    "keeps time for an orderly shutdown: eight minutes before it is empty, debounce included",
    outlook(charge(50), { station: RESERVE }),
    20,
  ],
  ["belongs to a station that ends at 20 %", outlook({ ...charge(50), minSocPercent: said(20) }), 13.5 + 3],
  [
    "has an outlet that ends at 30 %",
    outlook({ ...charge(50), outagePorts: said([{ port: "ac1", min_soc: 30 }]) }),
    8.5 + 3,
  ],
  ["is critical for two minutes", outlook(charge(9), { phase: critical(2 * MIN) }), 1],
  ["is critical, and its debounce over", outlook(charge(9), { phase: critical(4 * MIN) }), -1],
  [
    "is critical and lasts for its debounce and the shutdown",
    outlook(charge(16), { phase: critical(0), station: RESERVE }),
    3,
  ],
  [
    "is critical and lasts for two minutes and the shutdown",
    outlook(charge(14), { phase: critical(0), station: RESERVE }),
    2,
  ],
  [
    "is critical and does not last: a minute is left",
    outlook(charge(11), { phase: critical(0), station: RESERVE }),
    1,
  ],
  [
    "is critical and lasts for two minutes and the shutdown, down to what the outlet ends at",
    outlook({ ...charge(44), outagePorts: said([{ port: "ac1", min_soc: 30 }]) }, {
      phase: critical(0),
      station: RESERVE,
    }),
    2,
  ],
  [
    "is critical and does not last, where no time is kept",
    outlook(charge(11), { phase: critical(0) }),
    3,
  ],
  [
    "is held back for longer than its debounce",
    outlook(charge(50), { phase: critical(0), of: held(10) }),
    10,
  ],
  ["is held back for less", outlook(charge(50), { phase: critical(0), of: held(2) }), 3],
  [
    "is held back, and lasts five minutes and the shutdown",
    outlook(charge(20), { phase: critical(0), of: held(10) }),
    5,
  ],
  [
    "is held back for nobody who is left: it lasts ten minutes",
    outlook(charge(20), { phase: critical(0), of: held(12), view: { ...VIEW, isSettled: () => true } }),
    10,
  ],
  [
    "goes down already",
    outlook(charge(50), {
      phase: { ...ON_BATTERY, kind: "shutting_down", triggeredMonoMs: NOW - 7 * MIN, reason: "low" },
    }),
    -7,
  ],
  ["rests: the grid is there", outlook(charge(50), { phase: { kind: "online", sinceMonoMs: 0 } }), undefined],
  ["has a grid that is unknown", outlook(charge(50), { phase: { kind: "unknown" } }), undefined],
  ["has no phase yet", outlook(charge(50), { of: { phases: new Map() } }), undefined],
  ["has no trigger", outlook(charge(50), { station: station(group("pc", { triggers: {} })) }), undefined],
];
for (const [name, given, minutes] of rows) {
  const when = minutes === undefined ? "unknown" : `in ${minutes} min`;
  Deno.test(`Forecast.hostDueMonoMs() is ${when} when the battery ${name}`, () => {
    const found = dueMin(given);
    if (minutes === undefined) assert.equal(found, undefined);
    else assert.ok(Math.abs((found ?? NaN) - minutes) < 1e-6, `${found} min`);
    assert.equal(dueMin(given, "tv"), undefined, "a host that hangs elsewhere");
  });
}

const stages = (first: number, second: number): StationRules => ({
  ...station(),
  stages: [
    { number: 1, timeLimitMs: 0, groups: [group("tv", { triggers: { socMinPercent: first } })] },
    { number: 2, timeLimitMs: 0, groups: [group("nas", { triggers: { socMinPercent: second } })] },
  ],
});
for (
  const [first, second, tv, nas] of [
    [30, 10, 13, 23],
    [10, 30, 13, 13],
    [10, 10, 23, 23],
  ] as const
) {
  Deno.test(`Forecast: a stage at ${first} % before one at ${second} % goes after ${tv} min, the later one after ${nas} min`, () => {
    const given = outlook(charge(50), { station: stages(first, second) });
    assert.deepEqual([dueMin(given, "tv"), dueMin(given, "nas")], [tv, nas]);
    assert.equal(new Forecast(given).firstDueMonoMs(), NOW + Math.min(tv, nas) * MIN);
  });
}

Deno.test("Forecast: no group is pulled by another of its own stage", () => {
  const early = group("tv", { triggers: { socMinPercent: 40 } });
  const given = outlook(charge(50), { station: station(group("pc"), early) });
  assert.deepEqual([dueMin(given, "pc"), dueMin(given, "tv")], [23, 8]);
});

Deno.test("Forecast.firstDueMonoMs() does not count a group without hosts, and is unknown without any", () => {
  const empty = group("none", { hosts: [], triggers: { socMinPercent: 40 } });
  const first = (...groups: readonly GroupRules[]) =>
    new Forecast(outlook(charge(50), { station: station(...groups) })).firstDueMonoMs();
  assert.equal(first(empty, group("pc")), NOW + 23 * MIN);
  assert.equal(first(empty), undefined);
});

Deno.test("asLostNow() lets a battery fall from now on, however old its charge, and forgets what an outage left", () => {
  const before: StationState = {
    ...NEW_STATION,
    readings: { grid: said(true, MIN), gridUntold: said(true), socPercent: said(50, 60 * MIN) },
    started: new Map([[1, NOW - MIN]]),
    held: { untilMonoMs: NOW + 99 * MIN, reason: "somebody" },
    dischargePercentPerMin: 9,
  };
  const state = asLostNow(before, { station: station(), nowMonoMs: NOW });
  assert.equal(state.readings.gridUntold, undefined);
  assert.deepEqual(state.readings.grid, said(false));
  assert.equal(dueMin(outlook({}, { of: state, isSilent: false })), 23);
  const unheard = asLostNow(undefined, { station: station(), nowMonoMs: NOW });
  assert.equal(dueMin(outlook({}, { of: unheard, isSilent: false })), 13, "ten minutes of hope");
});
