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
/** Samples are at least this far apart, ms. */
const SAMPLE_EVERY_MS = 10_000;

/** Adds a charge, unless the last sample is nearly as new; drops what is too old. */
export function addSample(samples: readonly SocSample[], sample: SocSample): readonly SocSample[] {
  const last = samples.at(-1);
  if (last && sample.atMonoMs - last.atMonoMs < SAMPLE_EVERY_MS) return samples;
  return [...samples.filter(({ atMonoMs }) => sample.atMonoMs - atMonoMs <= FALL_WINDOW_MS), sample];
}

/**
 * The fall over the window, %/min, positive when the charge falls.
 *
 * @param fromMonoMs Samples before this time do not count
 * @returns undefined when there are too few samples to say
 */
export function measuredFall(samples: readonly SocSample[], fromMonoMs = -Infinity): number | undefined {
  const counted = samples.filter(({ atMonoMs }) => atMonoMs >= fromMonoMs);
  const [first, last] = [counted[0], counted.at(-1)];
  if (!first || !last || last.atMonoMs - first.atMonoMs < FALL_SPAN_MS) return undefined;
  return (first.percent - last.percent) / ((last.atMonoMs - first.atMonoMs) / 60_000);
}
