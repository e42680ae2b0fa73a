/** Mutants that no test can or need notice, each with the reason. Everything else that survives is a missing test. */
import { JUDGE_SURVIVORS } from "./judge_survivors.ts";
import { OUTAGE_SURVIVORS } from "./outage_survivors.ts";
import { RULES_SURVIVORS } from "./rules_survivors.ts";
import { SNAPSHOT_SURVIVORS } from "./snapshot_survivors.ts";

/** See the file comment; the reason by the mutant. */
export const EXPLAINED: ReadonlyMap<string, string> = new Map<string, string>([
  [
    "agents/obey/verify.ts «if (issued_at === undefined) return undefined;» issued_at === undefined -> false",
    "an age from no date is no number, and no number is neither too old nor too new",
  ],
  [
    "agents/alone/last_resort.ts «return deadline_at === undefined ? 0 : wallMs - Date.parse(deadline_at) - inForceAfterMs;» " +
    "deadline_at === undefined -> false",
    "only plans that rest on the wall clock come here, and those have the time of their deadline",
  ],
  [
    "agents/alone/last_resort.ts «kept.by_wall ? lateByWall(plan, inForceMs - deadlineMs, now) : 0,» 0 -> 1",
    "the larger of two delays is compared with ten minutes: 1 ms more than none is no difference",
  ],
  [
    "agents/alone/last_resort.ts «return deadline_at === undefined ? 0 : wallMs - Date.parse(deadline_at) - inForceAfterMs;» " +
    "0 -> 1",
    "only plans that rest on the wall clock come here, and those have the time of their deadline",
  ],
  [
    "agents/alone/plan_keeper.ts «deadline_uptime_ms: v.optional(numberIn(-1e14, 1e14)),» 1e14 -> 100000000000001",
    "a bound of some thousand years",
  ],
  [
    "agents/alone/plan_keeper.ts «deadline_uptime_ms: v.optional(numberIn(-1e14, 1e14)),» 1e14 -> 100000000000001 (2)",
    "a bound of some thousand years",
  ],
  [
    "services/cloud_bridge/session/session.ts «return Math.max(doubt, (this.#upMonoMs ?? 0) + this.parts.patienceMs);» " +
    "this.#upMonoMs ?? 0 -> (this.#upMonoMs)!",
    "nothing is scheduled before the connection is up",
  ],
  [
    "services/cloud_bridge/session/session.ts «return Math.max(doubt, (this.#upMonoMs ?? 0) + this.parts.patienceMs);» 0 -> 1",
    "nothing is scheduled before the connection is up",
  ],
  [
    "services/cloud_bridge/session/session.ts «const replyTopic = access.userId === undefined ? undefined : " +
    "appTopics.getReply(access.userId, sn);» access.userId === undefined -> false",
    "without a user no topic of an account is heard, so none is equal to the one that this makes",
  ],
  [
    "services/cloud_bridge/session/session.ts «if (!this.#asking || this.#upMonoMs === undefined) return;» " +
    "!this.#asking || this.#upMonoMs === undefined -> false",
    "the end of a session stops its timer: there is no tick without somebody to ask",
  ],
  [
    'services/cloud_bridge/session/session.ts «signal.addEventListener("abort", onAbort, { once: true });» true -> false',
    "an end that comes twice is one end, and the listener is taken away with the session",
  ],
  [
    "services/cloud_bridge/session/session.ts «this.#cancelTimer();» this.#cancelTimer(); -> ;",
    "the tick that follows puts its own timer in the place of the one for the subscriptions, and cancels that",
  ],
  [
    "services/cloud_bridge/session/session.ts «if (!this.#asking || this.#upMonoMs === undefined) return;» || -> &&",
    "the end of a session stops its timer: there is no tick without somebody to ask",
  ],
  [
    "services/cloud_bridge/session/session.ts «const doubt = this.#asking?.doubtMonoMs() ?? Infinity;» " +
    "this.#asking?.doubtMonoMs() ?? Infinity -> (this.#asking?.doubtMonoMs())!",
    "without somebody to ask the session is over, and no time is later than one that is no number",
  ],
  ...[...JUDGE_SURVIVORS, ...OUTAGE_SURVIVORS, ...RULES_SURVIVORS, ...SNAPSHOT_SURVIVORS].flatMap((
    [reason, mutants],
  ) => mutants.map((mutant) => [mutant, reason] as const)),
]);
