/** Whether a station is calm: it tells freshly that the grid is there, and nothing runs. Then time alone changes nothing for a while. Pure. */
import type { StationRules } from "../rules/rules.ts";
import type { Readings } from "./readings.ts";
import type { StationState } from "./station.ts";

/** Whether time alone changes nothing for a station until its readings are too old. */
export function isCalm(state: StationState, rules: StationRules): boolean {
  const { verdict, phases, witnesses, held, untoldCharge, isBlind, blindTelling, link, readings } = state;
  // Witnesses have limits of their own.
  if ((rules.grid ?? "auto") !== "auto" || witnesses.size > 0) return false;
  if (verdict?.connected !== true || verdict.by !== "station" || verdict.isOld || verdict.isUntold) {
    return false;
  }
  if (verdict.disagreement !== undefined || link !== "live" || readings.simulated) return false;
  if (held || untoldCharge || isBlind || blindTelling.isTold) return false;
  for (const { kind } of phases.values()) if (kind !== "online") return false;
  return true;
}

/**
 * When the first reading of a calm station is too old, monotonic ms.
 *
 * @param nowMonoMs What is too old by now has changed what it changes
 */
export function calmUntilMonoMs(
  { grid, spoke, socPercent }: Readings,
  staleAfterMs: number,
  nowMonoMs: number,
): number {
  let untilMonoMs = Infinity;
  for (const reading of [grid, spoke, socPercent]) {
    const staleMonoMs = (reading?.atMonoMs ?? -Infinity) + staleAfterMs;
    if (staleMonoMs >= nowMonoMs) untilMonoMs = Math.min(untilMonoMs, staleMonoMs);
  }
  // At its limit a reading is fresh still.
  return untilMonoMs + 1;
}
