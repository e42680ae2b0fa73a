/** What the policy remembers, as text that survives a restart. Pure. */
import * as v from "valibot";
import { integerIn, numberIn, parseJson, textUpTo } from "../../lib/messages/parse.ts";
import type { HostPhase, HostState } from "./host.ts";
import { emptyHouse, type HouseRules, type HouseState, type StationState } from "./house.ts";
import type { OutagePhase } from "./outage.ts";
import type { Word, Words } from "./words.ts";

/** The form of this file. A newer form is never overwritten by an older program. */
export const SNAPSHOT_VERSION = 1;

/** Ages instead of times: monotonic time begins anew with every process. ms, 0 or more. */
const age = numberIn(0, 1e12);
const word = <const S extends v.GenericSchema>(value: S) => v.optional(v.object({ value, age_ms: age }));
const id = textUpTo(64);

const schema = v.object({
  version: integerIn(1, SNAPSHOT_VERSION),
  saved_at_ms: numberIn(0, 1e15),
  stations: v.record(
    v.string(),
    v.object({
      grid: word(v.boolean()),
      soc: word(numberIn(0, 100)),
      discharge_min: word(numberIn(0, 1e6)),
      out_watts: word(numberIn(-1e6, 1e6)),
      battery_wh: word(numberIn(0, 1e6)),
      phase: v.picklist(["unknown", "online", "on_battery", "critical", "shutting_down"]),
      since_age_ms: v.optional(age),
      step_age_ms: v.optional(age),
    }),
  ),
  hosts: v.record(
    v.string(),
    v.object({
      phase: v.picklist(["idle", "told", "down", "calling_off"]),
      id: v.optional(id),
      abort_id: v.optional(id),
      answer: v.optional(v.picklist(["none", "accepted", "rejected", "failed", "shutting_down"])),
      age_ms: v.optional(age),
      sent_age_ms: v.optional(age),
    }),
  ),
});

type Snapshot = v.InferOutput<typeof schema>;

/** Writes the house down. @param nowWallMs Wall time, ms since 1970 */
export function encodeSnapshot(house: HouseState, nowMonoMs: number, nowWallMs: number): string {
  const snapshot: Snapshot = {
    version: SNAPSHOT_VERSION,
    saved_at_ms: nowWallMs,
    stations: Object.fromEntries([...house.stations].map(([name, s]) => [name, fromStation(s, nowMonoMs)])),
    hosts: Object.fromEntries([...house.hosts].map(([name, h]) => [name, fromHost(h, nowMonoMs)])),
  };
  return JSON.stringify(snapshot);
}

/** The longest stop that is believed of the wall clock, ms: ten minutes. */
export const BELIEVED_STOP_MS = 600_000;
/** After a stop that looks longer than this, the last word on the grid is forgotten, ms: one hour. */
export const FORGET_GRID_MS = 3_600_000;

/**
 * Reads the house back.
 *
 * How long we were away is told by the wall clock, which may have jumped. So holds move on by that time, but never by a
 * negative one and by ten minutes at most. After what looks like more than an hour the last word on the grid is
 * forgotten: most likely the power came back and switched us on.
 *
 * @throws InvalidInputError when the text is broken or of a newer version
 */
export function restoreSnapshot(
  text: string,
  source: string,
  rules: Pick<HouseRules, "hostsByStation">,
  nowMonoMs: number,
  nowWallMs: number,
): HouseState {
  const snapshot = parseJson(schema, text, source);
  const awayMs = nowWallMs - snapshot.saved_at_ms;
  const countedMs = Math.min(BELIEVED_STOP_MS, Math.max(0, awayMs));
  const isLongAgo = awayMs > FORGET_GRID_MS;
  const at = (ageMs = 0) => nowMonoMs - ageMs - countedMs;
  const empty = emptyHouse(rules);
  const stations = new Map(empty.stations);
  const hosts = new Map(empty.hosts);
  for (const [name, saved] of Object.entries(snapshot.stations)) {
    stations.set(name, toStation(saved, at, isLongAgo));
  }
  for (const [name, saved] of Object.entries(snapshot.hosts)) {
    if (hosts.has(name)) hosts.set(name, { phase: toHostPhase(saved, at) });
  }
  return { stations, hosts };
}

function fromStation({ words, phase }: StationState, nowMonoMs: number): Snapshot["stations"][string] {
  const aged = <T>(w: Word<T> | undefined) => w && { value: w.value, age_ms: ageOf(w.atMonoMs, nowMonoMs) };
  return {
    grid: aged(words.grid),
    soc: aged(words.socPercent),
    discharge_min: aged(words.dischargeMin),
    out_watts: aged(words.outWatts),
    battery_wh: aged(words.batteryWh),
    phase: phase.kind,
    since_age_ms: "sinceMonoMs" in phase ? ageOf(phase.sinceMonoMs, nowMonoMs) : undefined,
    step_age_ms: phase.kind === "critical"
      ? ageOf(phase.criticalSinceMonoMs, nowMonoMs)
      : phase.kind === "shutting_down"
      ? ageOf(phase.triggeredMonoMs, nowMonoMs)
      : undefined,
  };
}

function toStation(
  saved: Snapshot["stations"][string],
  at: (ageMs?: number) => number,
  isLongAgo: boolean,
): StationState {
  const word = <T>(w: { value: T; age_ms: number } | undefined) =>
    w && { value: w.value, atMonoMs: at(w.age_ms) };
  const words: Words = {
    grid: isLongAgo ? undefined : word(saved.grid),
    socPercent: word(saved.soc),
    dischargeMin: word(saved.discharge_min),
    outWatts: word(saved.out_watts),
    batteryWh: word(saved.battery_wh),
  };
  return { words, phase: isLongAgo ? { kind: "unknown" } : toPhase(saved, at), isBlind: false };
}

function toPhase(saved: Snapshot["stations"][string], at: (ageMs?: number) => number): OutagePhase {
  const sinceMonoMs = at(saved.since_age_ms);
  switch (saved.phase) {
    case "unknown":
    case "online":
      return { kind: saved.phase };
    case "on_battery":
      return { kind: "on_battery", sinceMonoMs };
    case "critical":
      return { kind: "critical", sinceMonoMs, criticalSinceMonoMs: at(saved.step_age_ms) };
    case "shutting_down":
      return { kind: "shutting_down", sinceMonoMs, triggeredMonoMs: at(saved.step_age_ms) };
  }
}

function fromHost({ phase }: HostState, nowMonoMs: number): Snapshot["hosts"][string] {
  switch (phase.kind) {
    case "idle":
      return { phase: "idle" };
    case "told":
      return {
        phase: "told",
        id: phase.commandId,
        answer: phase.answer,
        age_ms: ageOf(phase.toldMonoMs, nowMonoMs),
      };
    case "down":
      return { phase: "down", id: phase.commandId, age_ms: ageOf(phase.sinceMonoMs, nowMonoMs) };
    case "calling_off":
      return {
        phase: "calling_off",
        id: phase.shutdownId,
        abort_id: phase.abortId,
        age_ms: ageOf(phase.sinceMonoMs, nowMonoMs),
        sent_age_ms: ageOf(phase.sentMonoMs, nowMonoMs),
      };
  }
}

function toHostPhase(saved: Snapshot["hosts"][string], at: (ageMs?: number) => number): HostPhase {
  const { id: commandId = "", answer = "none" } = saved;
  switch (saved.phase) {
    case "idle":
      return { kind: "idle" };
    case "told":
      return { kind: "told", commandId, answer, toldMonoMs: at(saved.age_ms) };
    case "down":
      return { kind: "down", commandId, sinceMonoMs: at(saved.age_ms) };
    case "calling_off":
      return {
        kind: "calling_off",
        shutdownId: commandId,
        abortId: saved.abort_id ?? "",
        sinceMonoMs: at(saved.age_ms),
        sentMonoMs: at(saved.sent_age_ms),
      };
  }
}

function ageOf(atMonoMs: number, nowMonoMs: number): number {
  return Math.max(0, Math.round(nowMonoMs - atMonoMs));
}
