import assert from "node:assert/strict";
import { feedViews, stillCarries, wantedByFeed, wantedOf } from "./feeds.ts";
import type { GridVerdict } from "../outage/grid_verdict.ts";
import { DEFAULT_BLIND_LIMIT_MS as LIMIT_MS, simpleRules } from "../rules/simple_rules.ts";
import { NEW_STATION, type StationState } from "../outage/station.ts";

const NOW = 100_000_000;
const STALE_MS = 120_000;
const onGrid = (verdict: Partial<GridVerdict> = {}): StationState => ({
  ...NEW_STATION,
  verdict: { connected: true, by: "station", evidenceMonoMs: NOW, ...verdict },
  phases: new Map([["all", { kind: "online", sinceMonoMs: 5000 }]]),
});

const onBattery = (kind: "on_battery" | "shutting_down"): StationState => ({
  ...NEW_STATION,
  verdict: { connected: false, by: "station", evidenceMonoMs: 0, isOld: true },
  phases: new Map([[
    "all",
    kind === "on_battery"
      ? { kind, sinceMonoMs: 0 }
      : { kind, sinceMonoMs: 0, triggeredMonoMs: 0, reason: "low" },
  ]]),
  started: new Map(kind === "shutting_down" ? [[1, 0]] : []),
});
const verdictOf = ({ verdict }: StationState) => ({ verdict });
const PLAYED = { simulated: { value: true, atMonoMs: NOW } } as const;

const rows: readonly [name: string, state: StationState, gridSinceMonoMs: number | undefined][] = [
  ["the grid by a fresh station", onGrid(), 5000],
  ["the grid by a fresh witness", onGrid({ by: ["plug"] }), 5000],
  ["no grid by the last word of a station", onGrid({ isOld: true }), undefined],
  ["no grid by the last word of a witness", onGrid({ by: ["plug"], isOld: true }), undefined],
  ["no grid on battery", onGrid({ connected: false }), undefined],
  ["no grid in a phase of an outage, whatever is said now", {
    ...onBattery("on_battery"),
    ...verdictOf(onGrid()),
  }, undefined],
  ["no grid before the first phase", { ...onGrid(), phases: new Map() }, undefined],
  ["no grid that is played", { ...onGrid(), readings: PLAYED }, undefined],
];
for (const [name, state, gridSinceMonoMs] of rows) {
  Deno.test(`feedViews() sees ${name}`, () => {
    assert.equal(feedViews([["S", state]], STALE_MS, NOW).get("S")?.gridSinceMonoMs, gridSinceMonoMs);
  });
}

for (
  const [name, ageMs, isFromBefore, percent] of [
    ["at the limit of its age", STALE_MS, undefined, 42],
    ["1 ms older", STALE_MS + 1, undefined, undefined],
    ["of before a restart", 0, true as const, undefined],
  ] as const
) {
  Deno.test(`feedViews() sees ${percent === undefined ? "no" : "the"} charge ${name}`, () => {
    const readings = { socPercent: { value: 42, atMonoMs: NOW - ageMs, isFromBefore } };
    assert.equal(feedViews([["S", { ...onGrid(), readings }]], STALE_MS, NOW).get("S")?.socPercent, percent);
  });
}

const silent = (ageMs: number) => onGrid({ isOld: true, evidenceMonoMs: NOW - ageMs });
const ENDING = onBattery("shutting_down");
const untold = (percent: number | undefined, ageMs: number): StationState => ({
  ...NEW_STATION,
  readings: percent === undefined ? {} : { socPercent: { value: percent, atMonoMs: NOW - ageMs } },
  verdict: { by: "station", isOld: true, isUntold: true },
  phases: new Map([["all", { kind: "unknown" }]]),
});
const switchingOff = (percent: number, more: StationState["readings"]): StationState => {
  const state = untold(percent, 0);
  return { ...state, readings: { ...state.readings, ...more } };
};
/** The station switches all off at 20 %. */
const FLOOR = { minSocPercent: { value: 20, atMonoMs: NOW } };
/** And its first outlet at 30 %. */
const OUTLET = { ...FLOOR, outagePorts: { value: [{ port: "ac1", min_soc: 30 }], atMonoMs: NOW } } as const;
const fromBefore = ({ readings: { socPercent }, ...state }: StationState): StationState => ({
  ...state,
  readings: socPercent ? { socPercent: { ...socPercent, isFromBefore: true } } : {},
});
const RULES = simpleRules(
  {
    stations: { Study: ["nas"], Attic: ["nas"] },
    socMinPercent: 10,
    debounceSec: 180,
    cooldownSec: 300,
    abortWindowSec: 120,
    shutdownDelaySec: 60,
    staleAfterSec: STALE_MS / 1000,
  },
  0,
);

const wanted: readonly [
  name: string,
  study: StationState,
  attic: StationState | undefined,
  wanted: "up" | "down",
][] = [
  ["while the other has the grid", ENDING, onGrid(), "up"],
  ["while the other is silent, at the blind limit", ENDING, silent(LIMIT_MS), "up"],
  ["when the other is silent for longer than the blind limit", ENDING, silent(LIMIT_MS + 1), "down"],
  ["while the other is on battery, by its own timers, however silent", ENDING, onBattery("on_battery"), "up"],
  ["when the other tells nothing but its charge", ENDING, {
    ...NEW_STATION,
    readings: { socPercent: { value: 90, atMonoMs: NOW } },
  }, "down"],
  ["when the other was never heard", ENDING, undefined, "down"],
  [
    "while the other does not tell its grid, by its battery above the limit",
    ENDING,
    untold(10.1, STALE_MS),
    "up",
  ],
  ["the same, by a charge of before a restart", ENDING, fromBefore(untold(10.1, STALE_MS)), "up"],
  [
    "when the charge of before the restart is too old",
    ENDING,
    fromBefore(untold(90, STALE_MS + 1)),
    "down",
  ],
  ["when the charge of before the restart is at the limit", ENDING, fromBefore(untold(10, 0)), "down"],
  ["when the other does not tell its grid, at the limit", ENDING, untold(10, 0), "down"],
  [
    "when the other does not tell its grid and its charge is too old",
    ENDING,
    untold(90, STALE_MS + 1),
    "down",
  ],
  ["when the other does not tell its grid and has no charge", ENDING, untold(undefined, 0), "down"],
  [
    "while the other has three points more than where it switches off",
    ENDING,
    switchingOff(23.1, FLOOR),
    "up",
  ],
  [
    "when the other has three points left above where it switches off",
    ENDING,
    switchingOff(23, FLOOR),
    "down",
  ],
  ["while the other has three points more than its outlet needs", ENDING, switchingOff(33.1, OUTLET), "up"],
  [
    "when the other has three points left above where its outlet goes off",
    ENDING,
    switchingOff(33, OUTLET),
    "down",
  ],
  ["when the grid of the other is only played", ENDING, { ...onGrid(), readings: PLAYED }, "down"],
  [
    "when nobody knows of when the other's grid is",
    ENDING,
    onGrid({ isOld: true, evidenceMonoMs: undefined }),
    "down",
  ],
  ["while nobody knows the grid of either", untold(5, 0), untold(5, 0), "up"],
  ["when both end", ENDING, ENDING, "down"],
  [
    "while its battery is not at its end, however silent the other",
    onBattery("on_battery"),
    silent(9e7),
    "up",
  ],
  ["while both are silent with the grid", silent(9e7), silent(9e7), "up"],
];
for (const [name, study, attic, expected] of wanted) {
  Deno.test(`wantedOf() wants a host on two stations ${expected} ${name}`, () => {
    const stations = new Map([["Study", study], ["Attic", attic ?? NEW_STATION]]);
    assert.equal(wantedOf("nas", ["Study", "Attic"], RULES, stations, NOW), expected);
    assert.equal(wantedOf("nas", ["Attic", "Study"], RULES, stations, NOW), expected);
  });
}

Deno.test("wantedOf() lets no charge carry a host that has no limit of charge", () => {
  const all = { key: "all", hosts: ["nas"], triggers: {}, debounceMs: 0 };
  const station = { stages: [{ number: 1, timeLimitMs: 1, groups: [all] }], hasReserve: true };
  const rules = { ...RULES, stations: { Study: station, Attic: station } };
  const stations = new Map([["Study", ENDING], ["Attic", untold(100, 0)]]);
  assert.equal(wantedOf("nas", ["Study", "Attic"], rules, stations, NOW), "down");
});

const words: readonly [
  name: string,
  state: StationState | undefined,
  word: ReturnType<typeof wantedByFeed>,
][] = [
  ["that was never heard", undefined, "unknown"],
  ["that says nothing", NEW_STATION, "unknown"],
  ["whose grid nobody knows", untold(50, 0), "unknown"],
  ["with the grid", onGrid(), "up"],
  ["on battery", onBattery("on_battery"), "up"],
  ["at its end", ENDING, "down"],
  ["at its end, while the host's stage has to wait", { ...ENDING, started: new Map([[2, 0]]) }, "up"],
];
for (const [name, state, word] of words) {
  Deno.test(`wantedByFeed() is ${word} by a station ${name}`, () => {
    const stations = new Map(state ? [["Study", state]] : []);
    assert.equal(wantedByFeed("nas", "Study", RULES, stations), word);
  });
}

Deno.test("wantedByFeed() is unknown for a host that does not hang there, and for a station that nobody named", () => {
  const stations = new Map([["Study", onGrid()], ["Shed", onGrid()]]);
  assert.equal(wantedByFeed("tv", "Study", RULES, stations), "unknown");
  assert.equal(wantedByFeed("nas", "Shed", RULES, stations), "unknown");
});

Deno.test("stillCarries() relies on a station of which nothing is known until somebody says more", () => {
  assert.equal(stillCarries(undefined, RULES, NOW), true);
});
