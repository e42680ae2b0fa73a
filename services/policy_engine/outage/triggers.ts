/** Whether a battery in an outage is critical for a group of hosts, and when it will be. Pure. */
import { effectiveSocMin } from "../rules/soc_limit.ts";
import { type Battery, lastsFor } from "./battery.ts";
import type { Charge } from "./blind/blind_estimate.ts";
import { measuredDischarge } from "./discharge_rate.ts";
import type { Triggers } from "../rules/rules.ts";

/** After a trigger on battery, the charge must rise this far above the limit before hosts are called off, points. */
export const RISE_TO_CALL_OFF_POINTS = 5;
/** The same for minutes: the limit times this. */
export const MINUTES_TO_CALL_OFF_FACTOR = 1.5;
/** On battery with a charge that was never heard, this is how long to hope for a reading, ms; then it counts as low. */
export const UNKNOWN_CHARGE_GRACE_MS = 600_000;

/** How much is left to do when the trigger comes. */
export interface Needs {
  /** Minutes that all stages from here on need, with the debounce; absent: no reserve is kept. */
  readonly reserveMin?: number;
}

/** Why the battery is critical for the group, or undefined when it is not. */
export function criticalReason(battery: Battery, triggers: Triggers, needs: Needs): string | undefined {
  if (battery.charging) return undefined;
  return chargeCritical(battery, triggers, 0) ?? minutesCritical(battery, triggers, needs, 1) ??
    timeCritical(battery, triggers) ?? dischargeCritical(battery, triggers, 1);
}

/** Why hosts that were told may stay up after all, or undefined. An estimate can only fall: it calls nobody off. */
export function reliefReason(battery: Battery, triggers: Triggers, needs: Needs): string | undefined {
  const { charge, charging } = battery;
  if (!charge || charge.isEstimate) return undefined;
  if (charging) return charging.reason;
  const isStillNear = chargeCritical(battery, triggers, RISE_TO_CALL_OFF_POINTS) ??
    minutesCritical(battery, triggers, needs, MINUTES_TO_CALL_OFF_FACTOR) ??
    timeCritical(battery, triggers) ??
    dischargeCritical(battery, triggers, 0.5);
  if (isStillNear !== undefined) return undefined;
  return `${chargeWords(charge)} is well above the limit again`;
}

/**
 * Minutes until the battery will be critical for the group if the load stays; 0 when it is now.
 *
 * @param isSilent Nothing more will be heard, so that the battery counts as empty in the end, and as charged no longer
 * @returns undefined when nothing can be said, and while somebody charges it who will be heard
 */
export function minutesToCritical(
  battery: Battery,
  triggers: Triggers,
  needs: Needs,
  isSilent = false,
): number | undefined {
  const { onBatteryMs, charging } = battery;
  if (charging) {
    if (!isSilent) return undefined;
    const minutes = minutesToCritical({ ...battery, charging: undefined }, triggers, needs, isSilent);
    return minutes === undefined ? undefined : Math.max(minutes, charging.lastsMs / 60_000);
  }
  if (criticalReason(battery, triggers, needs) !== undefined) return 0;
  const found: number[] = [];
  const { socMinPercent, onBatteryMin } = triggers;
  if (socMinPercent !== undefined) {
    found.push(
      minutesToCharge(effectiveSocMin(socMinPercent, battery), battery, isSilent) ??
        Math.max(0, (UNKNOWN_CHARGE_GRACE_MS - onBatteryMs) / 60_000),
    );
  }
  if (onBatteryMin !== undefined) found.push(Math.max(0, onBatteryMin - onBatteryMs / 60_000));
  for (const limitMin of [triggers.remainingMin, needs.reserveMin]) {
    const minutes = limitMin === undefined ? undefined : minutesToLast(limitMin, battery, isSilent);
    if (minutes !== undefined) found.push(minutes);
  }
  return found.length > 0 ? Math.max(0, Math.min(...found)) : undefined;
}

/**
 * Minutes until no more than so many minutes are left, if the load stays; negative when it is so already.
 *
 * @param isSilent Nothing more will be heard, so that the battery counts as empty in the end
 * @returns undefined when no charge was ever heard
 */
export function minutesToLast(minutes: number, battery: Battery, isSilent: boolean): number | undefined {
  return minutesToCharge(battery.floorPercent, battery, isSilent, minutes);
}

/** Minutes until the charge will have fallen to so many percent, less `earlierMin`. */
function minutesToCharge(
  percent: number,
  { charge, assumedDischargePercentPerMin, unseenMs = 0, countsAsEmptyInMs = Infinity }: Battery,
  isSilent: boolean,
  earlierMin = 0,
): number | undefined {
  if (!charge) return undefined;
  const minutes = (charge.percent - percent) / assumedDischargePercentPerMin - unseenMs / 60_000 - earlierMin;
  return isSilent ? Math.min(minutes, countsAsEmptyInMs / 60_000) : minutes;
}

/** `the charge of 9 %` or `the estimated charge of 9 %`. */
export function chargeWords({ percent, isEstimate, isTooOld }: Charge): string {
  if (isTooOld) return "the charge, unheard for too long to be estimated,";
  return `the ${isEstimate ? "estimated " : ""}charge of ${Math.floor(percent * 10) / 10} %`;
}

function chargeCritical(battery: Battery, { socMinPercent }: Triggers, above: number): string | undefined {
  if (socMinPercent === undefined) return undefined;
  const { charge, onBatteryMs } = battery;
  if (!charge) {
    if (onBatteryMs < UNKNOWN_CHARGE_GRACE_MS) return undefined;
    return `the charge was never heard in ${UNKNOWN_CHARGE_GRACE_MS / 60_000} min on battery`;
  }
  const limit = effectiveSocMin(socMinPercent, battery);
  if (charge.isTooOld) return `${chargeWords(charge)} counts as empty`;
  if (charge.percent > limit + above) return undefined;
  const why = limit > socMinPercent ? ` (the station switches off at ${battery.floorPercent} %)` : "";
  return `${chargeWords(charge)} is at or below ${limit} %${why}`;
}

function minutesCritical(
  { remaining }: Battery,
  { remainingMin }: Triggers,
  { reserveMin }: Needs,
  factor: number,
): string | undefined {
  if (!remaining) return undefined;
  const left = `${remaining.isEstimate ? "an estimated " : ""}${Math.floor(remaining.minutes)} min`;
  if (remainingMin !== undefined && remaining.minutes <= remainingMin * factor) {
    return `${left} to empty is at or below ${remainingMin} min`;
  }
  if (reserveMin !== undefined && !lastsFor(remaining, reserveMin * factor * 60_000)) {
    return `${left} to empty is no more than the ${Math.ceil(reserveMin)} min that an orderly shutdown needs`;
  }
}

function timeCritical({ onBatteryMs }: Battery, { onBatteryMin }: Triggers): string | undefined {
  if (onBatteryMin === undefined || onBatteryMs < onBatteryMin * 60_000) return undefined;
  return `${Math.floor(onBatteryMs / 60_000)} min on battery is at or above ${onBatteryMin} min`;
}

function dischargeCritical(
  { samples, sinceMonoMs }: Battery,
  { fall }: Triggers,
  factor: number,
): string | undefined {
  if (!fall) return undefined;
  const rate = measuredDischarge(samples, sinceMonoMs + fall.settleMs);
  if (rate === undefined || rate < fall.percentPerMin * factor) return undefined;
  return `the charge falls by ${Math.round(rate * 10) / 10} %/min, at or above ${fall.percentPerMin} %/min`;
}
