/** The groups of one station on their way through an outage: what each needs, and which one advances which. Pure. */
import type { Battery } from "./battery.ts";
import type { GridVerdict } from "./grid_verdict.ts";
import { type OutageEvent, type OutagePhase, stepOutage } from "./outage.ts";
import type { HouseRules, StationRules } from "../rules/rules.ts";
import { needFromMs, type StageView } from "./stages.ts";
import { criticalReason, type Needs, reliefReason } from "./triggers.ts";
import { batteryOf } from "./floor.ts";
import { type TimedStation, timerOf } from "./group_timer.ts";

/** What the groups must know of their station. */
export interface JudgedStation extends TimedStation {
  /** Group key to phase. */
  readonly phases: ReadonlyMap<string, OutagePhase>;
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

/** Takes the present facts into every group of the station, the last stage first: it advances the earlier ones. */
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
  const basis = { battery, rules, station, view, nowMonoMs };
  let advancedBy: string | undefined;
  for (const { number, groups } of station.stages.toReversed()) {
    let triggered: string | undefined;
    for (const group of groups) {
      const { key, triggers, debounceMs } = group;
      const own = battery && batteryOf(battery, group, judged.readings);
      const needs = needsOf(station, number, debounceMs, view);
      const facts = {
        gridConnected: verdict?.connected,
        isUnknown: unknownReason(verdict, station),
        critical: own && criticalReason(own, triggers, needs),
        relief: own && reliefReason(own, triggers, needs),
        isEstimated: own?.charge?.isEstimate,
        advancedBy,
      };
      const timer = timerOf(judged, number, group, basis);
      const step = stepOutage(before.get(key) ?? { kind: "unknown" }, facts, timer, nowMonoMs);
      phases.set(key, step.phase);
      events.push(
        ...step.events.map((event) =>
          event.kind === "timer_started" ? { ...event, hosts: group.hosts } : event
        ),
      );
      if (step.phase.kind === "shutting_down") triggered = step.phase.reason;
    }
    advancedBy ??= triggered;
  }
  return { phases, events: withoutRepeats(events) };
}

/** Why what was known of the grid counts no more; undefined: it does. */
function unknownReason(verdict: GridVerdict | undefined, { grid }: StationRules): string | undefined {
  if (grid === "off") return "the policy file says that this station's grid does not count";
  return verdict?.isUntold ? "the station does not tell the grid any more" : undefined;
}

/** Several groups see the same grid and are often critical together: each thing is told once, of a timer with all who go at its end. */
function withoutRepeats(events: readonly OutageEvent[]): readonly OutageEvent[] {
  const seen = new Map<string, OutageEvent>();
  for (const event of events) {
    const key = JSON.stringify({ ...event, hosts: undefined });
    const before = seen.get(key);
    const isTimer = event.kind === "timer_started" && before?.kind === "timer_started";
    // The last stage comes first here, and its hosts go last.
    const hosts = isTimer ? [...new Set([...event.hosts ?? [], ...before.hosts ?? []])] : undefined;
    seen.set(key, isTimer ? { ...event, hosts } : event);
  }
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
