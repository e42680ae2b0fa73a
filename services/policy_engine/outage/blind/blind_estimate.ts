/** The charge of a battery that nobody reports any more: pessimistic, from the last reading, load and energy. Pure. */
import { isFresh, type Readings, suggestedFall } from "../readings.ts";

/** The charge to act on. */
export interface Charge {
  /** %, 0 to 100. */
  readonly percent: number;
  /** True: estimated, because the station's last reading is too old. */
  readonly isEstimate: boolean;
  /** True: the reading is so old that the battery counts as empty. */
  readonly isTooOld?: boolean;
}

/** What an estimate rests on. */
export interface EstimateBasis {
  /** A reading younger than this is taken as it is, ms. */
  readonly staleAfterMs: number;
  /** An estimate from a reading older than this is worth nothing, ms. */
  readonly blindLimitMs: number;
  /** When the grid was last known to be there: before it, a charge does not fall. Monotonic ms; absent: unknown. */
  readonly lastGridMonoMs?: number;
  /** Fall that was measured while the station still spoke, %/min. */
  readonly measuredDischargePercentPerMin?: number;
}

/** Loads rise and old batteries hold less than they say: the estimate falls this much faster than computed. */
export const PESSIMISM = 1.25;
/** Fall of a battery of which neither load nor energy is known, %/min: full to empty in 50 minutes. */
export const UNKNOWN_DISCHARGE_PERCENT_PER_MIN = 2;
/** The slowest fall that is assumed, %/min: a day from full to empty, for the station's own electronics. */
export const SLOWEST_DISCHARGE_PERCENT_PER_MIN = 100 / 1440;

/**
 * The charge now, on battery.
 *
 * While the station's reading is at most `staleAfterMs` old, that reading. After it, the reading less what will have been drawn
 * since, and never more than the reading.
 *
 * @returns undefined when no charge was ever heard: that is unknown, not full
 */
export function chargeOnBattery(
  readings: Readings,
  nowMonoMs: number,
  basis: EstimateBasis,
): Charge | undefined {
  const reading = readings.socPercent;
  if (!reading) return undefined;
  if (isFresh(reading, basis.staleAfterMs, nowMonoMs)) return { percent: reading.value, isEstimate: false };
  const drainedMs = drainedSince(readings, basis, nowMonoMs) ?? 0;
  if (drainedMs > basis.blindLimitMs) return { percent: 0, isEstimate: true, isTooOld: true };
  const percent = reading.value - dischargePercentPerMin(readings, basis) * drainedMs / 60_000;
  return { percent: Math.max(0, percent), isEstimate: true };
}

/** For how long the battery has been drained since its charge was read, ms, at least 0; undefined when it never was read. */
export function drainedSince(
  { socPercent }: Readings,
  { lastGridMonoMs = -Infinity }: Pick<EstimateBasis, "lastGridMonoMs">,
  nowMonoMs: number,
): number | undefined {
  return socPercent && Math.max(0, nowMonoMs - Math.max(socPercent.atMonoMs, lastGridMonoMs));
}

/** A fall that was told so much earlier than the charge says nothing of the load now, ms. */
export const TOLD_FALL_LASTS_MS = 600_000;

/**
 * The fastest of what the last readings suggest, %/min, made pessimistic.
 *
 * A load or minutes that the station took back, shortly before it fell silent, can only make the estimate faster.
 */
export function dischargePercentPerMin(
  readings: Readings,
  { measuredDischargePercentPerMin = 0 }: Pick<EstimateBasis, "measuredDischargePercentPerMin"> = {},
): number {
  const suggested = suggestedFall(readings);
  const known = [suggested ?? 0, measuredDischargePercentPerMin].filter((rate) => rate > 0);
  const takenBack = suggested === undefined ? toldFall(readings) * PESSIMISM : 0;
  const unknown = suggested === undefined && known.length === 0 ? UNKNOWN_DISCHARGE_PERCENT_PER_MIN : 0;
  return Math.max(
    SLOWEST_DISCHARGE_PERCENT_PER_MIN,
    unknown,
    takenBack,
    ...known.map((rate) => rate * PESSIMISM),
  );
}

/** What the station last told of its fall, %/min; 0 when it told nothing of the time of its charge. */
function toldFall({ socPercent, fallPercentPerMin: told }: Readings): number {
  if (!socPercent || !told || socPercent.atMonoMs - told.atMonoMs > TOLD_FALL_LASTS_MS) return 0;
  return told.value;
}
