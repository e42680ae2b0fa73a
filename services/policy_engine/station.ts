/** One station: what is known of it, where its groups of hosts stand, which stages run. Pure. */
import { type Battery, batteryNow } from "./battery.ts";
import type { Charge } from "./blind_estimate.ts";
import { addSample, measuredFall, type SocSample } from "./fall.ts";
import { type GridVerdict, gridVerdict, type WitnessWord } from "./grid_verdict.ts";
import { type OutageEvent, type OutagePhase, stepOutage } from "./outage.ts";
import type { HouseRules, StationRules } from "./rules.ts";
import { needFromMs, type StageStart, type StageView, stepStages } from "./stages.ts";
import { dangerReason, type Needs, reliefReason } from "./triggers.ts";
import { freshestMonoMs, isFresh, type Words } from "./words.ts";

/** See the file comment. */
export interface StationState {
  readonly words: Words;
  /** What the cloud last said of the way to the station, as in its state. */
  readonly link?: "live" | "stale" | "offline";
  readonly witnesses: ReadonlyMap<string, WitnessWord>;
  readonly verdict?: GridVerdict;
  /** Group key to phase. */
  readonly phases: ReadonlyMap<string, OutagePhase>;
  /** Stage number to the monotonic time of its beginning. */
  readonly started: ReadonlyMap<number, number>;
  readonly samples: readonly SocSample[];
  /** The fall that was measured last in this outage, %/min; absent: none was. */
  readonly fallPercentPerMin?: number;
  /** The newest evidence that the grid was there, monotonic ms; absent: there never was any. */
  readonly lastGridMonoMs?: number;
  /** A person holds the shutdown back until then, monotonic ms, and why. */
  readonly held?: Hold;
  /** Nothing fresh from the station for longer than the limit. */
  readonly isBlind: boolean;
}

/** A person's word that hosts are not to go yet. */
export interface Hold {
  readonly untilMonoMs: number;
  readonly reason: string;
}

/** The longest debounce when the battery does not even last for an orderly shutdown any more, ms. */
export const PRESSED_DEBOUNCE_MS = 60_000;

/** Nothing was heard of it. */
export const NEW_STATION: StationState = {
  words: {},
  witnesses: new Map(),
  phases: new Map(),
  started: new Map(),
  samples: [],
  isBlind: false,
};

/** The four words for where a station as a whole stands, the worst of its groups first. */
const WORST_FIRST = ["shutting_down", "critical", "on_battery", "online", "unknown"] as const;

/** The phase of the group that is worst off. */
export function stationPhase({ phases }: Pick<StationState, "phases">): OutagePhase {
  const all = [...phases.values()];
  for (const kind of WORST_FIRST) {
    const found = all.find((phase) => phase.kind === kind);
    if (found) return found;
  }
  return { kind: "unknown" };
}

/** Since when the station is on battery, monotonic ms; undefined when it is not. */
export function onBatterySince({ phases }: Pick<StationState, "phases">): number | undefined {
  const since = [...phases.values()].flatMap((phase) =>
    phase.kind === "unknown" || phase.kind === "online" ? [] : [phase.sinceMonoMs]
  );
  return since.length > 0 ? Math.min(...since) : undefined;
}

/** The battery now; undefined while the grid is there or unknown. */
export function stationBattery(
  state: StationState,
  rules: HouseRules,
  nowMonoMs: number,
): Battery | undefined {
  if (state.verdict?.connected !== false) return undefined;
  return batteryNow(state, onBatterySince(state) ?? nowMonoMs, rules, nowMonoMs);
}

/** The charge to show: estimated on battery when it is old; on the grid only while it is fresh. */
export function shownCharge(state: StationState, rules: HouseRules, nowMonoMs: number): Charge | undefined {
  const battery = stationBattery(state, rules, nowMonoMs);
  if (battery) return battery.charge;
  const word = state.words.socPercent;
  if (!word || !isFresh(word, rules.staleAfterMs, nowMonoMs)) return undefined;
  return { percent: word.value, isEstimate: false };
}

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

/** The figures behind an event; what nobody knows is absent. */
export interface OutageNumbers {
  /** % */
  readonly soc?: number;
  readonly is_estimate?: boolean;
  readonly minutes_left?: number;
  readonly on_battery_s?: number;
}

/** What a step of a station means. */
export type StationEvent =
  | { readonly kind: "outage"; readonly event: OutageEvent; readonly numbers: OutageNumbers }
  | { readonly kind: "blind"; readonly isBlind: boolean; readonly onBattery: boolean }
  | { readonly kind: "disagreement"; readonly text: string }
  | { readonly kind: "stage"; readonly number: number; readonly reason: string };

/** Draws the conclusions from the words and the time. The same again changes nothing and tells nothing. */
export function stepStation(
  before: StationState,
  rules: HouseRules,
  station: StationRules,
  view: StageView,
  nowMonoMs: number,
): { readonly state: StationState; readonly events: readonly StationEvent[] } {
  const { staleAfterMs } = rules;
  const verdict = gridVerdict(
    before.words.grid,
    [...before.witnesses.values()],
    before.verdict,
    staleAfterMs,
    nowMonoMs,
  );
  const samples = samplesOf(before, verdict);
  const fallPercentPerMin = measuredFall(samples) ??
    (verdict.connected === false ? before.fallPercentPerMin : undefined);
  const lastGridMonoMs = verdict.connected ? verdict.evidenceMonoMs : before.lastGridMonoMs;
  const judged: StationState = { ...before, verdict, samples, fallPercentPerMin, lastGridMonoMs };
  const battery = stationBattery(judged, rules, nowMonoMs);
  const { phases, events: found } = stepGroups(judged, battery, rules, station, view, nowMonoMs);
  const { started, begun } = stepStages(station, phases, before.started, view, battery?.remaining, nowMonoMs);
  const isBlind = isBlindNow(judged, staleAfterMs, nowMonoMs);
  const state: StationState = { ...judged, phases, started, isBlind };
  const events: StationEvent[] = withoutRepeats(found).map((event) => ({
    kind: "outage",
    event,
    numbers: numbersOf(state, rules, battery, nowMonoMs),
  }));
  if (station.stages.length > 1) events.push(...begun.map(stageEvent));
  if (isBlind !== before.isBlind) {
    events.push({ kind: "blind", isBlind, onBattery: verdict.connected === false });
  }
  if (verdict.disagreement !== undefined && verdict.disagreement !== before.verdict?.disagreement) {
    events.push({ kind: "disagreement", text: verdict.disagreement });
  }
  return { state, events };
}

function numbersOf(
  state: StationState,
  rules: HouseRules,
  battery: Battery | undefined,
  nowMonoMs: number,
): OutageNumbers {
  const charge = shownCharge(state, rules, nowMonoMs);
  return {
    soc: charge && Math.round(charge.percent * 10) / 10,
    is_estimate: charge?.isEstimate,
    minutes_left: battery?.remaining && Math.floor(battery.remaining.minutes),
    on_battery_s: battery && Math.round(battery.onBatteryMs / 1000),
  };
}

function stageEvent({ number, reason }: StageStart): StationEvent {
  return { kind: "stage", number, reason };
}

function stepGroups(
  judged: StationState,
  battery: Battery | undefined,
  rules: HouseRules,
  station: StationRules,
  view: StageView,
  nowMonoMs: number,
): { readonly phases: ReadonlyMap<string, OutagePhase>; readonly events: readonly OutageEvent[] } {
  const { phases: before, verdict, words } = judged;
  const phases = new Map<string, OutagePhase>();
  const events: OutageEvent[] = [];
  // After a restart old words wait for fresh ones; a fresh word need not wait.
  const isSeen = isFresh(words.grid, rules.staleAfterMs, nowMonoMs);
  const hold = holdNow(judged, battery, station, view, nowMonoMs);
  const notBeforeMonoMs = isSeen ? -Infinity : rules.notBeforeMonoMs;
  let pulledBy: string | undefined;
  for (const { number, groups } of station.stages.toReversed()) {
    let triggered: string | undefined;
    for (const { key, triggers, debounceMs } of groups) {
      const needs = needsOf(station, number, debounceMs, view);
      const facts = {
        gridConnected: verdict?.connected,
        danger: battery && dangerReason(battery, triggers, needs),
        relief: battery && reliefReason(battery, triggers, needs),
        heldBack: hold?.reason,
        pulledBy,
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
    pulledBy ??= triggered;
  }
  return { phases, events };
}

/**
 * The debounce as it is now, ms: the owner's, but a minute at most when by fresh words the battery does not last for what is
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
 * left to do: a person's word of some minutes ago must not cost the hosts.
 */
export function holdNow(
  { held }: Pick<StationState, "held">,
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

function samplesOf({ words, samples }: StationState, { connected }: GridVerdict): readonly SocSample[] {
  if (connected !== false) return samples.length > 0 ? [] : samples;
  const { socPercent } = words;
  return socPercent
    ? addSample(samples, { atMonoMs: socPercent.atMonoMs, percent: socPercent.value })
    : samples;
}

function isBlindNow({ words, verdict }: StationState, staleAfterMs: number, nowMonoMs: number): boolean {
  if (freshestMonoMs(words) === undefined) return false;
  if (!isFresh(words.grid, staleAfterMs, nowMonoMs)) return true;
  return verdict?.connected === false && words.socPercent !== undefined &&
    !isFresh(words.socPercent, staleAfterMs, nowMonoMs);
}
