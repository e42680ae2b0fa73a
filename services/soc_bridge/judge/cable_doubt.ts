/**
 * What the charge proves while a cable's reading of the grid is in doubt. Drivers are known that stay at OL through an outage, and
 * others that flap; a charge that falls then is a battery in use, whatever is said. Pure.
 */

/** A charge that fell by so many points in doubt is a battery in use; one that rose by as many again has the grid. */
export const FALL_POINTS = 2;

/** How the charge went since the doubt began, %. */
export interface CableDoubt {
  readonly fromSoc: number;
  /** The lowest since {@link CableDoubt.fromSoc}. */
  readonly lowSoc: number;
  /** The newest: one poll may say nonsense, so high and low are what two in a row have reached. */
  readonly lastSoc: number;
  /** One charge was heard so far. */
  readonly isFirst?: true;
}

/** What is said now. */
export interface Said {
  /** The cable's reading of the grid; undefined while it flaps or has not confirmed it. */
  readonly cable: boolean | undefined;
  /** The live cloud's reading; undefined when it is not live, or does not tell. */
  readonly cloud: boolean | undefined;
  /** The newest charge, %; undefined when none was heard. */
  readonly soc: number | undefined;
}

/**
 * Takes in what is said now.
 *
 * In doubt is a cable that says nothing of the grid while no live cloud sees it, and one that says "there" against a live cloud. A
 * cable that says nothing makes nothing worse than the cloud alone: stations use their battery on the grid too. A doubt in which the charge fell
 * outlives the cloud: only the cloud's agreement, the cable's own "gone" or a rising charge ends it.
 *
 * @returns undefined: there is no doubt
 */
export function stepDoubt(
  before: CableDoubt | undefined,
  { cable, cloud, soc }: Said,
): CableDoubt | undefined {
  if (cable === false || cloud === true) return undefined;
  const isDoubtful = cable === undefined || cloud === false;
  if (soc === undefined) return isDoubtful || isBatteryInUse(before) ? before : undefined;
  if (!before) return isDoubtful ? { fromSoc: soc, lowSoc: soc, lastSoc: soc, isFirst: true } : undefined;
  const high = Math.min(before.lastSoc, soc);
  const hasRisen = isBatteryInUse(before) && high >= before.lowSoc + FALL_POINTS;
  const next = before.isFirst || high > before.fromSoc || hasRisen
    ? { fromSoc: high, lowSoc: high, lastSoc: soc }
    : { ...before, lowSoc: Math.min(before.lowSoc, Math.max(before.lastSoc, soc)), lastSoc: soc };
  return isDoubtful || isBatteryInUse(next) ? next : undefined;
}

/** Whether the charge fell so far in doubt that the battery carries the house. */
export function isBatteryInUse(doubt: CableDoubt | undefined): boolean {
  return doubt !== undefined && doubt.fromSoc - doubt.lowSoc >= FALL_POINTS;
}
