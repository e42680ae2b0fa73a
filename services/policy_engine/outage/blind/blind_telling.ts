/** When somebody is told that nothing fresh comes from a station: at once, but after a start it is given time to speak. Pure. */

/** A station that is blind from the start on, by what the broker or an earlier run kept, is told of after this, ms. */
export const FIRST_WORD_MS = 15_000;

/** What is told of one station, and since when it would have to be. */
export interface BlindTelling {
  /** Something fresh was seen since the start. */
  readonly hasSeen: boolean;
  /** Blind since then, monotonic ms; absent: it is not. */
  readonly sinceMonoMs?: number;
  readonly isTold: boolean;
}

/** Nothing was heard yet. */
export const NOTHING_TOLD: BlindTelling = { hasSeen: false, isTold: false };

/** @param hasHeard Anybody has said anything of it, fresh or not */
export function stepBlindTelling(
  before: BlindTelling,
  { isBlind, hasHeard }: { readonly isBlind: boolean; readonly hasHeard: boolean },
  nowMonoMs: number,
): BlindTelling {
  if (!isBlind) return { hasSeen: before.hasSeen || hasHeard, isTold: false };
  const { hasSeen, sinceMonoMs = nowMonoMs } = before;
  return { hasSeen, sinceMonoMs, isTold: hasSeen || nowMonoMs - sinceMonoMs >= FIRST_WORD_MS };
}
