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

/** Whether the charge has risen, by however little, and not fallen since: what is measured meanwhile is no discharge. */
export function hasRisen(charge: UntoldCharge | undefined): boolean {
  return charge !== undefined && charge.highestPercent > charge.lowestPercent;
}

/** Why nothing is to be feared for now, for a person; undefined when nobody charges the battery. */
function chargedReason(charge: UntoldCharge | undefined): string | undefined {
  if (!charge || charge.highestPercent - charge.lowestPercent < CHARGED_POINTS) return undefined;
  return "the charge rises and the station does not tell the grid any more: perhaps it is back";
}

/** Why a battery counts as charged, so that nothing is critical, and how long it would count so if nothing more were heard. */
export interface Charging {
  /** For a person. */
  readonly reason: string;
  /** From now, ms; 0: no longer than the next reading. */
  readonly lastsMs: number;
}

/** What is known of a fresh charge. */
export interface FreshCharge {
  readonly percent: number;
  /** So long ago it was read, as far as the battery may have been drained since, ms. */
  readonly unseenMs: number;
  /** In so many ms it is too old to count as fresh. */
  readonly staleInMs: number;
  /** What the fall will be when nothing more is heard, %/min, more than 0. */
  readonly assumedDischargePercentPerMin: number;
}

/** Whether somebody charges the battery now; undefined when nobody does. It lasts until the charge is too old, or will have fallen. */
export function chargingNow(
  charge: UntoldCharge | undefined,
  { percent, unseenMs, staleInMs, assumedDischargePercentPerMin }: FreshCharge,
): Charging | undefined {
  const reason = chargedReason(charge);
  if (!charge || reason === undefined) return undefined;
  const points = percent - (charge.highestPercent - FALLEN_POINTS);
  const fallenInMs = points / assumedDischargePercentPerMin * 60_000 - unseenMs;
  return { reason, lastsMs: Math.max(0, Math.min(staleInMs, fallenInMs)) };
}
