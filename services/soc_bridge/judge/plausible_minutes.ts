/** Whether the minutes that a station says can be true, by its charge, energy and load. Pure. */

/** Minutes that are off by more than this factor are doubtful. */
export const MINUTES_DOUBT_FACTOR = 3;
/** No station empties itself faster, %/min: the fastest takes 20 minutes. */
export const FASTEST_FALL_PERCENT_PER_MIN = 10;
/** Where the limit is not known it may be as high as the app can set it, %. */
const HIGHEST_MIN_SOC = 30;
/** What the station itself draws beside its load, W: 4 to 25 W were seen. */
const OWN_USE_WATTS = 15;
/** Losses of inverter and battery on top of the load. */
const LOSS_FACTOR = 1.1;

/** What is known of a station that runs on its battery; absent is unknown. */
export interface MinutesFacts {
  /** Minutes to empty as the station says. */
  readonly dischargeMin: number | undefined;
  /** %, of the whole. */
  readonly soc: number | undefined;
  /** %, where the station switches off; unknown counts as 0. */
  readonly minSoc: number | undefined;
  /** Energy when full, Wh. */
  readonly wattHours: number | undefined;
  /** Leaving the station by all outlets together, W. */
  readonly outWatts: number | undefined;
  /** Leaving it by some of them, where the whole is not known, W. */
  readonly leastOutWatts?: number | undefined;
  /** Coming from sun or car, W; unknown counts as 0. */
  readonly dcInWatts: number | undefined;
}

/**
 * True when charge, energy and load contradict the minutes by more than {@link MINUTES_DOUBT_FACTOR}: too few for the whole
 * load down to the limit, or too many for what the sun leaves of it down to nothing: not all count to the limit. A part of the
 * load makes minutes too many, and never too few. Too few for any
 * station are doubtful whatever is known. False when they agree, and when too little is known to say.
 */
export function areMinutesDoubtful(facts: MinutesFacts): boolean {
  const { dischargeMin, soc, minSoc = 0, wattHours = 0, outWatts, dcInWatts = 0 } = facts;
  if (dischargeMin === undefined || soc === undefined) return false;
  const leastPercent = soc - (facts.minSoc ?? HIGHEST_MIN_SOC);
  if (leastPercent > dischargeMin * FASTEST_FALL_PERCENT_PER_MIN) return true;
  const leastWatts = outWatts ?? facts.leastOutWatts;
  if (wattHours <= 0 || leastWatts === undefined) return false;
  const minutesOf = (percent: number, watts: number) =>
    wattHours * Math.max(0, percent) / 100 * 60 / (Math.max(0, watts) * LOSS_FACTOR + OWN_USE_WATTS);
  const isTooFew = outWatts !== undefined &&
    dischargeMin * MINUTES_DOUBT_FACTOR < minutesOf(soc - minSoc, outWatts);
  return isTooFew || dischargeMin > minutesOf(soc, leastWatts - dcInWatts) * MINUTES_DOUBT_FACTOR;
}
