import assert from "node:assert/strict";
import { feedViews } from "./feeds.ts";
import type { GridVerdict } from "./grid_verdict.ts";
import { NEW_STATION, type StationState } from "./station.ts";

const NOW = 10_000_000;
const STALE_MS = 120_000;
const onGrid = (verdict: Partial<GridVerdict> = {}): StationState => ({
  ...NEW_STATION,
  verdict: { connected: true, by: "station", evidenceMonoMs: NOW, ...verdict },
  phases: new Map([["1", { kind: "online", sinceMonoMs: 5000 }]]),
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
