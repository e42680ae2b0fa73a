/** Whether an agent that lost the daemon must shut its host down by itself. Pure. */
import type { AgentPlan } from "../../lib/messages/agent/plan.ts";

/** A plan with what its arrival showed. Times of the host: uptime, ms since its start, sleep included. */
export interface KeptPlan {
  readonly plan: AgentPlan;
  /** The boot in which it arrived, or was found again. */
  readonly boot_id: string;
  /** The deadline by this host's uptime in that boot, ms; absent when the plan has none. */
  readonly deadline_uptime_ms?: number;
  /** True when the deadline rests on the wall clock: the plan was old when it came, or is from an earlier boot. */
  readonly by_wall: boolean;
  /** True when this host was told to go down while it held; only a later boot takes notice of it. */
  readonly was_followed?: boolean;
  /** True when this host was started again after it: whoever started it knew better. */
  readonly is_void?: boolean;
}

/** One look at the host's clocks. */
export interface HostNow {
  readonly bootId: string;
  readonly uptimeMs: number;
  /** Wall time, ms since 1970; may be wrong. */
  readonly wallMs: number;
}

/** Whether the daemon can be reached, which takes the broker, and the daemon at the broker. */
export type Reach =
  | { readonly kind: "reachable" }
  | {
    readonly kind: "lost";
    /** Since when, by the host's uptime, ms. */
    readonly sinceUptimeMs: number;
    /** How much of that time the host was awake, ms. */
    readonly awakeMs: number;
    /** False: this run of the agent never reached it. */
    readonly wasReached: boolean;
  };

/** What is to be done, with the reason for a log line. */
export type Verdict =
  | { readonly kind: "nothing"; readonly code: Calm; readonly why: string }
  | { readonly kind: "wait"; readonly leftMs: number }
  | { readonly kind: "shut_down"; readonly why: string };

/** Why nothing is to be done. */
export type Calm = "no_plan" | "online" | "no_deadline" | "void" | "reachable" | "too_late";

/** The rules' numbers. */
export interface LastResortRules {
  /** The daemon must be lost for so long, awake, before anything is done, ms. */
  readonly graceMs: number;
}

/** After the agent's start, nothing is done for this long unless the daemon was reached before, ms: brokers boot slowly. */
export const FIRST_GRACE_MS = 300_000;
/** A moment to act that passed longer ago was slept through, or no agent ran: then it is too late to be right, ms. */
export const TOO_LATE_MS = 600_000;

/**
 * A plan as it came over the broker.
 *
 * A live one counts from now, on a clock that no correction moves. One that the broker had kept is old by an unknown
 * time: there the wall clock decides, but never for longer than the plan was good for at its making.
 */
export function keepPlan(plan: AgentPlan, isRetained: boolean, now: HostNow): KeptPlan {
  return anchored(plan, isRetained, now);
}

/** A plan found on disk: as it was in the same boot; by the wall clock in a later one. */
export function recallPlan(kept: KeptPlan, now: HostNow): KeptPlan {
  if (kept.boot_id === now.bootId) return kept;
  const { deadline_at } = kept.plan;
  const bootWallMs = now.wallMs - now.uptimeMs;
  const isOver = deadline_at !== undefined && Date.parse(deadline_at) < bootWallMs;
  return { ...anchored(kept.plan, true, now), is_void: kept.is_void || kept.was_followed || isOver };
}

function anchored(plan: AgentPlan, byWall: boolean, now: HostNow): KeptPlan {
  const { deadline_at, deadline_in_s } = plan;
  const wallLeftMs = deadline_at === undefined ? undefined : Date.parse(deadline_at) - now.wallMs;
  const fullMs = deadline_in_s === undefined ? undefined : deadline_in_s * 1000;
  const leftMs = byWall || fullMs === undefined
    ? wallLeftMs === undefined ? fullMs : Math.min(wallLeftMs, fullMs ?? Infinity)
    : fullMs;
  const isByWall = (byWall || fullMs === undefined) && wallLeftMs !== undefined;
  return {
    plan,
    boot_id: now.bootId,
    deadline_uptime_ms: leftMs === undefined ? undefined : now.uptimeMs + leftMs,
    by_wall: isByWall,
  };
}

/**
 * Whether the newer of two verified plans is `next`. A kept plan from a clock that ran ahead must not win for ever.
 *
 * @param nowWallMs Wall time, ms since 1970
 */
export function replaces(next: AgentPlan, kept: AgentPlan, nowWallMs: number): boolean {
  const nextMs = Date.parse(next.issued_at);
  const keptMs = Date.parse(kept.issued_at);
  if (nextMs > keptMs) return true;
  const FROM_THE_FUTURE_MS = 120_000;
  return keptMs > nowWallMs + FROM_THE_FUTURE_MS && Math.abs(nextMs - nowWallMs) <= FROM_THE_FUTURE_MS;
}

/** See the file comment. */
export function lastResort(
  kept: KeptPlan | undefined,
  reach: Reach,
  now: HostNow,
  rules: LastResortRules,
): Verdict {
  if (!kept) return nothing("no_plan", "there is no plan");
  const { plan, deadline_uptime_ms: deadlineMs } = kept;
  if (plan.state === "online") return nothing("online", "the plan says online");
  if (deadlineMs === undefined) return nothing("no_deadline", "the plan has no deadline");
  if (kept.is_void) return nothing("void", "this host went down under that plan and was started again");
  if (reach.kind === "reachable") return nothing("reachable", "the daemon can be reached and decides");
  const graceMs = reach.wasReached ? rules.graceMs : Math.max(FIRST_GRACE_MS, rules.graceMs);
  const actAtMs = Math.max(deadlineMs, reach.sinceUptimeMs + graceMs);
  // A plan that was in force until the daemon was lost is followed however old its deadline is by then.
  const inForceMs = reach.wasReached ? actAtMs : deadlineMs + graceMs;
  const lateMs = Math.max(
    now.uptimeMs - inForceMs,
    kept.by_wall ? lateByWall(plan, inForceMs - deadlineMs, now) : 0,
  );
  if (lateMs > TOO_LATE_MS) {
    const seconds = Math.round(lateMs / 1000);
    return nothing(
      "too_late",
      `the moment to act passed ${seconds} s ago, while this host slept or no agent ran`,
    );
  }
  const leftMs = Math.max(actAtMs - now.uptimeMs, graceMs - reach.awakeMs);
  if (leftMs > 0) return { kind: "wait", leftMs };
  const awakeSec = Math.round(reach.awakeMs / 1000);
  return {
    kind: "shut_down",
    why: `on battery, its deadline is over, the daemon not reached for ${awakeSec} s`,
  };
}

/** A host without a clock battery may have begun in the past, and learnt later how old the plan is. */
function lateByWall({ deadline_at }: AgentPlan, inForceAfterMs: number, { wallMs }: HostNow): number {
  return deadline_at === undefined ? 0 : wallMs - Date.parse(deadline_at) - inForceAfterMs;
}

function nothing(code: Calm, why: string): Verdict {
  return { kind: "nothing", code, why };
}
