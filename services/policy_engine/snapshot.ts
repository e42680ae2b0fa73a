/** What the policy remembers, as text that survives a restart. Pure. */
import * as v from "valibot";
import { integerIn, numberIn, parseJson, textUpTo } from "../../lib/messages/parse.ts";
import { emptyHouse, type HouseState } from "./house.ts";
import type { OutagePhase } from "./outage.ts";
import { hostsOf, type HouseRules } from "./rules.ts";
import { age, ageOf, type AtAge, notedAge } from "./snapshot_ages.ts";
import { fromHost, hostSchema, isSameHost, toHostPhase } from "./snapshot_hosts.ts";
import { Pieces } from "./snapshot_pieces.ts";
import { NEW_STATION, type StationState } from "./station.ts";
import type { Word, Words } from "./words.ts";

/** The form of this file. A newer form is never overwritten by an older program. */
export const SNAPSHOT_VERSION = 1;

const word = <const S extends v.GenericSchema>(value: S) =>
  // `least_age_ms`: the least that its age can be, where a restart made it a guess.
  v.optional(v.object({ value, age_ms: age, least_age_ms: v.optional(age) }));
const phaseSchema = v.object({
  phase: v.picklist(["unknown", "online", "on_battery", "critical", "shutting_down"]),
  since_age_ms: v.optional(age),
  step_age_ms: v.optional(age),
  reason: v.optional(textUpTo(500)),
});
const stationSchema = v.object({
  noted_age_ms: notedAge,
  grid: word(v.boolean()),
  soc: word(numberIn(0, 100)),
  discharge_min: word(numberIn(0, 1e6)),
  out_watts: word(numberIn(-1e6, 1e6)),
  battery_wh: word(numberIn(0, 1e6)),
  min_soc: word(numberIn(0, 100)),
  /** What was believed of the grid, when a witness had told it. */
  believed_grid: word(v.boolean()),
  /** The fall that was measured in this outage, %/min. */
  fall: v.optional(numberIn(-1000, 1000)),
  /** How long ago the grid was last known to be there. */
  last_grid_age_ms: v.optional(age),
  /** A person holds the shutdown back for so long yet. */
  held: v.optional(v.object({ left_ms: age, reason: textUpTo(500) })),
  groups: v.record(v.string(), phaseSchema),
  stages: v.record(v.string(), age),
});
const schema = v.object({
  version: integerIn(1, SNAPSHOT_VERSION),
  saved_at_ms: numberIn(0, 1e15),
  /** The start of the system that wrote it; absent when nobody said which one it was. */
  boot_id: v.optional(textUpTo(64)),
  /** The doubt after a reboot, while it is not settled: wall time of the last snapshot before it, and for how long it lasts. */
  doubt: v.optional(v.object({ saved_at_ms: numberIn(0, 1e15), age_ms: age })),
  stations: v.record(v.string(), stationSchema),
  hosts: v.record(v.string(), hostSchema),
  learned_ms: v.record(v.string(), v.array(age)),
  drilled_month: v.optional(textUpTo(7)),
});

type SavedStation = v.InferOutput<typeof stationSchema>;
type SavedPhase = v.InferOutput<typeof phaseSchema>;

/**
 * The largest snapshot that is read back, bytes. It is our own file and grows with the house, by 1 to 2 KiB for a station
 * and its host: this is enough for ten thousands of them.
 */
export const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;

/** What is in doubt after a reboot: whether the power was gone since a snapshot. */
export interface DoubtBasis {
  /** Wall time of the last snapshot before the reboot, ms since 1970. */
  readonly savedAtMs: number;
  /** Since when, monotonic ms. */
  readonly beganMonoMs: number;
}

/** Writes houses down, one after the other; what did not change since the last time is not encoded again. */
export class SnapshotWriter {
  readonly #stations = new Pieces(fromStation, isSameStation);
  readonly #hosts = new Pieces(fromHost, isSameHost);
  #learned: HouseState["learnedMs"] = new Map();
  #drilledMonth: string | undefined;
  #doubt: DoubtBasis | undefined;
  /** The doubt that a restart must know; absent when there is none. */
  doubt: DoubtBasis | undefined;

  /** @param bootId Which start of the system this is; absent when nobody says */
  constructor(private readonly bootId?: string) {}

  /** Whether something is different that a restart must know. */
  isNews({ stations, hosts, learnedMs, drilledMonth }: HouseState): boolean {
    return this.doubt !== this.#doubt || this.#stations.isNews(stations) || this.#hosts.isNews(hosts) ||
      drilledMonth !== this.#drilledMonth || !isSameMap(learnedMs, this.#learned);
  }

  /** The text. @param nowWallMs Wall time, ms since 1970 */
  write(
    { stations, hosts, learnedMs, drilledMonth }: HouseState,
    nowMonoMs: number,
    nowWallMs: number,
  ): string {
    this.#learned = new Map(learnedMs);
    this.#drilledMonth = drilledMonth;
    const doubt = this.#doubt = this.doubt;
    return `{"version":${SNAPSHOT_VERSION},"saved_at_ms":${nowWallMs},` +
      (this.bootId === undefined ? "" : `"boot_id":${JSON.stringify(this.bootId)},`) +
      (doubt
        ? `"doubt":{"saved_at_ms":${doubt.savedAtMs},"age_ms":${ageOf(doubt.beganMonoMs, nowMonoMs)}},`
        : "") +
      `"stations":${this.#stations.write(stations, nowMonoMs)},` +
      `"hosts":${this.#hosts.write(hosts, nowMonoMs)},` +
      `"learned_ms":${JSON.stringify(Object.fromEntries(learnedMs))}` +
      (drilledMonth === undefined ? "}" : `,"drilled_month":${JSON.stringify(drilledMonth)}}`);
  }
}

/** Writes one house down. @param nowWallMs Wall time, ms since 1970 */
export function encodeSnapshot(house: HouseState, nowMonoMs: number, nowWallMs: number): string {
  return new SnapshotWriter().write(house, nowMonoMs, nowWallMs);
}

/** The longest stop that is believed of the wall clock, ms: ten minutes. */
export const BELIEVED_STOP_MS = 600_000;
/**
 * A stop up to this long is taken as it is, ms; a longer one, or a negative one, may be a clock that jumped. It is counted
 * from the snapshot, which may have been a minute old.
 */
export const SURE_STOP_MS = 120_000;
/**
 * Whether a stop was so short that no host can have lost its power and be back.
 *
 * A system that was started anew can have been off for hours, whatever its clock says: it may have begun at the time that
 * was stored last. One that ran all the while had power, but a host of another station or plug need not have had it: so
 * after a longer stop, or a clock that jumped, the hosts are asked all the same.
 *
 * @param awayMs By the wall clock
 * @param isSameBoot Whether the system ran all the while; undefined when nobody says: then the time alone decides
 */
export function isSureStop(awayMs: number, isSameBoot: boolean | undefined): boolean {
  return isSameBoot !== false && awayMs >= 0 && awayMs <= SURE_STOP_MS;
}

/** After a stop that looks longer than this, the last word on the grid is forgotten, ms: one hour. */
export const FORGET_GRID_MS = 3_600_000;

/**
 * Reads the house back.
 *
 * How long we were away is told by the wall clock, which may have jumped. So holds move on by that time, but never by a
 * negative one and by ten minutes at most. When that time is not sure, a word is replaced only by what is newer than it
 * would be had we not been away at all. After what looks like more than an hour the last word on the grid is
 * forgotten: most likely the power came back and switched us on. How long the grid has been stable counts anew: nobody
 * watched it while we were away.
 *
 * @param bootId Which start of the system this is; absent when nobody says
 * @returns `savedAtMs`: wall time of the snapshot, ms since 1970. `doubt`: absent when the stop was short and leaves none;
 * after a second stop it is the one from before
 * @throws InvalidInputError when the text is broken or of a newer version
 */
export function restoreSnapshot(
  text: string,
  source: string,
  rules: Pick<HouseRules, "stations">,
  nowMonoMs: number,
  nowWallMs: number,
  bootId?: string,
): { readonly house: HouseState; readonly savedAtMs: number; readonly doubt?: DoubtBasis } {
  const snapshot = parseJson(schema, text, source, MAX_SNAPSHOT_BYTES);
  const awayMs = nowWallMs - snapshot.saved_at_ms;
  const countedMs = Math.min(BELIEVED_STOP_MS, Math.max(0, awayMs));
  const at: AtAge = (ageMs = 0) => nowMonoMs - ageMs - countedMs;
  const isBootKnown = bootId !== undefined && snapshot.boot_id !== undefined;
  const isSure = isSureStop(awayMs, isBootKnown ? bootId === snapshot.boot_id : undefined);
  const empty = emptyHouse(rules);
  const stations = new Map(empty.stations);
  const hosts = new Map(empty.hosts);
  for (const [name, saved] of Object.entries(snapshot.stations)) {
    const { noted_age_ms: notedMs = 0 } = saved;
    const when = { nowMonoMs, notedMs, isSure, isLongAgo: awayMs > FORGET_GRID_MS };
    stations.set(name, toStation(saved, (ageMs = 0) => at(ageMs + notedMs), when));
  }
  for (const [name, saved] of Object.entries(snapshot.hosts)) {
    const { noted_age_ms: notedMs = 0 } = saved;
    if (hosts.has(name)) {
      hosts.set(name, { phase: toHostPhase(saved, (ageMs = 0) => at(ageMs + notedMs)) });
    }
  }
  const known = new Set(hostsOf(rules));
  const learned = Object.entries(snapshot.learned_ms).filter(([name]) => known.has(name));
  return {
    house: { stations, hosts, learnedMs: new Map(learned), drilledMonth: snapshot.drilled_month },
    savedAtMs: snapshot.saved_at_ms,
    doubt: doubtAfter(snapshot, { isSure, nowMonoMs, countedMs }),
  };
}

/** One that goes on keeps its basis: a host that came up after the power did must not count as one that always had it. */
function doubtAfter(
  { saved_at_ms, doubt }: v.InferOutput<typeof schema>,
  { isSure, nowMonoMs, countedMs }: {
    readonly isSure: boolean;
    readonly nowMonoMs: number;
    readonly countedMs: number;
  },
): DoubtBasis | undefined {
  const savedAtMs = doubt?.saved_at_ms ?? saved_at_ms;
  if (!isSure) return { savedAtMs, beganMonoMs: nowMonoMs };
  return doubt && { savedAtMs, beganMonoMs: nowMonoMs - doubt.age_ms - countedMs };
}

function fromStation(
  { words, verdict, phases, started, fallPercentPerMin, lastGridMonoMs, held }: StationState,
  nowMonoMs: number,
): SavedStation {
  const aged = <T>(w: Word<T> | undefined) =>
    w && {
      value: w.value,
      age_ms: ageOf(w.atMonoMs, nowMonoMs),
      least_age_ms: w.latestMonoMs === undefined ? undefined : ageOf(w.latestMonoMs, nowMonoMs),
    };
  const isByWitness = verdict?.connected !== undefined && verdict.evidenceMonoMs !== words.grid?.atMonoMs;
  return {
    grid: aged(words.grid),
    soc: aged(words.socPercent),
    discharge_min: aged(words.dischargeMin),
    out_watts: aged(words.outWatts),
    battery_wh: aged(words.batteryWh),
    min_soc: aged(words.minSocPercent),
    believed_grid: isByWitness
      ? { value: verdict.connected === true, age_ms: ageOf(verdict.evidenceMonoMs ?? nowMonoMs, nowMonoMs) }
      : undefined,
    fall: fallPercentPerMin,
    last_grid_age_ms: lastGridMonoMs === undefined ? undefined : ageOf(lastGridMonoMs, nowMonoMs),
    held: held && held.untilMonoMs > nowMonoMs
      ? { left_ms: Math.round(held.untilMonoMs - nowMonoMs), reason: held.reason }
      : undefined,
    groups: Object.fromEntries([...phases].map(([key, phase]) => [key, fromPhase(phase, nowMonoMs)])),
    stages: Object.fromEntries([...started].map(([number, atMs]) => [number, ageOf(atMs, nowMonoMs)])),
  };
}

/** Whether a restart need not know the difference; words of the station follow within the life of a piece. */
function isSameStation(a: StationState, b: StationState): boolean {
  return a === b ||
    a.verdict?.connected === b.verdict?.connected && a.held === b.held &&
      isSameMap(a.phases, b.phases) && isSameMap(a.started, b.started);
}

function isSameMap<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value || !b.has(key)) return false;
  return true;
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

function toStation(
  saved: SavedStation,
  at: AtAge,
  { nowMonoMs, notedMs, isSure, isLongAgo }: {
    readonly nowMonoMs: number;
    /** How long before the snapshot the station was written down. */
    readonly notedMs: number;
    readonly isSure: boolean;
    readonly isLongAgo: boolean;
  },
): StationState {
  const word = <T>(
    w: { value: T; age_ms: number; least_age_ms?: number } | undefined,
  ): Word<T> | undefined => {
    if (!w) return undefined;
    const least = w.least_age_ms;
    const latestMonoMs = isSure
      ? (least === undefined ? undefined : at(least))
      : nowMonoMs - (least ?? w.age_ms) - notedMs;
    return { value: w.value, atMonoMs: at(w.age_ms), isFromBefore: true, latestMonoMs };
  };
  const words: Words = {
    grid: isLongAgo ? undefined : word(saved.grid),
    socPercent: word(saved.soc),
    dischargeMin: word(saved.discharge_min),
    outWatts: word(saved.out_watts),
    batteryWh: word(saved.battery_wh),
    minSocPercent: word(saved.min_soc),
  };
  if (isLongAgo) return { ...NEW_STATION, words };
  const believed = word(saved.believed_grid);
  return {
    ...NEW_STATION,
    words,
    fallPercentPerMin: saved.fall,
    lastGridMonoMs: saved.last_grid_age_ms === undefined ? undefined : at(saved.last_grid_age_ms),
    held: saved.held && { untilMonoMs: at(-saved.held.left_ms), reason: saved.held.reason },
    verdict: believed && { connected: believed.value, by: "station", evidenceMonoMs: believed.atMonoMs },
    phases: new Map(Object.entries(saved.groups).map(([key, one]) => [key, toPhase(one, at, nowMonoMs)])),
    started: new Map(Object.entries(saved.stages).map(([number, ageMs]) => [Number(number), at(ageMs)])),
  };
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
