/** The figures of many samples. */

/** Of one quantity, all in its unit. */
export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** Sorts and reads off; the p99 of n samples is the one at place ceil(0.99 n). @throws RangeError without samples */
export function distributionOf(samples: readonly number[]): Distribution {
  if (samples.length === 0) throw new RangeError("Cannot describe samples: must be at least one, found none");
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
  return { count: sorted.length, min: sorted[0] ?? NaN, median: at(0.5), p99: at(0.99), max: at(1) };
}
