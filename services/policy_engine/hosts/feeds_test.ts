import assert from "node:assert/strict";
import { feedViews, wantedOf } from "./feeds.ts";
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

const rows: readonly [name: string, state: StationState, gridSinceMonoMs: number | undefined][] = [
  ["the grid by a fresh station", onGrid(), 5000],
  ["the grid by a fresh witness", onGrid({ by: ["plug"] }), 5000],
  ["no grid by the last word of a station", onGrid({ isOld: true }), undefined],
  ["no grid by the last word of a witness", onGrid({ by: ["plug"], isOld: true }), undefined],
  ["no grid on battery", onGrid({ connected: false }), undefined],
];
for (const [name, state, gridSinceMonoMs] of rows) {
  Deno.test(`feedViews() sees ${name}`, () => {
    assert.equal(feedViews([["S", state]], STALE_MS, NOW).get("S")?.gridSinceMonoMs, gridSinceMonoMs);
  });
}

const silent = (ageMs: number) => onGrid({ isOld: true, evidenceMonoMs: NOW - ageMs });
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
const ENDING = onBattery("shutting_down");
const untold = (percent: number | undefined, ageMs: number): StationState => ({
  ...NEW_STATION,
  readings: percent === undefined ? {} : { socPercent: { value: percent, atMonoMs: NOW - ageMs } },
  verdict: { by: "station", isOld: true, isUntold: true },
  phases: new Map([["all", { kind: "unknown" }]]),
});
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
