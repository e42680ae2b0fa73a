/** Mutants of the cloud session that no test can or need notice, by the reason. Pure. */

/** Each reason with its mutants. */
export const CLOUD_SURVIVORS: readonly (readonly [reason: string, mutants: readonly string[]])[] = [
  [
    "nothing is scheduled before the connection is up",
    [
      "services/cloud_bridge/session/session.ts «return Math.max(doubt, (this.#upMonoMs ?? 0) + this.parts.patienceMs);» this.#upMonoMs ?? 0 -> (this.#upMonoMs)!",
      "services/cloud_bridge/session/session.ts «return Math.max(doubt, (this.#upMonoMs ?? 0) + this.parts.patienceMs);» 0 -> 1",
    ],
  ],
  [
    "without a user no topic of an account is heard, so none is equal to the one that this makes",
    [
      "services/cloud_bridge/session/session.ts «const replyTopic = access.userId === undefined ? undefined : appTopics.getReply(access.userId, sn);» access.userId === undefined -> false",
    ],
  ],
  [
    "the end of a session stops its timer: there is no tick without somebody to ask",
    [
      "services/cloud_bridge/session/session.ts «if (!this.#asking || this.#upMonoMs === undefined) return;» !this.#asking || this.#upMonoMs === undefined -> false",
      "services/cloud_bridge/session/session.ts «if (!this.#asking || this.#upMonoMs === undefined) return;» || -> &&",
    ],
  ],
  [
    "an end that comes twice is one end, and the listener is taken away with the session",
    [
      'services/cloud_bridge/session/session.ts «signal.addEventListener("abort", onAbort, { once: true });» true -> false',
    ],
  ],
  [
    "the tick that follows puts its own timer in the place of the one for the subscriptions, and cancels that",
    [
      "services/cloud_bridge/session/session.ts «this.#cancelTimer();» this.#cancelTimer(); -> ;",
    ],
  ],
  [
    "without somebody to ask the session is over, and no time is later than one that is no number",
    [
      "services/cloud_bridge/session/session.ts «const doubt = this.#asking?.doubtMonoMs() ?? Infinity;» this.#asking?.doubtMonoMs() ?? Infinity -> (this.#asking?.doubtMonoMs())!",
    ],
  ],
];
