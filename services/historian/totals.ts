/** What a station measured over some time: sums weighted by time, so that totals can be added up. Pure. */

/** One quantity over some time. */
export interface Quantity {
  /** Value times seconds. */
  readonly area: number;
  /** For how long it was known, s. */
  readonly seconds: number;
  readonly min: number;
  readonly max: number;
}

/** Everything that is kept of one station over some time. */
export interface Totals {
  /** For how long anything live was known, s. */
  readonly seconds: number;
  /** %, W (everything that comes in, of it at the AC and at the DC input), W, and 1 with the grid or 0 without; absent: never known. */
  readonly soc?: Quantity;
  readonly inWatts?: Quantity;
  readonly acInWatts?: Quantity;
  readonly dcInWatts?: Quantity;
  readonly outWatts?: Quantity;
  readonly grid?: Quantity;
}

/** What a station says at one moment; absent: not known. */
export interface Moment {
  readonly soc?: number;
  readonly inWatts?: number;
  readonly acInWatts?: number;
  readonly dcInWatts?: number;
  readonly outWatts?: number;
  readonly grid?: boolean;
}

/** Nothing was known. */
export const NO_TOTALS: Totals = { seconds: 0 };

/** A moment that lasted so long. */
export function totalsOf(
  { soc, inWatts, acInWatts, dcInWatts, outWatts, grid }: Moment,
  seconds: number,
): Totals {
  const quantity = (value: number | undefined): Quantity | undefined =>
    value === undefined ? undefined : { area: value * seconds, seconds, min: value, max: value };
  return {
    seconds,
    soc: quantity(soc),
    inWatts: quantity(inWatts),
    acInWatts: quantity(acInWatts),
    dcInWatts: quantity(dcInWatts),
    outWatts: quantity(outWatts),
    grid: quantity(grid === undefined ? undefined : Number(grid)),
  };
}

/** Both together. */
export function addTotals(a: Totals, b: Totals): Totals {
  return {
    seconds: a.seconds + b.seconds,
    soc: addQuantities(a.soc, b.soc),
    inWatts: addQuantities(a.inWatts, b.inWatts),
    acInWatts: addQuantities(a.acInWatts, b.acInWatts),
    dcInWatts: addQuantities(a.dcInWatts, b.dcInWatts),
    outWatts: addQuantities(a.outWatts, b.outWatts),
    grid: addQuantities(a.grid, b.grid),
  };
}

function addQuantities(a: Quantity | undefined, b: Quantity | undefined): Quantity | undefined {
  if (!a || !b) return a ?? b;
  return {
    area: a.area + b.area,
    seconds: a.seconds + b.seconds,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

/** The average; undefined when it was never known. */
export function averageOf(quantity: Quantity | undefined): number | undefined {
  return quantity && quantity.seconds > 0 ? quantity.area / quantity.seconds : undefined;
}
