/** When the monthly drill is due. Pure. */

/** On a day of the month, from an hour on, in the machine's local time. */
export interface DrillSchedule {
  /** 1 to 28. */
  readonly day: number;
  /** 0 to 23. */
  readonly hour: number;
}

/** A clock that shows an earlier time was not set yet: a Pi without a network wakes up in the past. ms since 1970 */
const EARLIEST_WALL_MS = Date.UTC(2026, 0, 1);

/**
 * The month whose drill is due now, as `2026-11`; undefined when none is. A drill that could not be held on its day, from
 * its hour on, is left out for that month.
 *
 * @param lastMonth The month of the last drill that was begun by the schedule; absent: there was none
 */
export function dueMonth(
  { day, hour }: DrillSchedule,
  lastMonth: string | undefined,
  nowWallMs: number,
): string | undefined {
  if (nowWallMs < EARLIEST_WALL_MS) return undefined;
  const now = new Date(nowWallMs);
  if (now.getDate() !== day || now.getHours() < hour) return undefined;
  const month = `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}`;
  return month === lastMonth ? undefined : month;
}
