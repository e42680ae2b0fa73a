/** The hours in which nobody is disturbed, by the clock on the wall. Pure. */
import { shownValue } from "../shown_value.ts";

/** From the first minute of `from` to before `to`, minutes since midnight, 0 to 1439; over midnight when from > to. */
export interface QuietHours {
  readonly from: number;
  readonly to: number;
}

/** Reads `22:00-07:00`. @throws Error saying what was wanted and seen */
export function parseQuietHours(text: string): QuietHours {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim());
  const [from, to] = match
    ? [Number(match[1]) * 60 + Number(match[2]), Number(match[3]) * 60 + Number(match[4])]
    : [0, 0];
  if (from === to) {
    throw new Error(`must be two different times such as 22:00-07:00, found ${shownValue(text)}`);
  }
  return { from, to };
}
