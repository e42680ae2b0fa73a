/** The stations in the snapshot, with the phases of their groups. Pure. */
import * as v from "valibot";
import { numberIn, textUpTo } from "../../../lib/messages/parse.ts";
import type { OutagePhase } from "../outage/outage.ts";
import { age, ageOf, type AtAge, notedAge } from "./ages.ts";
import { isSameMap } from "./pieces.ts";
import { NEW_STATION, type StationState } from "../outage/station.ts";
import type { Reading, Readings } from "../outage/readings.ts";

const reading = <const S extends v.GenericSchema>(value: S) =>
  // `least_age_ms`: the least that its age can be, where a restart made it a guess.
  v.optional(v.object({ value, age_ms: age, least_age_ms: v.optional(age) }));
const phaseSchema = v.object({
  phase: v.picklist(["unknown", "online", "on_battery", "critical", "shutting_down"]),
  since_age_ms: v.optional(age),
  step_age_ms: v.optional(age),
  reason: v.optional(textUpTo(500)),
});

/** One station. */
export const stationSchema = v.object({
  noted_age_ms: notedAge,
  grid: reading(v.boolean()),
  soc: reading(numberIn(0, 100)),
  discharge_min: reading(numberIn(0, 1e6)),
  out_watts: reading(numberIn(-1e6, 1e6)),
  /** The last fall that the station told, %/min. */
  told_fall: reading(numberIn(-1e12, 1e12)),
  battery_wh: reading(numberIn(0, 1e6)),
  min_soc: reading(numberIn(0, 100)),
  outage_ports: reading(
    v.array(v.object({ port: v.picklist(["dc", "ac1", "ac2"]), min_soc: numberIn(0, 100) })),
  ),
  /** The station speaks and does not tell the grid any more. */
  grid_unknown: reading(v.literal(true)),
  /** What was believed of the grid, whoever had told it. */
  believed_grid: reading(v.boolean()),
  /** The fall that was measured in this outage, %/min. */
  fall: v.optional(numberIn(-1000, 1000)),
  /** How long ago the grid was last known to be there. */
  last_grid_age_ms: v.optional(age),
  /** A person holds the shutdown back for so long yet. */
  held: v.optional(v.object({ left_ms: age, reason: textUpTo(500) })),
  groups: v.record(v.string(), phaseSchema),
  stages: v.record(v.string(), age),
});

/** One station as it is written. */
export type SavedStation = v.InferOutput<typeof stationSchema>;
type SavedPhase = v.InferOutput<typeof phaseSchema>;

/** See {@link toStation} for the way back. */
export function fromStation(
  { readings, verdict, phases, started, dischargePercentPerMin, lastGridMonoMs, held }: StationState,
  nowMonoMs: number,
): SavedStation {
  const aged = <T>(w: Reading<T> | undefined) =>
    w && {
      value: w.value,
      age_ms: ageOf(w.atMonoMs, nowMonoMs),
      least_age_ms: w.latestMonoMs === undefined ? undefined : ageOf(w.latestMonoMs, nowMonoMs),
    };
  // While the grid is unknown: what was known last, so that an outage that is over does not begin again.
  const belief = verdict?.last ?? verdict;
  // The station's own reading may not count, and after a restart nobody knows any more whose reading the belief was: it is always written.
  const isBelieved = belief?.connected !== undefined;
  return {
    grid: aged(readings.grid),
    soc: aged(readings.socPercent),
    discharge_min: aged(readings.dischargeMin),
    out_watts: aged(readings.outWatts),
    told_fall: aged(readings.fallPercentPerMin),
    battery_wh: aged(readings.batteryWh),
    min_soc: aged(readings.minSocPercent),
    outage_ports: aged(
      readings.outagePorts?.value && { ...readings.outagePorts, value: [...readings.outagePorts.value] },
    ),
    grid_unknown: aged(readings.gridUntold),
    believed_grid: isBelieved
      ? {
        value: belief.connected === true,
        age_ms: ageOf(belief.evidenceMonoMs ?? nowMonoMs, nowMonoMs),
        least_age_ms: belief.latestMonoMs === undefined ? undefined : ageOf(belief.latestMonoMs, nowMonoMs),
      }
      : undefined,
    fall: dischargePercentPerMin,
    last_grid_age_ms: lastGridMonoMs === undefined ? undefined : ageOf(lastGridMonoMs, nowMonoMs),
    held: held && held.untilMonoMs > nowMonoMs
      ? { left_ms: Math.round(held.untilMonoMs - nowMonoMs), reason: held.reason }
      : undefined,
    groups: Object.fromEntries([...phases].map(([key, phase]) => [key, fromPhase(phase, nowMonoMs)])),
    stages: Object.fromEntries([...started].map(([number, atMs]) => [number, ageOf(atMs, nowMonoMs)])),
  };
}

/**
 * Whether a restart need not know the difference; readings of the station follow within the life of a piece. The first charge, and the
 * first reading of how fast it falls, do not wait: of a station that falls silent after them nothing else is known.
 */
export function isSameStation(a: StationState, b: StationState): boolean {
  return a === b ||
    (a.readings.socPercent === undefined) === (b.readings.socPercent === undefined) &&
      (a.readings.fallPercentPerMin === undefined) === (b.readings.fallPercentPerMin === undefined) &&
      a.verdict?.connected === b.verdict?.connected && a.verdict?.isUntold === b.verdict?.isUntold &&
      a.held === b.held &&
      isSameMap(a.phases, b.phases) && isSameMap(a.started, b.started);
}

/**
 * A station as it was, its readings marked as said before the restart.
 *
 * @param at Knows the length of the stop, and how long before the snapshot the station was written down
 */
export function toStation(
  saved: SavedStation,
  at: AtAge,
  { nowMonoMs, notedMs, isSure, isLongAgo }: {
    readonly nowMonoMs: number;
    /** How long before the snapshot the station was written down. */
    readonly notedMs: number;
    /** Whether the stop was surely as short as it looks; if not, the age of every reading is a guess. */
    readonly isSure: boolean;
    /** Whether nothing but the readings counts any more, and of those not the grid. */
    readonly isLongAgo: boolean;
  },
): StationState {
  const reading = <T>(
    w: { value: T; age_ms: number; least_age_ms?: number } | undefined,
  ): Reading<T> | undefined => {
    if (!w) return undefined;
    const least = w.least_age_ms;
    const latestMonoMs = isSure
      ? (least === undefined ? undefined : at(least))
      : nowMonoMs - (least ?? w.age_ms) - notedMs;
    return { value: w.value, atMonoMs: at(w.age_ms), isFromBefore: true, latestMonoMs };
  };
  const readings: Readings = {
    grid: isLongAgo ? undefined : reading(saved.grid),
    socPercent: reading(saved.soc),
    dischargeMin: reading(saved.discharge_min),
    outWatts: reading(saved.out_watts),
    fallPercentPerMin: reading(saved.told_fall),
    batteryWh: reading(saved.battery_wh),
    minSocPercent: reading(saved.min_soc),
    outagePorts: reading(saved.outage_ports),
    gridUntold: reading(saved.grid_unknown),
  };
  if (isLongAgo) return { ...NEW_STATION, readings };
  const believed = reading(saved.believed_grid);
  return {
    ...NEW_STATION,
    readings,
    dischargePercentPerMin: saved.fall,
    lastGridMonoMs: saved.last_grid_age_ms === undefined ? undefined : at(saved.last_grid_age_ms),
    held: saved.held && { untilMonoMs: at(-saved.held.left_ms), reason: saved.held.reason },
    verdict: verdictFrom(believed, saved.grid_unknown !== undefined),
    phases: new Map(Object.entries(saved.groups).map(([key, one]) => [key, toPhase(one, at, nowMonoMs)])),
    started: new Map(Object.entries(saved.stages).map(([number, ageMs]) => [Number(number), at(ageMs)])),
  };
}

/** Told once: a restart is no news of a grid that was unknown before it. */
function verdictFrom(believed: Reading<boolean> | undefined, isUntold: boolean): StationState["verdict"] {
  if (!believed && !isUntold) return undefined;
  return {
    connected: believed?.value,
    // Whoever it was: a name would be shown as somebody who speaks.
    by: "station",
    evidenceMonoMs: believed?.atMonoMs,
    ...(believed?.latestMonoMs === undefined ? {} : { latestMonoMs: believed.latestMonoMs }),
    ...(isUntold ? { isUntold: true } : {}),
  };
}

function fromPhase(phase: OutagePhase, nowMonoMs: number): SavedPhase {
  switch (phase.kind) {
    case "unknown":
    case "online":
      return { phase: phase.kind };
    case "on_battery":
      return { phase: phase.kind, since_age_ms: ageOf(phase.sinceMonoMs, nowMonoMs) };
    case "critical":
      return {
        phase: phase.kind,
        since_age_ms: ageOf(phase.sinceMonoMs, nowMonoMs),
        step_age_ms: ageOf(phase.criticalSinceMonoMs, nowMonoMs),
      };
    case "shutting_down":
      return {
        phase: phase.kind,
        since_age_ms: ageOf(phase.sinceMonoMs, nowMonoMs),
        step_age_ms: ageOf(phase.triggeredMonoMs, nowMonoMs),
        reason: phase.reason.slice(0, 500),
      };
  }
}

function toPhase(saved: SavedPhase, at: AtAge, nowMonoMs: number): OutagePhase {
  const sinceMonoMs = at(saved.since_age_ms);
  switch (saved.phase) {
    case "unknown":
      return { kind: "unknown" };
    case "online":
      return { kind: "online", sinceMonoMs: nowMonoMs };
    case "on_battery":
      return { kind: "on_battery", sinceMonoMs };
    case "critical":
      return { kind: "critical", sinceMonoMs, criticalSinceMonoMs: at(saved.step_age_ms) };
    case "shutting_down": {
      const { reason = "the outage goes on" } = saved;
      return { kind: "shutting_down", sinceMonoMs, triggeredMonoMs: at(saved.step_age_ms), reason };
    }
  }
}
