/** Times in the snapshot: as ages, because monotonic time begins anew with every process. Pure. */
import * as v from "valibot";
import { numberIn } from "../../../lib/messages/parse.ts";

const LONGEST_AGE_MS = 1e12;

/** How long ago, ms, 0 or more. */
export const age = numberIn(0, LONGEST_AGE_MS);

/** How long before the snapshot a station or host was written down, ms; absent: with it. */
export const notedAge = v.optional(age);

/** Turns an age, ms, into a monotonic time of this process; 0 when absent. */
export type AtAge = (ageMs?: number) => number;

/** Always a whole number, 0 or more. */
export function ageOf(atMonoMs: number, nowMonoMs: number): number {
  return Math.min(LONGEST_AGE_MS, Math.max(0, Math.round(nowMonoMs - atMonoMs)));
}
