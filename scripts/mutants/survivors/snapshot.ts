/** Mutants of the snapshot that no test can or need notice, by the reason. Pure. */

/** Each reason with its mutants. */
export const SNAPSHOT_SURVIVORS: readonly (readonly [reason: string, mutants: readonly string[]])[] = [
  [
    "1 ms within ages that are counted in seconds and minutes is no difference, and most are given",
    [
      "services/policy_engine/snapshot/snapshot.ts «const at: AtAge = (ageMs = 0) => nowMonoMs - ageMs - countedMs;» 0 -> 1",
      "services/policy_engine/snapshot/snapshot.ts «hosts.set(name, { phase: toHostPhase(saved, (ageMs = 0) => at(ageMs + notedMs)) });» 0 -> 1",
      "services/policy_engine/snapshot/snapshot.ts «stations.set(name, toStation(saved, (ageMs = 0) => at(ageMs + notedMs), when));» 0 -> 1",
    ],
  ],
  [
    "a second one for the same moment takes the first one's place",
    [
      "services/policy_engine/snapshot/keeper.ts «if (this.#cancelRest && this.#storesMonoMs <= atMonoMs) return;» <= -> <",
    ],
  ],
  [
    "without an earlier offset nothing was stored yet, and it is stored for that",
    [
      "services/policy_engine/snapshot/keeper.ts «const hasJumped = Math.abs(offsetMs - (this.#writtenOffsetMs ?? offsetMs)) > JUMP_MS;» this.#writtenOffsetMs ?? offsetMs -> (this.#writtenOffsetMs)!",
    ],
  ],
  [
    "no answer is neither of the two that are looked for",
    [
      "services/policy_engine/snapshot/power_return.ts «const histories = agents.flatMap((agent) => this.#histories.get(agent) ?? []);» this.#histories.get(agent) ?? [] -> (this.#histories.get(agent))!",
    ],
  ],
];
