/** Mutants of an agent that no test can or need notice, by the reason. Pure. */

/** Each reason with its mutants. */
export const AGENT_SURVIVORS: readonly (readonly [reason: string, mutants: readonly string[]])[] = [
  [
    "an age from no date is no number, and no number is neither too old nor too new",
    [
      "agents/obey/verify.ts «if (issued_at === undefined) return undefined;» issued_at === undefined -> false",
    ],
  ],
  [
    "only plans that rest on the wall clock come here, and those have the time of their deadline",
    [
      "agents/alone/last_resort.ts «return deadline_at === undefined ? 0 : wallMs - Date.parse(deadline_at) - inForceAfterMs;» deadline_at === undefined -> false",
      "agents/alone/last_resort.ts «return deadline_at === undefined ? 0 : wallMs - Date.parse(deadline_at) - inForceAfterMs;» 0 -> 1",
    ],
  ],
  [
    "the larger of two delays is compared with ten minutes: 1 ms more than none is no difference",
    [
      "agents/alone/last_resort.ts «kept.by_wall ? lateByWall(plan, inForceMs - deadlineMs, now) : 0,» 0 -> 1",
    ],
  ],
  [
    "a bound of some thousand years",
    [
      "agents/alone/plan_keeper.ts «deadline_uptime_ms: v.optional(numberIn(-1e14, 1e14)),» 1e14 -> 100000000000001",
      "agents/alone/plan_keeper.ts «deadline_uptime_ms: v.optional(numberIn(-1e14, 1e14)),» 1e14 -> 100000000000001 (2)",
    ],
  ],
  [
    "a message that fitted no key ends none",
    [
      'agents/obey/admission.ts «if (found.kind === "good" && found.keyHex !== undefined && keyring.used(found.keyHex)) onKeysChanged();» && -> || (2)',
    ],
  ],
];
