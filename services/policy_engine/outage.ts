/** The lifecycle of one station's outage: from the last words and the time to the next phase and what it means. Pure. */
import type { Charge } from "./blind_estimate.ts";

/** Where a station stands. Times are monotonic ms. */
export type OutagePhase =
  /** Nobody has said whether the grid is there. */
  | { readonly kind: "unknown" }
  | { readonly kind: "online" }
  | { readonly kind: "on_battery"; readonly sinceMonoMs: number }
  /** On battery and the charge is low: the debounce runs. */
  | { readonly kind: "critical"; readonly sinceMonoMs: number; readonly criticalSinceMonoMs: number }
  | { readonly kind: "shutting_down"; readonly sinceMonoMs: number; readonly triggeredMonoMs: number };

/** What is known now. */
export interface OutageFacts {
  /** The last word, however old: silence is no evidence that anything changed. Absent: never heard. */
  readonly gridConnected?: boolean;
  /** Absent: never heard. */
  readonly charge?: Charge;
}

/** The owner's limits. */
export interface OutageRules {
  readonly socMinPercent: number;
  readonly debounceMs: number;
  /** No trigger before this time: after a restart, fresh words get a chance to arrive. */
  readonly notBeforeMonoMs: number;
}

/** What a step means, in the order in which it happened. */
export type OutageEvent =
  | { readonly kind: "grid_lost" }
  | { readonly kind: "grid_back" }
  | { readonly kind: "timer_started"; readonly reason: string }
  | { readonly kind: "timer_aborted"; readonly reason: string }
  | { readonly kind: "shutdown_triggered"; readonly reason: string }
  | { readonly kind: "called_off"; readonly reason: string };

/** After a trigger on battery, the charge must rise this far above the limit before hosts are called off, points. */
export const RISE_TO_CALL_OFF_POINTS = 5;
/** On battery with a charge that was never heard, this is how long to hope for a word, ms; then it counts as low. */
export const UNKNOWN_CHARGE_GRACE_MS = 600_000;

/** Takes the present facts in. Calling it again with the same facts and time changes nothing and tells nothing. */
export function stepOutage(
  phase: OutagePhase,
  facts: OutageFacts,
  rules: OutageRules,
  nowMonoMs: number,
): { readonly phase: OutagePhase; readonly events: readonly OutageEvent[] } {
  if (facts.gridConnected === undefined) return { phase, events: [] };
  if (facts.gridConnected) return { phase: { kind: "online" }, events: returned(phase) };
  const events: OutageEvent[] = [];
  let next: OutagePhase = phase;
  if (next.kind === "unknown" || next.kind === "online") {
    events.push({ kind: "grid_lost" });
    next = { kind: "on_battery", sinceMonoMs: nowMonoMs };
  }
  const { sinceMonoMs } = next;
  const low = lowReason(facts, rules, nowMonoMs - sinceMonoMs);
  if (next.kind === "shutting_down") {
    const rise = riseReason(facts, rules);
    if (!rise) return { phase: next, events };
    return {
      phase: { kind: "on_battery", sinceMonoMs },
      events: [...events, { kind: "called_off", reason: rise }],
    };
  }
  if (!low) {
    if (next.kind === "critical") events.push({ kind: "timer_aborted", reason: chargeText(facts) });
    // The same object when nothing changed, so that callers can compare.
    const same = next.kind === "on_battery" ? next : undefined;
    return { phase: same ?? { kind: "on_battery", sinceMonoMs }, events };
  }
  if (next.kind === "on_battery") {
    events.push({ kind: "timer_started", reason: low });
    next = { kind: "critical", sinceMonoMs, criticalSinceMonoMs: nowMonoMs };
  }
  const isOver = nowMonoMs - next.criticalSinceMonoMs >= rules.debounceMs &&
    nowMonoMs >= rules.notBeforeMonoMs;
  if (!isOver) return { phase: next, events };
  events.push({ kind: "shutdown_triggered", reason: low });
  return { phase: { kind: "shutting_down", sinceMonoMs, triggeredMonoMs: nowMonoMs }, events };
}

function returned(phase: OutagePhase): OutageEvent[] {
  const reason = "the grid is back";
  switch (phase.kind) {
    case "unknown":
    case "online":
      return [];
    case "on_battery":
      return [{ kind: "grid_back" }];
    case "critical":
      return [{ kind: "grid_back" }, { kind: "timer_aborted", reason }];
    case "shutting_down":
      return [{ kind: "grid_back" }, { kind: "called_off", reason }];
  }
}

/** Why the battery counts as low, or undefined when it does not. */
function lowReason(
  { charge }: OutageFacts,
  { socMinPercent }: OutageRules,
  onBatteryMs: number,
): string | undefined {
  if (!charge) {
    if (onBatteryMs < UNKNOWN_CHARGE_GRACE_MS) return undefined;
    return `the charge was never heard in ${UNKNOWN_CHARGE_GRACE_MS / 60_000} min on battery`;
  }
  if (charge.percent > socMinPercent) return undefined;
  return `${chargeWords(charge)} is at or below ${socMinPercent} %`;
}

/** An estimate can only fall, so it never calls anybody off. */
function riseReason({ charge }: OutageFacts, { socMinPercent }: OutageRules): string | undefined {
  if (!charge || charge.isEstimate || charge.percent <= socMinPercent + RISE_TO_CALL_OFF_POINTS) {
    return undefined;
  }
  return `${chargeWords(charge)} is well above ${socMinPercent} % again`;
}

function chargeText({ charge }: OutageFacts): string {
  return charge ? `${chargeWords(charge)} is above the limit` : "the charge is unknown";
}

/** `the charge of 9 %` or `the estimated charge of 9 %`. */
export function chargeWords({ percent, isEstimate }: Charge): string {
  return `the ${isEstimate ? "estimated " : ""}charge of ${Math.floor(percent * 10) / 10} %`;
}
