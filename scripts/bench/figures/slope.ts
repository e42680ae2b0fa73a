/** The straight line through samples, and how sure it is. Pure. */

/** A slope with its standard error, in units of y for one of x. */
export interface Slope {
  readonly perUnit: number;
  /** One standard deviation of {@link Slope.perUnit}; the samples are taken as independent. */
  readonly error: number;
}

/** The least-squares line. @throws RangeError with fewer than three samples, or when all have the same x */
export function slopeOf(samples: readonly { readonly x: number; readonly y: number }[]): Slope {
  const n = samples.length;
  if (n < 3) throw new RangeError(`Cannot fit a line: must be at least three samples, found ${n}`);
  const meanX = samples.reduce((sum, { x }) => sum + x, 0) / n;
  const meanY = samples.reduce((sum, { y }) => sum + y, 0) / n;
  const squares = samples.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (squares === 0) throw new RangeError("Cannot fit a line: all samples have the same x");
  const perUnit = samples.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / squares;
  const residual = samples.reduce((sum, { x, y }) => sum + (y - meanY - perUnit * (x - meanX)) ** 2, 0);
  return { perUnit, error: Math.sqrt(residual / (n - 2) / squares) };
}

/** Whether the slope may as well be nothing: within two standard errors of 0. */
export function isFlat({ perUnit, error }: Slope): boolean {
  return Math.abs(perUnit) <= 2 * error;
}
