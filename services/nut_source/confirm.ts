/** When OL and OB of a driver are believed: said twice, and not while the driver flaps. Pure. */

/** More changes than this within {@link FLAP_WINDOW_MS} are flapping. */
export const FLAP_CHANGES = 4;
/** See {@link FLAP_CHANGES}, ms. */
export const FLAP_WINDOW_MS = 10 * 60_000;
/**
 * What was said is confirmed by the same answer within this time, ms, five polls of 3 s: a server that answers every second one
 * would never be believed on battery.
 */
export const SAID_LASTS_MS = 15_000;

/** What a driver said so far. */
export interface Confirmed {
  /** The last grid that was said, once or more; absent: none yet, or the last answer had none. */
  readonly said?: boolean;
  /** When {@link Confirmed.said} was said, monotonic ms. */
  readonly saidMonoMs?: number;
  /** What was said twice in a row. Absent: nothing yet. */
  readonly grid?: boolean;
  /** Whether it changes too often to be believed. */
  readonly isFlapping: boolean;
  /** When it changed within the window, monotonic ms. */
  readonly changedMonoMs: readonly number[];
  /** The last grid that was said at all, to count changes. */
  readonly before?: boolean;
}

/** Before the first answer. */
export const NOTHING_SAID: Confirmed = { isFlapping: false, changedMonoMs: [] };

/**
 * Takes one answer in.
 *
 * @param said undefined: neither OL nor OB, or both
 * @returns with `grid` only when this answer confirms the one before
 */
export function stepConfirmed(state: Confirmed, said: boolean | undefined, nowMonoMs: number): Confirmed {
  const isChange = said !== undefined && state.before !== undefined && said !== state.before;
  const changedMonoMs = [...state.changedMonoMs, ...(isChange ? [nowMonoMs] : [])]
    .filter((at) => nowMonoMs - at < FLAP_WINDOW_MS).slice(-100);
  const isFlapping = changedMonoMs.length > FLAP_CHANGES;
  const isTwice = said !== undefined && said === state.said &&
    nowMonoMs - (state.saidMonoMs ?? -Infinity) <= SAID_LASTS_MS;
  return {
    ...(said === undefined ? {} : { said, saidMonoMs: nowMonoMs }),
    ...(isTwice && !isFlapping ? { grid: said } : {}),
    isFlapping,
    changedMonoMs,
    before: said ?? state.before,
  };
}
