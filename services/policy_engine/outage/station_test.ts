import assert from "node:assert/strict";
import { LIMITS } from "../testdata/limits.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import type { GridSource } from "../rules/rules.ts";
import type { WitnessReading } from "./grid_verdict.ts";
import type { Reading, Readings } from "./readings.ts";
import type { StageView } from "./stages.ts";
import { NEW_STATION, stationPhase, type StationState, stepStation } from "./station.ts";

const NOW = 10_000_000;
const STALE_MS = 120_000;
const RULES = simpleRules({ ...LIMITS, stations: { Study: ["pc"] } }, 0);
const STATION = RULES.stations.Study ?? RULES.watched;
const VIEW: StageView = { isSettled: () => false, learnedMs: () => undefined };

const ago = <T>(value: T, ms = 0): Reading<T> => ({ value, atMonoMs: NOW - ms });
const OLD = STALE_MS + 1;
const plug = (value: boolean, ms = 0): WitnessReading => ({
  ...ago(value, ms),
  name: "plug",
  staleAfterMs: STALE_MS,
});

function step(readings: Readings, source?: GridSource, witnesses: readonly WitnessReading[] = []) {
  const before: StationState = {
    ...NEW_STATION,
    // After a start it is told later: see blind/.
    blindTelling: { hasSeen: true, isTold: false },
    readings,
    witnesses: new Map(witnesses.map((one) => [one.name, one])),
  };
  return stepStation(before, RULES, { ...STATION, grid: source }, VIEW, NOW);
}

const rows: readonly [
  name: string,
  readings: Readings,
  source: GridSource | undefined,
  witnesses: readonly WitnessReading[],
  isBlind: boolean,
][] = [
  [
    "on battery with a charge at the limit",
    { grid: ago(false), socPercent: ago(50, STALE_MS) },
    undefined,
    [],
    false,
  ],
  [
    "on battery with a charge 1 ms older",
    { grid: ago(false), socPercent: ago(50, OLD) },
    undefined,
    [],
    true,
  ],
  ["on the grid with an old charge", { grid: ago(true), socPercent: ago(50, OLD) }, undefined, [], false],
  ["on battery with a charge never heard", { grid: ago(false) }, undefined, [], false],
  ["with a grid at the limit", { grid: ago(true, STALE_MS), socPercent: ago(50) }, undefined, [], false],
  [
    "with a grid 1 ms older, although the charge is fresh",
    {
      grid: ago(true, OLD),
      socPercent: ago(50),
    },
    undefined,
    [],
    true,
  ],
  ["never heard", {}, undefined, [], false],
  ["never heard, on battery by a fresh witness", {}, undefined, [plug(false)], false],
  [
    "on battery by a witness, with a fresh charge and no word of the grid",
    { socPercent: ago(50) },
    undefined,
    [
      plug(false),
    ],
    true,
  ],
  [
    "that does not tell the grid any more, on battery by a witness, with an old charge",
    {
      grid: ago(true, OLD),
      gridUntold: ago(true),
      socPercent: ago(50, OLD),
    },
    undefined,
    [plug(false)],
    true,
  ],
  [
    "that does not tell the grid any more, with a fresh charge",
    {
      grid: ago(true, OLD),
      gridUntold: ago(true),
      socPercent: ago(50),
    },
    undefined,
    [plug(false)],
    false,
  ],
  ["whose grid does not count, with a fresh charge", { socPercent: ago(50, STALE_MS) }, "off", [], false],
  ["whose grid does not count, with an old charge", { socPercent: ago(50, OLD) }, "off", [], true],
  ["whose grid does not count, with a charge never heard", { grid: ago(false, OLD) }, "off", [], false],
  [
    "watched by witnesses, with no word of them",
    { grid: ago(false, OLD), socPercent: ago(50, OLD) },
    "witness",
    [],
    false,
  ],
  [
    "on the grid by a witness, with an old charge",
    { socPercent: ago(50, OLD) },
    "witness",
    [plug(true)],
    false,
  ],
  [
    "on battery by a witness, with an old charge",
    { socPercent: ago(50, OLD) },
    "witness",
    [plug(false)],
    true,
  ],
  ["on battery by a witness, with a fresh charge", { socPercent: ago(50) }, "witness", [plug(false)], false],
];
for (const [name, readings, source, witnesses, isBlind] of rows) {
  Deno.test(`stepStation() is ${isBlind ? "" : "not "}blind ${name}`, () => {
    const { state, events } = step(readings, source, witnesses);
    assert.equal(state.isBlind, isBlind);
    const told = events.filter(({ kind }) => kind === "blind");
    assert.equal(told.length, isBlind ? 1 : 0);
    const again = stepStation(state, RULES, { ...STATION, grid: source }, VIEW, NOW);
    assert.equal(again.state.isBlind, isBlind);
    assert.deepEqual(again.events.filter(({ kind }) => kind === "blind"), [], "told once");
  });
}

Deno.test("stepStation() says of blindness whether the house is on battery and whether the station speaks", () => {
  const told = (readings: Readings) => step(readings).events.find(({ kind }) => kind === "blind");
  assert.deepEqual(told({ grid: ago(false), socPercent: ago(50, OLD), spoke: ago(true) }), {
    kind: "blind",
    isBlind: true,
    onBattery: true,
    isSpeaking: true,
  });
  assert.deepEqual(told({ grid: ago(true, OLD), spoke: ago(true, OLD) }), {
    kind: "blind",
    isBlind: true,
    onBattery: false,
    isSpeaking: false,
  });
});

Deno.test("stepStation() estimates the charge while it is blind by the charge alone", () => {
  const { state, events } = step({ grid: ago(false), socPercent: ago(50, OLD) });
  assert.equal(state.verdict?.connected, false);
  const lost = events.find((event) => event.kind === "outage");
  assert.equal(lost?.kind === "outage" && lost.numbers.is_estimate, true);
});

for (
  const [name, before, samples] of [
    ["of now is a sample of the fall", ago(50, 1000), 1],
    [
      "from before a restart is none: its time may be a guess",
      { ...ago(50, 1000), isFromBefore: true } as const,
      0,
    ],
  ] as const
) {
  Deno.test(`stepStation() on battery: a charge ${name}`, () => {
    assert.equal(step({ grid: ago(false), socPercent: before }).state.samples.length, samples);
  });
}

Deno.test("NEW_STATION is called blind by nobody: it never spoke", () => {
  assert.deepEqual([NEW_STATION.isBlind, stationPhase(NEW_STATION).kind], [false, "unknown"]);
  const { state, events } = stepStation(NEW_STATION, RULES, RULES.watched, VIEW, 0);
  assert.deepEqual([state.isBlind, events], [false, []]);
});
