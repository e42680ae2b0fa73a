/** How fast the charge really falls: samples of the charge during one outage. Pure. */

/** One charge, when it was true. */
export interface SocSample {
  readonly atMonoMs: number;
  /** % */
  readonly percent: number;
}

/** A fall is measured over the last so many ms; older samples are dropped. */
export const FALL_WINDOW_MS = 600_000;
/** A fall over less time says little: stations round to whole points. ms */
export const FALL_SPAN_MS = 120_000;
/** No battery falls or rises faster than this, %/min: a jump is a correction, or fed by hand, and nothing is measured over it. */
export const FASTEST_PERCENT_PER_MIN = 10;
/** A step of this many points is no jump, however short the time: stations round. */
const ROUNDING_POINTS = 3;
/** Samples are at least this far apart, ms. */
const SAMPLE_EVERY_MS = 10_000;

/** Adds a charge, unless the last sample is nearly as new; drops what is too old, and all that is before a jump. */
export function addSample(samples: readonly SocSample[], sample: SocSample): readonly SocSample[] {
  const last = samples.at(-1);
  if (last && sample.atMonoMs - last.atMonoMs < SAMPLE_EVERY_MS) return samples;
  if (last && isJump(last, sample)) return [sample];
  return [...samples.filter(({ atMonoMs }) => sample.atMonoMs - atMonoMs <= FALL_WINDOW_MS), sample];
}

function isJump(before: SocSample, after: SocSample): boolean {
  const minutes = (after.atMonoMs - before.atMonoMs) / 60_000;
  const points = Math.abs(after.percent - before.percent);
  return points > Math.max(ROUNDING_POINTS, FASTEST_PERCENT_PER_MIN * minutes);
}

/**
 * The fall over the window, %/min, positive when the charge falls.
 *
 * @param fromMonoMs Samples before this time do not count
 * @returns undefined when there are too few samples to say
 */
export function measuredDischarge(samples: readonly SocSample[], fromMonoMs = -Infinity): number | undefined {
  const counted = samples.filter(({ atMonoMs }) => atMonoMs >= fromMonoMs);
  const [first, last] = [counted[0], counted.at(-1)];
  if (!first || !last || last.atMonoMs - first.atMonoMs < FALL_SPAN_MS) return undefined;
  return (first.percent - last.percent) / ((last.atMonoMs - first.atMonoMs) / 60_000);
}
