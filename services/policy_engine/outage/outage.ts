/** The lifecycle of one outage for one group of hosts: from what is known now to the next phase and its meaning. Pure. */
import { freeMonoMs, type Timer, timerEndMonoMs } from "./timer.ts";

/** Where a group stands. Times are monotonic ms. */
export type OutagePhase =
  /** Nobody has said whether the grid is there. */
  | { readonly kind: "unknown" }
  | { readonly kind: "online"; readonly sinceMonoMs: number }
  | { readonly kind: "on_battery"; readonly sinceMonoMs: number }
  /** On battery and critical: the debounce runs. */
  | { readonly kind: "critical"; readonly sinceMonoMs: number; readonly criticalSinceMonoMs: number }
  | {
    readonly kind: "shutting_down";
    readonly sinceMonoMs: number;
    readonly triggeredMonoMs: number;
    readonly reason: string;
  };

/** What is known now. */
export interface OutageFacts {
  /** The last reading, however old: silence is no evidence that anything changed. Absent: never heard. */
  readonly gridConnected?: boolean;
  /** What was known counts no more, and why; absent: it does. */
  readonly isUnknown?: string;
  /** Why the battery is critical, on battery; absent: it is not. */
  readonly critical?: string;
  /** Why hosts that were told may stay up, still on battery; absent: they may not. */
  readonly relief?: string;
  /** The charge is an estimate: it may start a timer, and never ends one. Absent: it was told. */
  readonly isEstimated?: boolean;
  /** Why the group must go at once, without a debounce of its own: a later stage goes already. */
  readonly advancedBy?: string;
}

/** What a step means, in the order in which it happened. */
export type OutageEvent =
  | { readonly kind: "grid_lost" }
  | { readonly kind: "grid_back" }
  /** `endsInMs`: how long it runs if nothing changes; 0: it is over. `hosts`: who is told then; absent: not said by one group alone. */
  | {
    readonly kind: "timer_started";
    readonly reason: string;
    readonly endsInMs: number;
    readonly hosts?: readonly string[];
  }
  | { readonly kind: "timer_aborted"; readonly reason: string }
  | { readonly kind: "shutdown_triggered"; readonly reason: string }
  | { readonly kind: "called_off"; readonly reason: string };

interface Step {
  readonly phase: OutagePhase;
  readonly events: readonly OutageEvent[];
}

/** Takes the present facts in. Calling it again with the same facts and time changes nothing and tells nothing. */
export function stepOutage(
  phase: OutagePhase,
  facts: OutageFacts,
  timer: Timer,
  nowMonoMs: number,
): Step {
  if (facts.gridConnected === undefined) {
    if (facts.isUnknown === undefined) return { phase, events: [] };
    return { phase: { kind: "unknown" }, events: ended(phase, facts.isUnknown) };
  }
  if (facts.gridConnected) {
    return {
      phase: phase.kind === "online" ? phase : { kind: "online", sinceMonoMs: nowMonoMs },
      events: returned(phase),
    };
  }
  if (phase.kind !== "unknown" && phase.kind !== "online") {
    return stepOnBattery(phase, facts, timer, nowMonoMs);
  }
  const first = stepOnBattery({ kind: "on_battery", sinceMonoMs: nowMonoMs }, facts, timer, nowMonoMs);
  return { phase: first.phase, events: [{ kind: "grid_lost" }, ...first.events] };
}

type OnBattery = Exclude<OutagePhase, { kind: "unknown" | "online" }>;

function stepOnBattery(phase: OnBattery, facts: OutageFacts, timer: Timer, nowMonoMs: number): Step {
  const { critical, relief, advancedBy } = facts;
  const { hold } = timer;
  const { sinceMonoMs } = phase;
  const events: OutageEvent[] = [];
  if (phase.kind === "shutting_down" && hold) {
    // The debounce was waited out before; only the hold is waited for.
    const criticalSinceMonoMs = phase.triggeredMonoMs - timer.debounceMs;
    return {
      phase: { kind: "critical", sinceMonoMs, criticalSinceMonoMs },
      events: [{ kind: "called_off", reason: hold.reason }],
    };
  }
  if (phase.kind === "shutting_down") {
    if (advancedBy !== undefined || relief === undefined) return { phase, events };
    return { phase: { kind: "on_battery", sinceMonoMs }, events: [{ kind: "called_off", reason: relief }] };
  }
  const down = (reason: string): OutagePhase => ({
    kind: "shutting_down",
    sinceMonoMs,
    triggeredMonoMs: nowMonoMs,
    reason,
  });
  if (advancedBy !== undefined && nowMonoMs >= freeMonoMs(timer)) {
    return { phase: down(advancedBy), events: [{ kind: "shutdown_triggered", reason: advancedBy }] };
  }
  // What a later stage's shutdown would have done at once counts as critical while somebody holds it back.
  // An estimate can rise when what it rests on changes, and the battery with it cannot: a running timer goes on.
  const isStillCritical = phase.kind === "critical" && facts.isEstimated === true;
  const reason = critical ?? (hold ? advancedBy : undefined) ??
    (isStillCritical ? STILL_CRITICAL : undefined);
  if (reason === undefined) {
    if (phase.kind === "on_battery") return { phase, events };
    const cause = "the battery is above its limits";
    return { phase: { kind: "on_battery", sinceMonoMs }, events: [{ kind: "timer_aborted", reason: cause }] };
  }
  let next: OnBattery & { kind: "critical" };
  if (phase.kind === "critical") next = phase;
  else {
    const endsInMs = Math.max(0, timerEndMonoMs(nowMonoMs, timer) - nowMonoMs);
    events.push({ kind: "timer_started", reason, endsInMs });
    next = { kind: "critical", sinceMonoMs, criticalSinceMonoMs: nowMonoMs };
  }
  if (nowMonoMs < timerEndMonoMs(next.criticalSinceMonoMs, timer)) return { phase: next, events };
  return { phase: down(reason), events: [...events, { kind: "shutdown_triggered", reason }] };
}

/** Why hosts go down at the end of a timer whose trigger only an estimate took back. */
const STILL_CRITICAL = "the battery was at its limit, and nobody has told its charge since";

function returned(phase: OutagePhase): OutageEvent[] {
  if (phase.kind === "unknown" || phase.kind === "online") return [];
  return [{ kind: "grid_back" }, ...ended(phase, "the grid is back")];
}

function ended(phase: OutagePhase, reason: string): OutageEvent[] {
  switch (phase.kind) {
    case "critical":
      return [{ kind: "timer_aborted", reason }];
    case "shutting_down":
      return [{ kind: "called_off", reason }];
    default:
      return [];
  }
}
