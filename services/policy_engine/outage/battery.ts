/** All that is known of a battery that carries the house: charge, minutes left, fall. Pure. */
import {
  type Charge,
  chargeOnBattery,
  dischargePercentPerMin,
  drainedSince,
} from "./blind/blind_estimate.ts";
import type { SocSample } from "./discharge_rate.ts";
import type { Readings } from "./readings.ts";
import { type Charging, chargingNow, type UntoldCharge } from "./blind/untold_charge.ts";

/** Minutes until the outputs go dark. */
export interface Remaining {
  readonly minutes: number;
  /** True: computed by us from old readings. */
  readonly isEstimate: boolean;
}

/**
 * Whether the battery lasts for what is to be done, as far as anybody knows.
 *
 * @param remaining Absent: nobody knows, and nothing is hurried for that
 * @param needMs What is to be done takes so long, ms
 */
export function lastsFor(remaining: Remaining | undefined, needMs: number): boolean {
  return remaining === undefined || remaining.minutes * 60_000 > needMs;
}

/** A battery during an outage. A value that nobody can tell is absent. */
export interface Battery {
  readonly charge?: Charge;
  readonly remaining?: Remaining;
  readonly onBatteryMs: number;
  /** The charge at which the station switches off by itself, %; 0 when it does not say. */
  readonly floorPercent: number;
  /** What the fall will be when nothing more is heard, %/min, pessimistic. */
  readonly assumedDischargePercentPerMin: number;
  /** So long the battery has been drained since the reading that the charge still shows, ms; absent: no time. */
  readonly unseenMs?: number;
  /** In so many ms the battery counts as empty when nothing more is heard; absent: no charge was heard. */
  readonly countsAsEmptyInMs?: number;
  readonly samples: readonly SocSample[];
  readonly sinceMonoMs: number;
  /** Somebody charges it, by fresh readings, in an outage of which nobody knows whether it goes on; absent: nobody does. */
  readonly charging?: Charging;
}

/** See the file comment. */
export function batteryNow(
  { readings, samples, dischargePercentPerMin: measured, lastGridMonoMs, untoldCharge }: {
    readonly readings: Readings;
    readonly samples: readonly SocSample[];
    /** Measured, %/min; absent: unknown. */
    readonly dischargePercentPerMin?: number;
    /** When the grid was last known to be there, monotonic ms; absent: unknown. */
    readonly lastGridMonoMs?: number;
    /** How the charge went since the station does not tell the grid any more; absent: it tells it. */
    readonly untoldCharge?: UntoldCharge;
  },
  floorPercent: number,
  sinceMonoMs: number,
  limits: { readonly staleAfterMs: number; readonly blindLimitMs: number },
  nowMonoMs: number,
): Battery {
  const basis = {
    ...limits,
    lastGridMonoMs,
    measuredDischargePercentPerMin: measured,
  };
  const said = withoutOldMinutes(readings, sinceMonoMs);
  const charge = chargeOnBattery(said, nowMonoMs, basis);
  const drainedMs = drainedSince(said, basis, nowMonoMs);
  const assumedDischargePercentPerMin = dischargePercentPerMin(said, basis);
  return {
    charge,
    remaining: remainingOf(said, charge, {
      floorPercent,
      assumedDischargePercentPerMin,
      sinceMonoMs,
      measured,
    }),
    onBatteryMs: nowMonoMs - sinceMonoMs,
    floorPercent,
    assumedDischargePercentPerMin,
    unseenMs: charge?.isEstimate ? 0 : drainedMs,
    countsAsEmptyInMs: drainedMs === undefined ? undefined : Math.max(0, limits.blindLimitMs - drainedMs),
    samples,
    sinceMonoMs,
    charging: said.socPercent && !charge?.isEstimate
      ? chargingNow(untoldCharge, {
        percent: said.socPercent.value,
        unseenMs: drainedMs ?? 0,
        staleInMs: said.socPercent.atMonoMs + limits.staleAfterMs - nowMonoMs,
        assumedDischargePercentPerMin,
      })
      : undefined,
  };
}

/**
 * Minutes until the outputs go dark, to be shown: where nothing better is known, at the fall that is assumed when nothing is
 * heard. That is no reason to act on: what acts is `remaining`. undefined when no charge was ever heard.
 */
export function minutesToShow(
  { remaining, charge, floorPercent, assumedDischargePercentPerMin }: Battery,
): number | undefined {
  if (remaining) return remaining.minutes;
  return charge && Math.max(0, charge.percent - floorPercent) / assumedDischargePercentPerMin;
}

/** What a station said of its minutes while it had the grid is no guide to this outage. */
function withoutOldMinutes(readings: Readings, sinceMonoMs: number): Readings {
  const { dischargeMin } = readings;
  return dischargeMin && dischargeMin.atMonoMs < sinceMonoMs
    ? { ...readings, dischargeMin: undefined }
    : readings;
}

/**
 * The station's own reading while it is fresh; one from before the outage, or of 0 minutes, tells nothing: stations say so
 * while they charge. Then load and energy, then the fall that was seen, then nothing; blind, the estimate at its assumed
 * fall.
 */
function remainingOf(
  { dischargeMin, outWatts, batteryWh }: Readings,
  charge: Charge | undefined,
  { floorPercent, assumedDischargePercentPerMin, sinceMonoMs, measured = 0 }:
    & Pick<Battery, "floorPercent" | "assumedDischargePercentPerMin" | "sinceMonoMs">
    & { readonly measured?: number },
): Remaining | undefined {
  if (!charge) return undefined;
  const usablePercent = Math.max(0, charge.percent - floorPercent);
  if (charge.isEstimate) return { minutes: usablePercent / assumedDischargePercentPerMin, isEstimate: true };
  if (dischargeMin && dischargeMin.value > 0) {
    return { minutes: dischargeMin.value, isEstimate: false };
  }
  if (
    outWatts && batteryWh && batteryWh.value > 0 && outWatts.value > 0 && outWatts.atMonoMs >= sinceMonoMs
  ) {
    return { minutes: usablePercent / 100 * batteryWh.value / outWatts.value * 60, isEstimate: false };
  }
  return measured > 0 ? { minutes: usablePercent / measured, isEstimate: false } : undefined;
}
