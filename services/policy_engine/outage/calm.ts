/** Whether a station is calm: it tells freshly that the grid is there, and nothing runs. Then time alone changes nothing for a while. Pure. */
import type { StationRules } from "../rules/rules.ts";
import type { StationState } from "./station.ts";

/**
 * When time alone may change something for a station, monotonic ms; -Infinity: at any time.
 *
 * @param nowMonoMs What is too old by now has changed what it changes
 */
export function calmUntilMonoMs(
  state: StationState,
  rules: StationRules,
  staleAfterMs: number,
  nowMonoMs: number,
): number {
  if (!isCalm(state, rules)) return -Infinity;
  const { grid, spoke, socPercent } = state.readings;
  const staleMonoMs = [grid, spoke, socPercent]
    .flatMap((reading) => reading ? [reading.atMonoMs + staleAfterMs] : [])
    .filter((atMonoMs) => atMonoMs >= nowMonoMs);
  // At its limit a reading is fresh still.
  return Math.min(...staleMonoMs) + 1;
}

function isCalm(state: StationState, rules: StationRules): boolean {
  const { verdict, phases, witnesses, held, untoldCharge, isBlind, blindTelling, link, readings } = state;
  // Witnesses have limits of their own.
  if ((rules.grid ?? "auto") !== "auto" || witnesses.size > 0) return false;
  if (verdict?.connected !== true || verdict.by !== "station" || verdict.isOld || verdict.isUntold) {
    return false;
  }
  if (verdict.disagreement !== undefined || link !== "live" || readings.simulated) return false;
  if (held || untoldCharge || isBlind || blindTelling.isTold) return false;
  return [...phases.values()].every(({ kind }) => kind === "online");
}
