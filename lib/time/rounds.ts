/** Visits a list once a period in batches, so that no pass blocks the event loop. */
import type { Cancel, Clock } from "./clock.ts";

/** As many are visited in one go: a house of ordinary size at once. */
export const AT_ONCE = 25;

/**
 * Visits all items every `periodMs`, the first time after one period; more than {@link AT_ONCE} are spread over the period. A
 * round that takes longer than its period ends before the next begins, so that the last ones are never left out.
 *
 * @param items Asked for at the beginning of each round
 * @param visit Hears each item once a round; an empty list when there is nothing, so that a round is always noticed
 * @param alsoDo What else is done once a period: a timer of its own would wake the thread a second time
 */
export function goRound<T>(
  clock: Clock,
  periodMs: number,
  items: () => Iterable<T>,
  visit: (some: readonly T[]) => void,
  alsoDo: () => void = () => {},
): Cancel {
  let cancelNext: Cancel = () => {};
  let isUnderWay = false;
  const visitFrom = (all: readonly T[], from: number) => {
    const to = from + AT_ONCE;
    isUnderWay = to < all.length;
    if (isUnderWay) {
      const parts = Math.ceil(all.length / AT_ONCE);
      cancelNext = clock.after(periodMs / parts, () => visitFrom(all, to));
    }
    visit(all.slice(from, to));
  };
  const cancelRounds = clock.every(periodMs, () => {
    try {
      if (!isUnderWay) visitFrom([...items()], 0);
    } finally {
      alsoDo();
    }
  });
  return () => {
    cancelRounds();
    cancelNext();
  };
}
