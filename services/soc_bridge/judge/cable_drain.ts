/**
 * A charge that falls while the cable says "on line" and no cloud says how it is. A driver that hangs at OL looks so, and so does a
 * station that uses its battery on the grid: nothing is decided by it, and it is told. Pure.
 */
import { FALL_POINTS } from "./cable_doubt.ts";

/** A fall of so many points is told. */
export const DRAIN_POINTS = 10;

/** How the charge went while the cable alone says that the grid is there, %. */
export interface CableDrain {
  readonly fromSoc: number;
  /** The lowest since {@link CableDrain.fromSoc}. */
  readonly lowSoc: number;
}

/** What is said now. */
export interface OnLine {
  /** The cable's reading of the grid; undefined while it flaps or has not confirmed it. */
  readonly cable: boolean | undefined;
  /** The live cloud's reading: it explains the fall, or makes it a doubt of its own; undefined when it is not live, or does not tell. */
  readonly cloud: boolean | undefined;
  /** The newest charge, %; undefined when none was heard. */
  readonly soc: number | undefined;
  /** The battery is tested or calibrated: it falls on the grid. */
  readonly isTest: boolean;
}

/** Takes in what is said now. @returns undefined: the charge has no reason to be looked at */
export function stepDrain(
  before: CableDrain | undefined,
  { cable, cloud, soc, isTest }: OnLine,
): CableDrain | undefined {
  if (cable !== true || cloud !== undefined || isTest) return undefined;
  if (soc === undefined) return before;
  if (!before || soc > before.fromSoc || soc >= before.lowSoc + FALL_POINTS) {
    return { fromSoc: soc, lowSoc: soc };
  }
  return { ...before, lowSoc: Math.min(before.lowSoc, soc) };
}

/** Whether it fell so far that somebody should look. */
export function isDraining(drain: CableDrain | undefined): boolean {
  return drain !== undefined && drain.fromSoc - drain.lowSoc >= DRAIN_POINTS;
}
