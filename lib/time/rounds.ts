/** Visits a list once a period in batches, so that no pass blocks the event loop, and more seldom while time alone changes nothing. */
import type { Cancel, Clock } from "./clock.ts";

/** As many are visited in one go: a house of ordinary size at once. */
export const AT_ONCE = 25;

/** When a round may be put off. In a quiet house the timers of rounds are most of what wakes a thread. */
export interface Rest {
  /** A round comes at the latest so long after the one before, ms. */
  readonly longestMs: number;
  /** When time alone may change something, monotonic ms: the next round is put off until then, but no round is earlier than its period. */
  dueMonoMs(): number;
}

/** Rounds that go on. */
export interface Rounds {
  /** Something happened: time alone may change something from then on, monotonic ms. */
  dueAt(monoMs: number): void;
  /** Ends them. */
  readonly cancel: Cancel;
}

/**
 * Visits all items every `periodMs`, the first time after one period; more than {@link AT_ONCE} are spread over the period. A
 * round that takes longer than its period ends before the next begins, so that the last ones are never left out.
 *
 * @param items Asked for at the beginning of each round
 * @param visit Hears each item once a round; an empty list when there is nothing, so that a round is always noticed
 * @param alsoDo What else is done once a round: a timer of its own would wake the thread a second time
 * @param rest Absent: no round is put off
 */
export function goRound<T>(
  clock: Pick<Clock, "monoMs" | "after">,
  periodMs: number,
  items: () => Iterable<T>,
  visit: (some: readonly T[]) => void,
  alsoDo: () => void = () => {},
  rest?: Rest,
): Rounds {
  let cancelNext: Cancel = () => {};
  let cancelRound: Cancel = () => {};
  let isUnderWay = false;
  /** When the last round was due, and when the next one is. */
  let lastMonoMs = clock.monoMs();
  let nextMonoMs = lastMonoMs;
  const visitFrom = (all: readonly T[], from: number) => {
    const to = from + AT_ONCE;
    isUnderWay = to < all.length;
    if (isUnderWay) {
      const parts = Math.ceil(all.length / AT_ONCE);
      cancelNext = clock.after(periodMs / parts, () => visitFrom(all, to));
    }
    visit(all.slice(from, to));
  };
  const arm = (atMonoMs: number) => {
    cancelRound();
    nextMonoMs = atMonoMs;
    cancelRound = clock.after(atMonoMs - clock.monoMs(), round);
  };
  const dueMonoMs = () => rest ? Math.min(rest.dueMonoMs(), lastMonoMs + rest.longestMs) : -Infinity;
  const round = () => {
    const nowMonoMs = clock.monoMs();
    // A machine that slept does not make up for what it missed.
    lastMonoMs = nowMonoMs - nextMonoMs < periodMs ? nextMonoMs : nowMonoMs;
    try {
      if (!isUnderWay) visitFrom([...items()], 0);
    } finally {
      try {
        alsoDo();
      } finally {
        arm(Math.max(dueMonoMs(), lastMonoMs + periodMs));
      }
    }
  };
  arm(lastMonoMs + periodMs);
  return {
    dueAt(monoMs) {
      const atMonoMs = Math.max(monoMs, lastMonoMs + periodMs);
      if (atMonoMs < nextMonoMs) arm(atMonoMs);
    },
    cancel() {
      cancelRound();
      cancelNext();
    },
  };
}
