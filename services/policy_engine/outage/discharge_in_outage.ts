/** How fast the battery of an outage falls, by its charge: what may be measured, and what stays when nothing may. Pure. */
import { hasRisen, type UntoldCharge } from "./blind/untold_charge.ts";
import { addSample, measuredDischarge, type SocSample } from "./discharge_rate.ts";
import type { GridVerdict } from "./grid_verdict.ts";
import type { Readings } from "./readings.ts";

/** What is kept of it. */
export interface Discharge {
  readonly samples: readonly SocSample[];
  /** The fall that was measured last in this outage, %/min; absent: none was. */
  readonly dischargePercentPerMin?: number;
}

const NONE: readonly SocSample[] = [];

/**
 * Takes the charge in.
 *
 * When the station does not tell the grid any more, somebody may have charged the battery since it last told it: what was measured
 * until then stays, and measuring begins anew. While the charge rises, nothing is measured.
 */
export function followDischarge(
  before: Discharge & { readonly readings: Readings; readonly untoldCharge?: UntoldCharge },
  { connected, evidenceMonoMs = -Infinity }: GridVerdict,
  untoldCharge: UntoldCharge | undefined,
): Discharge {
  const { samples, dischargePercentPerMin, readings } = before;
  if (connected !== false) return { samples: NONE, dischargePercentPerMin: undefined };
  if (untoldCharge && !before.untoldCharge) {
    const told = samples.filter(({ atMonoMs }) => atMonoMs <= evidenceMonoMs);
    const kept = told.length === samples.length ? dischargePercentPerMin : measuredDischarge(told);
    return { samples: withCharge(NONE, readings), dischargePercentPerMin: kept };
  }
  const now = hasRisen(untoldCharge) ? NONE : withCharge(samples, readings);
  return { samples: now, dischargePercentPerMin: measuredDischarge(now) ?? dischargePercentPerMin };
}

/** A charge from before a restart is none: its time may be a guess, and a fall measured from it a slow one that is not true. */
function withCharge(samples: readonly SocSample[], { socPercent }: Readings): readonly SocSample[] {
  return socPercent && !socPercent.isFromBefore
    ? addSample(samples, { atMonoMs: socPercent.atMonoMs, percent: socPercent.value })
    : samples;
}
