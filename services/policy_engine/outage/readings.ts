/** What a station last said that the policy acts on, each reading with the time of its evidence. Pure. */
import type { OutagePort, PowerState } from "../../../lib/messages/power_state.ts";

/** A value with the monotonic time at which it was true, as far as anybody knows. */
export interface Reading<T> {
  readonly value: T;
  readonly atMonoMs: number;
  /** It was said to an earlier run of ours: its age is a guess, and it is never shown as live. */
  readonly isFromBefore?: true;
  /** The latest time at which it can have been said, when `atMonoMs` is not sure: only what is newer than this replaces it. */
  readonly latestMonoMs?: number;
}

/** Whether a reading may be taken as the present truth; a missing one may not. */
export function isFresh(
  reading: Reading<unknown> | undefined,
  staleAfterMs: number,
  nowMonoMs: number,
): boolean {
  return reading !== undefined && !reading.isFromBefore && nowMonoMs - reading.atMonoMs <= staleAfterMs;
}

/** The last readings of one station; a reading that was never heard is absent. */
export interface Readings {
  readonly grid?: Reading<boolean>;
  /** State of charge, %. */
  readonly socPercent?: Reading<number>;
  /** Minutes to empty as the station estimates them. */
  readonly dischargeMin?: Reading<number>;
  /** What leaves the station, W. */
  readonly outWatts?: Reading<number>;
  /**
   * The last fall that the station's minutes (on battery), or its load and energy, told, %/min; it stays when the station takes those
   * back.
   */
  readonly fallPercentPerMin?: Reading<number>;
  /** Energy of a full battery, Wh. */
  readonly batteryWh?: Reading<number>;
  /** The station's own discharge limit, %: there it switches its outputs off. */
  readonly minSocPercent?: Reading<number>;
  /** Outlets that the station switches off at a charge of their own. */
  readonly outagePorts?: Reading<readonly OutagePort[]>;
  /** The newest that was said of anything. */
  readonly spoke?: Reading<true>;
  /** There while the station speaks, told the grid once and does not tell it any more. */
  readonly gridUntold?: Reading<true>;
  /** There while its table was chosen by a guess. */
  readonly modelGuess?: Reading<true>;
  /** There while what it says is played: it is true of no station. */
  readonly simulated?: Reading<true>;
}

/** How a state reached us. */
export interface Arrival {
  readonly atMonoMs: number;
  /** Wall time of arrival, ms since 1970; a hint only. */
  readonly atWallMs: number;
  /** The broker kept it from before: it is older than it says, by an unknown time if the clocks are off. */
  readonly retained: boolean;
}

/** A retained state without a believable time is at least this old, ms. */
export const UNKNOWN_AGE_MS = 3_600_000;

/**
 * Takes a state in. Minutes that the bridge doubts are not taken: they would trigger alone. A reading replaces an earlier one only if its evidence is newer, so that a repeated old state changes
 * nothing. A state without ages, as people feed it by hand, is as fresh as its arrival.
 *
 * Minutes and load are of the moment: a newer state that does not say them takes them back. Grid and charge stay, as the
 * last that was known of them, and so does what does not change by itself.
 *
 * A "no grid" of unknown age, or an hour old, begins no outage: the broker kept it and most likely the power came back
 * since and switched us on, or it is a late repetition. What we remember ourselves of an outage is in the snapshot.
 */
export function mergeState(readings: Readings, state: PowerState, arrival: Arrival): Readings {
  // Who says himself that his readings are old, but not how old, is believed as little as a broker that kept them.
  const isAgeless = (state.link ?? "live") !== "live" && state.age_s === undefined;
  const waitedMs = arrival.retained || isAgeless ? retainedAgeMs(state, arrival.atWallMs) : 0;
  const at = (ageSec: number | undefined) => arrival.atMonoMs - waitedMs - (ageSec ?? 0) * 1000;
  const evidence = at(state.age_s);
  const isAgeKnown = waitedMs === 0;
  // A late repetition brings back nothing that was taken back since; after a restart grid and charge know how late it is.
  const newestMonoMs = Math.max(readings.spoke?.atMonoMs ?? -Infinity, freshestMonoMs(readings) ?? -Infinity);
  const isNewest = evidence >= newestMonoMs;
  const moment = <T>(before: Reading<T> | undefined, value: T | undefined) =>
    isNewest ? ofTheMoment(before, value, evidence) : before;
  const gridAgeMs = waitedMs + (state.grid_age_s ?? state.age_s ?? 0) * 1000;
  const isOldLoss = gridAgeMs >= UNKNOWN_AGE_MS && state.grid_connected === false &&
    readings.grid?.value !== false;
  const merged: Readings = {
    grid: isOldLoss
      ? readings.grid
      : newer(readings.grid, state.grid_connected, at(state.grid_age_s ?? state.age_s), isAgeKnown),
    socPercent: newer(readings.socPercent, state.soc, at(state.soc_age_s ?? state.age_s)),
    dischargeMin: moment(
      readings.dischargeMin,
      state.discharge_min_doubtful ? undefined : state.discharge_min,
    ),
    outWatts: moment(readings.outWatts, state.out_watts),
    batteryWh: newer(readings.batteryWh, state.battery_wh, evidence),
    minSocPercent: newer(readings.minSocPercent, state.min_soc, evidence),
    outagePorts: newer(readings.outagePorts, state.outage_ports, evidence),
    // A decoder that has not heard the station says so from time to time, and that is no reading of the station.
    spoke: isAgeless ? readings.spoke : newer(readings.spoke, true, evidence),
    gridUntold: isStillUntold(readings, state)
      ? readings.gridUntold
      : moment(readings.gridUntold, state.grid_unknown ? true as const : undefined),
    modelGuess: moment(readings.modelGuess, state.model_guess ? true as const : undefined),
    simulated: moment(readings.simulated, state.simulated),
  };
  return {
    ...merged,
    fallPercentPerMin: newer(readings.fallPercentPerMin, fallToldBy(state, merged), evidence),
  };
}

/**
 * After a restart of all, nobody but us remembers that the station once told the grid: one that speaks and says nothing of it does
 * not tell it still.
 */
function isStillUntold({ gridUntold }: Readings, { grid_connected, grid_unknown }: PowerState): boolean {
  return gridUntold?.isFromBefore === true && grid_connected === undefined && !grid_unknown;
}

/** The fall that this state itself tells, %/min: a late repetition tells one too, of its own time. */
function fallToldBy(state: PowerState, { batteryWh, grid }: Readings): number | undefined {
  const of = <T>(value: T | undefined) => value === undefined ? undefined : { value, atMonoMs: 0 };
  const isOnGrid = (state.grid_connected ?? grid?.value) === true;
  return suggestedFall({
    socPercent: of(state.soc),
    dischargeMin: isOnGrid || state.discharge_min_doubtful ? undefined : of(state.discharge_min),
    outWatts: of(state.out_watts),
    batteryWh: of(state.battery_wh) ?? batteryWh,
  });
}

/** From full to empty in a second, %/min: minutes or energy of next to nothing say no faster fall, up or down. */
const FASTEST_TOLD_PERCENT_PER_MIN = 6000;

/**
 * The fastest fall that the readings suggest, %/min: by the station's own minutes, or by load and energy.
 *
 * @returns undefined when there is neither
 */
export function suggestedFall(
  { socPercent, dischargeMin, outWatts, batteryWh }: Readings,
): number | undefined {
  const byMinutes = socPercent && dischargeMin && dischargeMin.value > 0
    ? [socPercent.value / dischargeMin.value]
    : [];
  const byLoad = outWatts && batteryWh && batteryWh.value > 0
    ? [outWatts.value / batteryWh.value * 100 / 60]
    : [];
  const suggested = [...byMinutes, ...byLoad];
  if (suggested.length === 0) return undefined;
  const fastest = FASTEST_TOLD_PERCENT_PER_MIN;
  return Math.max(-fastest, Math.min(fastest, Math.max(...suggested)));
}

/** When anything that the policy acts on was last true; undefined when nothing was heard. */
export function freshestMonoMs({ grid, socPercent }: Readings): number | undefined {
  const times = [grid, socPercent].flatMap((reading) => reading ? [reading.atMonoMs] : []);
  return times.length > 0 ? Math.max(...times) : undefined;
}

/** The reading that has the newer evidence; silence on it changes nothing. */
function newer<T>(
  before: Reading<T> | undefined,
  value: T | undefined,
  atMonoMs: number,
  isAgeKnown = false,
): Reading<T> | undefined {
  return value === undefined ? before : ofTheMoment(before, value, atMonoMs, isAgeKnown);
}

/** The same, but newer silence takes the reading back. */
function ofTheMoment<T>(
  before: Reading<T> | undefined,
  value: T | undefined,
  atMonoMs: number,
  isAgeKnown = false,
): Reading<T> | undefined {
  if (before && (before.latestMonoMs ?? before.atMonoMs) > atMonoMs) {
    // Before a restart that made its age a guess the same was said: that it holds is sure now, up to this time at least.
    const isSame = value !== undefined && value === before.value;
    // A guess may also be later than what is said now, with an age that is known: or a reading of a minute ago would never be fresh.
    const isGuess = before.isFromBefore && before.latestMonoMs !== undefined && isAgeKnown;
    return isSame && (isGuess || atMonoMs > before.atMonoMs)
      ? { value, atMonoMs, latestMonoMs: before.latestMonoMs }
      : before;
  }
  return value === undefined ? undefined : { value, atMonoMs };
}

/** Never negative: a state from the future is from a clock that is off. */
function retainedAgeMs({ ts }: PowerState, nowWallMs: number): number {
  const sinceMs = ts === undefined ? NaN : nowWallMs - Date.parse(ts);
  return sinceMs >= 0 && sinceMs < UNKNOWN_AGE_MS ? sinceMs : UNKNOWN_AGE_MS;
}
