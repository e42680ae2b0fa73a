/**
 * Whether an agent that is called online was heard to say so. A broker keeps "online" over a cut of power that took host and broker
 * together: nobody was left to say that the host is gone. An agent that keeps plans says its status anew with each plan, so one that
 * does not answer the plan that was said since is not there. Pure but for its own memory; times are monotonic ms.
 */

/** So long an agent has to answer a plan, ms: also one that is just connecting again. */
export const ANSWER_MS = 60_000;

/** See the file comment. */
export class KeptPresence {
  /** Agents of whom "online" was only kept, each with the time of the first plan that was said since. */
  readonly #kept = new Map<string, { readonly askedMonoMs?: number }>();
  /** Agents that said that they are online, and which plan they keep. */
  readonly #proven = new Set<string>();
  /** When each was told a plan that it has not answered yet: what the broker kept may come after that. */
  readonly #asked = new Map<string, number>();

  /**
   * What an agent says of itself, or the broker of it.
   *
   * @param isLive It was said now, and not kept by the broker from before
   * @param namesPlan It keeps plans: whoever names none does not answer them
   */
  heard(
    agent: string,
    { online, isLive, namesPlan }: {
      readonly online: boolean;
      readonly isLive: boolean;
      readonly namesPlan: boolean;
    },
  ): void {
    this.#proven.delete(agent);
    if (isLive) this.#asked.delete(agent);
    if (online && namesPlan && isLive) this.#proven.add(agent);
    if (!online || !namesPlan || isLive) this.#kept.delete(agent);
    else if (!this.#kept.has(agent)) this.#kept.set(agent, { askedMonoMs: this.#asked.get(agent) });
  }

  /** The broker is back: who was online may have gone meanwhile, and the broker with it. Each is told its plan anew. */
  linkIsUp(): void {
    this.#asked.clear();
    for (const agent of this.#proven) this.#kept.set(agent, {});
    for (const agent of this.#kept.keys()) this.#kept.set(agent, {});
  }

  /** The broker took a plan for this agent. */
  planSaid(agent: string, nowMonoMs: number): void {
    if (!this.#asked.has(agent)) this.#asked.set(agent, nowMonoMs);
    const kept = this.#kept.get(agent);
    if (kept && kept.askedMonoMs === undefined) this.#kept.set(agent, { askedMonoMs: nowMonoMs });
  }

  /** The agents that are called online and did not answer. */
  unanswered(nowMonoMs: number): readonly string[] {
    return [...this.#kept].filter(([, { askedMonoMs = Infinity }]) => nowMonoMs - askedMonoMs >= ANSWER_MS)
      .map(([agent]) => agent);
  }
}
