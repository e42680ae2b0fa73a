/** All that is known of a battery that carries the house: charge, minutes left, fall. Pure. */
import { type Charge, chargeOnBattery, fallPercentPerMin } from "./blind_estimate.ts";
import type { SocSample } from "./discharge_rate.ts";
import type { Words } from "./readings.ts";

/** Minutes until the outputs go dark. */
export interface Remaining {
  readonly minutes: number;
  /** True: computed by us from old words. */
  readonly isEstimate: boolean;
}

/** A battery during an outage. A value that nobody can tell is absent. */
export interface Battery {
  readonly charge?: Charge;
  readonly remaining?: Remaining;
  readonly onBatteryMs: number;
  /** The charge at which the station switches off by itself, %; 0 when it does not say. */
  readonly floorPercent: number;
  /** What the fall will be when nothing more is heard, %/min, pessimistic. */
  readonly assumedFallPercentPerMin: number;
  readonly samples: readonly SocSample[];
  readonly sinceMonoMs: number;
}

/** See the file comment. */
export function batteryNow(
  { words, samples, fallPercentPerMin: measured, lastGridMonoMs }: {
    readonly words: Words;
    readonly samples: readonly SocSample[];
    /** Measured, %/min; absent: unknown. */
    readonly fallPercentPerMin?: number;
    /** When the grid was last known to be there, monotonic ms; absent: unknown. */
    readonly lastGridMonoMs?: number;
  },
  sinceMonoMs: number,
  limits: { readonly staleAfterMs: number; readonly blindLimitMs: number },
  nowMonoMs: number,
): Battery {
  const basis = {
    ...limits,
    lastGridMonoMs,
    measuredFallPercentPerMin: measured,
  };
  const said = withoutOldMinutes(words, sinceMonoMs);
  const charge = chargeOnBattery(said, nowMonoMs, basis);
  const floorPercent = words.minSocPercent?.value ?? 0;
  const assumedFallPercentPerMin = fallPercentPerMin(said, basis);
  return {
    charge,
    remaining: remainingOf(said, charge, {
      floorPercent,
      assumedFallPercentPerMin,
      sinceMonoMs,
      measured,
    }),
    onBatteryMs: nowMonoMs - sinceMonoMs,
    floorPercent,
    assumedFallPercentPerMin,
    samples,
    sinceMonoMs,
  };
}

/** What a station said of its minutes while it had the grid is no guide to this outage. */
function withoutOldMinutes(words: Words, sinceMonoMs: number): Words {
  const { dischargeMin } = words;
  return dischargeMin && dischargeMin.atMonoMs < sinceMonoMs ? { ...words, dischargeMin: undefined } : words;
}

/**
 * The station's own word while it is fresh; one from before the outage, or of 0 minutes, tells nothing: stations say so
 * while they charge. Then load and energy, then the fall that was seen, then nothing; blind, the estimate at its assumed
 * fall.
 */
function remainingOf(
  { dischargeMin, outWatts, batteryWh }: Words,
  charge: Charge | undefined,
  { floorPercent, assumedFallPercentPerMin, sinceMonoMs, measured = 0 }:
    & Pick<Battery, "floorPercent" | "assumedFallPercentPerMin" | "sinceMonoMs">
    & { readonly measured?: number },
): Remaining | undefined {
  if (!charge) return undefined;
  const usablePercent = Math.max(0, charge.percent - floorPercent);
  if (charge.isEstimate) return { minutes: usablePercent / assumedFallPercentPerMin, isEstimate: true };
  if (dischargeMin && dischargeMin.value > 0) {
    return { minutes: dischargeMin.value, isEstimate: false };
  }
  if (outWatts && batteryWh && outWatts.value > 0 && outWatts.atMonoMs >= sinceMonoMs) {
    return { minutes: usablePercent / 100 * batteryWh.value / outWatts.value * 60, isEstimate: false };
  }
  return measured > 0 ? { minutes: usablePercent / measured, isEstimate: false } : undefined;
}
