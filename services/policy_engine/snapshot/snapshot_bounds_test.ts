/** What a snapshot may hold: whatever can be written is read again, and nothing beyond is believed. */
import assert from "node:assert/strict";
import { parsePowerState } from "../../../lib/messages/power_state.ts";
import { emptyHouse, House, type HouseState } from "../house.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import { LIMITS } from "../testdata/limits.ts";
import { encodeSnapshot, restoreSnapshot } from "./snapshot.ts";

const RULES = simpleRules({ ...LIMITS, stations: { Study: ["pc"] } }, 0);
const WALL = Date.UTC(2026, 10, 23, 19);
const restore = (text: string) => restoreSnapshot(text, "test", RULES, 1000, WALL).house;

/** A house that heard this of its station, through the same door as in earnest. */
function houseThatHeard(state: object): HouseState {
  const house = new House(emptyHouse(RULES), RULES, () => "id");
  const read = parsePowerState(JSON.stringify({ device: "Study", ...state }), "test");
  const arrival = { atMonoMs: 1000, atWallMs: WALL, retained: false };
  house.step({ kind: "state", device: "Study", state: read, arrival }, 1000);
  return house.state;
}

const LOST = { soc: 100, grid_connected: false };
const extremes: readonly [name: string, state: object][] = [
  ["no minutes, load or energy", { ...LOST, discharge_min: 0, out_watts: 0, battery_wh: 0 }],
  ["the most of all", { ...LOST, discharge_min: 1e6, out_watts: 1e5, battery_wh: 1e6, min_soc: 100 }],
  ["minutes of next to nothing", { ...LOST, discharge_min: 5e-324 }],
  ["energy of next to nothing", { ...LOST, out_watts: 1e5, battery_wh: 5e-324 }],
  ["energy of next to nothing that is charged", { ...LOST, out_watts: -1e5, battery_wh: 5e-324 }],
  ["ages of a year", { ...LOST, age_s: 31_536_000, soc_age_s: 31_536_000, grid_age_s: 31_536_000 }],
];
for (const [name, state] of extremes) {
  Deno.test(`restoreSnapshot() reads the house of a station that told ${name}`, () => {
    const before = houseThatHeard(state);
    const after = restore(encodeSnapshot(before, 1000, WALL));
    const soc = before.stations.get("Study")?.readings.socPercent?.value;
    assert.equal(after.stations.get("Study")?.readings.socPercent?.value, soc);
  });
}

const at = (age_ms = 0) => ({ value: 1, age_ms, least_age_ms: 0 });
/** All that a snapshot can hold. */
const FULL = {
  version: 1,
  saved_at_ms: WALL,
  boot_id: "b",
  doubt: { saved_at_ms: WALL, age_ms: 0 },
  stations: {
    Study: {
      noted_age_ms: 0,
      soc: at(),
      discharge_min: at(),
      out_watts: at(),
      told_fall: at(),
      battery_wh: at(),
      min_soc: at(),
      outage_ports: { value: [{ port: "ac1", min_soc: 10 }], age_ms: 0 },
      fall: 1,
      last_grid_age_ms: 0,
      held: { left_ms: 0, reason: "held" },
      groups: { all: { phase: "shutting_down", since_age_ms: 0, step_age_ms: 0, reason: "low" } },
      stages: { 1: 0 },
    },
  },
  hosts: { pc: { phase: "calling_off", id: "s", abort_id: "a", age_ms: 0, told_age_ms: 0, sent_age_ms: 0 } },
  learned_ms: { pc: [1] },
  drilled_month: "2026-11",
};

/** Whether a snapshot is believed in which one value is another. */
function isRead(path: string, value: unknown): boolean {
  const snapshot = structuredClone(FULL);
  const steps = path.split(".");
  const last = steps.pop() ?? "";
  const place = steps.reduce<Record<string, unknown>>(
    (now, step) => now[step] as Record<string, unknown>,
    snapshot,
  );
  assert.ok(last in place, path);
  place[last] = value;
  try {
    restore(JSON.stringify(snapshot));
    return true;
  } catch {
    return false;
  }
}

const LONGEST_MS = 1e12;
const numbers: readonly [path: string, least: number, most: number][] = [
  ["version", 1, 1],
  ["saved_at_ms", 0, 1e15],
  ["doubt.saved_at_ms", 0, 1e15],
  ["doubt.age_ms", 0, LONGEST_MS],
  ["stations.Study.noted_age_ms", 0, LONGEST_MS],
  ["stations.Study.soc.value", 0, 100],
  ["stations.Study.soc.age_ms", 0, LONGEST_MS],
  ["stations.Study.soc.least_age_ms", 0, LONGEST_MS],
  ["stations.Study.discharge_min.value", 0, 1e6],
  ["stations.Study.out_watts.value", -1e6, 1e6],
  ["stations.Study.told_fall.value", -1e12, 1e12],
  ["stations.Study.battery_wh.value", 0, 1e6],
  ["stations.Study.min_soc.value", 0, 100],
  ["stations.Study.outage_ports.value.0.min_soc", 0, 100],
  ["stations.Study.fall", -1000, 1000],
  ["stations.Study.last_grid_age_ms", 0, LONGEST_MS],
  ["stations.Study.held.left_ms", 0, LONGEST_MS],
  ["stations.Study.groups.all.since_age_ms", 0, LONGEST_MS],
  ["stations.Study.groups.all.step_age_ms", 0, LONGEST_MS],
  ["stations.Study.stages.1", 0, LONGEST_MS],
  ["hosts.pc.age_ms", 0, LONGEST_MS],
  ["hosts.pc.told_age_ms", 0, LONGEST_MS],
  ["hosts.pc.sent_age_ms", 0, LONGEST_MS],
  ["learned_ms.pc.0", 0, LONGEST_MS],
];
for (const [path, least, most] of numbers) {
  Deno.test(`restoreSnapshot() believes "${path}" from ${least} to ${most}`, () => {
    const values = [least - 1, least, most, most + 1];
    assert.deepEqual(values.map((value) => isRead(path, value)), [false, true, true, false]);
  });
}

const texts: readonly [path: string, most: number][] = [
  ["boot_id", 64],
  ["drilled_month", 7],
  ["stations.Study.held.reason", 500],
  ["stations.Study.groups.all.reason", 500],
  ["hosts.pc.id", 64],
  ["hosts.pc.abort_id", 64],
];
for (const [path, most] of texts) {
  Deno.test(`restoreSnapshot() believes "${path}" of up to ${most} characters`, () => {
    assert.deepEqual([most, most + 1].map((length) => isRead(path, "x".repeat(length))), [true, false]);
  });
}

Deno.test("restoreSnapshot() keeps the beginning of a reason that is longer than a snapshot holds", () => {
  const before = houseThatHeard(LOST);
  const study = before.stations.get("Study");
  assert.ok(study);
  const reason = `a${"b".repeat(600)}`;
  const phase = { kind: "shutting_down", sinceMonoMs: 0, triggeredMonoMs: 0, reason } as const;
  const stations = new Map([["Study", { ...study, phases: new Map([["all", phase]]) }]]);
  const after = restore(encodeSnapshot({ ...before, stations }, 1000, WALL)).stations.get("Study")?.phases
    .get("all");
  assert.equal(after?.kind === "shutting_down" && after.reason, reason.slice(0, 500));
});

Deno.test("restoreSnapshot() reads what an abort without an id has left", () => {
  const { abort_id: _id, ...pc } = FULL.hosts.pc;
  const phase = restore(JSON.stringify({ ...FULL, hosts: { pc } })).hosts.get("pc")?.phase;
  assert.equal(phase?.kind === "aborting" && phase.abortId, "");
});
