/** The groups of one station on their way through an outage: what each needs, how long its timer runs, who holds it back. Pure. */
import type { Battery } from "./battery.ts";
import type { GridVerdict } from "./grid_verdict.ts";
import { type OutageEvent, type OutagePhase, stepOutage } from "./outage.ts";
import type { HouseRules, StationRules } from "../rules/rules.ts";
import { needFromMs, type StageView } from "./stages.ts";
import { criticalReason, type Needs, reliefReason } from "./triggers.ts";
import { isFresh, type Readings } from "./readings.ts";

/** What the groups must know of their station. */
export interface JudgedStation {
  readonly readings: Readings;
  readonly verdict?: GridVerdict;
  /** Group key to phase. */
  readonly phases: ReadonlyMap<string, OutagePhase>;
  /** A person holds the shutdown back; absent: nobody does. */
  readonly held?: Hold;
}

/** A person's request that hosts stay up for now. */
export interface Hold {
  readonly untilMonoMs: number;
  readonly reason: string;
}

/** The longest debounce when the battery does not even last for an orderly shutdown any more, ms. */
export const PRESSED_DEBOUNCE_MS = 60_000;

/** What a group needs from now on, for its triggers. */
export function needsOf(
  rules: StationRules,
  stage: number,
  debounceMs: number,
  view: StageView,
): Needs {
  if (!rules.hasReserve) return {};
  const needMs = needFromMs(rules, stage, view);
  return needMs > 0 ? { reserveMin: (needMs + debounceMs) / 60_000 } : {};
}

/** Takes the present facts into every group of the station, the last stage first: it pulls the earlier ones with it. */
export function stepGroups(
  judged: JudgedStation,
  battery: Battery | undefined,
  rules: HouseRules,
  station: StationRules,
  view: StageView,
  nowMonoMs: number,
): { readonly phases: ReadonlyMap<string, OutagePhase>; readonly events: readonly OutageEvent[] } {
  const { phases: before, verdict } = judged;
  const phases = new Map<string, OutagePhase>();
  const events: OutageEvent[] = [];
  const hold = holdNow(judged, battery, station, view, nowMonoMs);
  const notBeforeMonoMs = notBeforeNow(judged, rules, nowMonoMs);
  let advancedBy: string | undefined;
  for (const { number, groups } of station.stages.toReversed()) {
    let triggered: string | undefined;
    for (const { key, triggers, debounceMs } of groups) {
      const needs = needsOf(station, number, debounceMs, view);
      const facts = {
        gridConnected: verdict?.connected,
        critical: battery && criticalReason(battery, triggers, needs),
        relief: battery && reliefReason(battery, triggers, needs),
        heldBack: hold?.reason,
        advancedBy,
      };
      const groupRules = {
        debounceMs: debounceNowMs(station, number, debounceMs, view, battery),
        notBeforeMonoMs,
      };
      const step = stepOutage(before.get(key) ?? { kind: "unknown" }, facts, groupRules, nowMonoMs);
      phases.set(key, step.phase);
      events.push(...step.events);
      if (step.phase.kind === "shutting_down") triggered = step.phase.reason;
    }
    advancedBy ??= triggered;
  }
  return { phases, events: withoutRepeats(events) };
}

/** Nothing triggers before this time, monotonic ms: after a restart old readings wait for fresh ones; a fresh reading need not. */
export function notBeforeNow(
  { readings }: Pick<JudgedStation, "readings">,
  { staleAfterMs, notBeforeMonoMs }: Pick<HouseRules, "staleAfterMs" | "notBeforeMonoMs">,
  nowMonoMs: number,
): number {
  return isFresh(readings.grid, staleAfterMs, nowMonoMs) ? -Infinity : notBeforeMonoMs;
}

/**
 * The debounce as it is now, ms: the owner's, but a minute at most when by fresh readings the battery does not last for what is
 * left to do from the group's stage on. Waiting would cost the hosts then.
 */
export function debounceNowMs(
  station: StationRules,
  stage: number,
  debounceMs: number,
  view: StageView,
  battery: Battery | undefined,
): number {
  if (!station.hasReserve || !battery?.remaining || battery.remaining.isEstimate) return debounceMs;
  const isPressed = battery.remaining.minutes * 60_000 <= needFromMs(station, stage, view);
  return isPressed ? Math.min(debounceMs, PRESSED_DEBOUNCE_MS) : debounceMs;
}

/**
 * The hold that is in force. It ends with its time, and before it when the battery does not last any longer for what is
 * left to do: a person's request of some minutes ago must not cost the hosts.
 */
export function holdNow(
  { held }: Pick<JudgedStation, "held">,
  battery: Battery | undefined,
  station: StationRules,
  view: StageView,
  nowMonoMs: number,
): Hold | undefined {
  if (!held || nowMonoMs >= held.untilMonoMs) return undefined;
  const isPressed = battery?.remaining !== undefined &&
    battery.remaining.minutes * 60_000 <= needFromMs(station, 1, view);
  return isPressed ? undefined : held;
}

/** When the timer of a group in danger ends, monotonic ms. @param debounceMs As it is now */
export function timerEndMonoMs(
  phase: OutagePhase & { readonly kind: "critical" },
  debounceMs: number,
  hold: Hold | undefined,
): number {
  return Math.max(phase.criticalSinceMonoMs + debounceMs, hold?.untilMonoMs ?? -Infinity);
}

/** Several groups see the same grid and often the same danger: each thing is told once. */
function withoutRepeats(events: readonly OutageEvent[]): readonly OutageEvent[] {
  const seen = new Map(events.map((event) => [JSON.stringify(event), event]));
  const order = [
    "grid_lost",
    "grid_back",
    "timer_started",
    "timer_aborted",
    "called_off",
    "shutdown_triggered",
  ];
  return [...seen.values()].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}
