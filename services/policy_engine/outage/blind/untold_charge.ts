/**
 * Whether somebody charges the battery in an outage that goes on only because the station does not tell the grid any more: then
 * perhaps the grid is back, and no host is to go down. A charge that falls again ends that at once. Pure.
 */

/** The lowest charge since it began, or since the last fall, and the highest since then, %. */
export interface UntoldCharge {
  readonly lowestPercent: number;
  readonly highestPercent: number;
}

/** A charge that rises so far is no rounding, points. */
export const CHARGED_POINTS = 2;
/** A charge that falls so far from its highest is not charged any more, points. */
export const FALLEN_POINTS = 1;

/** Takes a fresh charge in. @param before Absent: it is the first */
export function followCharge(before: UntoldCharge | undefined, percent: number): UntoldCharge {
  if (!before || percent < before.lowestPercent || percent <= before.highestPercent - FALLEN_POINTS) {
    return { lowestPercent: percent, highestPercent: percent };
  }
  return { ...before, highestPercent: Math.max(before.highestPercent, percent) };
}

/** Why nothing is to be feared for now, for a person; undefined when nobody charges the battery. */
export function chargedReason(charge: UntoldCharge | undefined): string | undefined {
  if (!charge || charge.highestPercent - charge.lowestPercent < CHARGED_POINTS) return undefined;
  return "the charge rises and the station does not tell the grid any more: perhaps it is back";
}
