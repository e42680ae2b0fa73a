/** The charge of a battery that nobody reports any more: pessimistic, from the last word, load and energy. Pure. */
import type { Words } from "./words.ts";

/** The charge to act on. */
export interface Charge {
  /** %, 0 to 100. */
  readonly percent: number;
  /** True: estimated, because the station's last word is too old. */
  readonly isEstimate: boolean;
}

/** Loads rise and old batteries hold less than they say: the estimate falls this much faster than computed. */
export const PESSIMISM = 1.25;
/** Fall of a battery of which neither load nor energy is known, %/min: full to empty in 50 minutes. */
export const UNKNOWN_FALL_PERCENT_PER_MIN = 2;
/** The slowest fall that is assumed, %/min: a day from full to empty, for the station's own electronics. */
export const SLOWEST_FALL_PERCENT_PER_MIN = 100 / 1440;

/**
 * The charge now, on battery.
 *
 * While the station's word is younger than `staleAfterMs`, that word. After it, the word less what will have been drawn
 * since, and never more than the word.
 *
 * @returns undefined when no charge was ever heard: that is unknown, not full
 */
export function chargeOnBattery(words: Words, nowMonoMs: number, staleAfterMs: number): Charge | undefined {
  const word = words.socPercent;
  if (!word) return undefined;
  const ageMs = nowMonoMs - word.atMonoMs;
  if (ageMs <= staleAfterMs) return { percent: word.value, isEstimate: false };
  const percent = word.value - fallPercentPerMin(words) * ageMs / 60_000;
  return { percent: Math.max(0, percent), isEstimate: true };
}

/** The fastest of what the last words suggest, %/min, made pessimistic. */
export function fallPercentPerMin({ socPercent, dischargeMin, outWatts, batteryWh }: Words): number {
  const suggested: number[] = [];
  if (socPercent && dischargeMin && dischargeMin.value > 0) {
    suggested.push(socPercent.value / dischargeMin.value);
  }
  if (outWatts && batteryWh && batteryWh.value > 0) {
    suggested.push(outWatts.value / batteryWh.value * 100 / 60);
  }
  if (suggested.length === 0) return UNKNOWN_FALL_PERCENT_PER_MIN;
  return Math.max(SLOWEST_FALL_PERCENT_PER_MIN, Math.max(...suggested) * PESSIMISM);
}
