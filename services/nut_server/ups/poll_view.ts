/**
 * One poll of a client sees one moment. Clients ask one variable after the other and judge them together. Without this, the grid
 * could go between "no runtime, with the grid" and "on battery". WinNUT would take that for an empty battery. Pure.
 */

/** So long a poll may take, ms: clients ask its variables within milliseconds, and begin the next some seconds later. */
export const POLL_MS = 1500;

/** What clients judge together; a forced shutdown is never held back by this. */
const JUDGED: readonly string[] = ["battery.charge", "battery.runtime"];
/** What is then told of the same moment. */
const OF_ONE_MOMENT: readonly string[] = [...JUDGED, "ups.status"];

/** What a session was told of a UPS, and when the poll began. */
export interface PollView<T> {
  readonly ups: string;
  readonly atMonoMs: number;
  readonly seen: T;
}

/**
 * What this question is answered from.
 *
 * @param words The line, as `GET VAR ups battery.charge`
 * @param now How it looks at this moment
 * @returns `poll` is to be remembered; the same as before when this question begins none
 */
export function viewOfPoll<T>(
  poll: PollView<T> | undefined,
  words: readonly string[],
  ups: string,
  now: T,
  nowMonoMs: number,
): { readonly poll: PollView<T> | undefined; readonly seen: T } {
  const [verb = "", what = "", , name = ""] = words;
  const isGet = verb.toUpperCase() === "GET" && what.toUpperCase() === "VAR";
  if (!isGet || !OF_ONE_MOMENT.includes(name)) return { poll, seen: now };
  const goesOn = poll?.ups === ups && nowMonoMs - poll.atMonoMs < POLL_MS;
  if (goesOn) return { poll, seen: poll.seen };
  return JUDGED.includes(name)
    ? { poll: { ups, atMonoMs: nowMonoMs, seen: now }, seen: now }
    : { poll, seen: now };
}
