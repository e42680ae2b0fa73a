/**
 * The timer of a group as it is now: what shortens its debounce, and which hold is in force. One rule for the steps of the
 * daemon, its status, the plans of agents and requests. Pure.
 */
import type { GroupRules, HouseRules, StationRules } from "../rules/rules.ts";
import { type Battery, lastsFor } from "./battery.ts";
import { batteryOf, batteryOfOpen } from "./floor.ts";
import { type GridVerdict, isGridFresh } from "./grid_verdict.ts";
import type { Readings } from "./readings.ts";
import { needFromMs, type StageView } from "./stages.ts";
import type { Hold, Timer } from "./timer.ts";

/** What must be known of a station. */
export interface TimedStation {
  readonly readings: Readings;
  readonly verdict?: GridVerdict;
  /** A person holds the shutdown back; absent: nobody does. */
  readonly held?: Hold;
}

/** What must be known of a station's surroundings, at one moment. `battery`: to the station's own floor. */
export interface TimerBasis {
  readonly battery: Battery | undefined;
  readonly rules: Pick<HouseRules, "staleAfterMs" | "notBeforeMonoMs">;
  readonly station: StationRules;
  readonly view: StageView;
  readonly nowMonoMs: number;
}

/** The longest debounce when the battery does not even last for an orderly shutdown any more, ms. */
export const PRESSED_DEBOUNCE_MS = 60_000;

/** The timer of one group. @param stage The number of its stage */
export function timerOf(state: TimedStation, stage: number, group: GroupRules, basis: TimerBasis): Timer {
  const battery = basis.battery && batteryOf(basis.battery, group, state.readings);
  return {
    debounceMs: debounceNowMs(stage, group.debounceMs, { ...basis, battery }),
    notBeforeMonoMs: notBeforeNow(state, basis),
    hold: holdNow(state, basis),
  };
}

/**
 * The hold that is in force. It ends with its time. It ends earlier when the battery does not last any longer for what is left to
 * do: a person's request of some minutes ago must not cost the hosts.
 */
export function holdNow(
  { held, readings }: TimedStation,
  { battery, station, view, nowMonoMs }: Omit<TimerBasis, "rules">,
): Hold | undefined {
  if (!held || nowMonoMs >= held.untilMonoMs) return undefined;
  const open = batteryOfOpen(battery, station, view, readings);
  return lastsFor(open?.remaining, needFromMs(station, 1, view)) ? held : undefined;
}

/**
 * The debounce as it is now, ms: the owner's, but a minute at most when by fresh readings the battery does not last for what is
 * left to do from the stage on. Waiting would cost the hosts then.
 */
function debounceNowMs(
  stage: number,
  debounceMs: number,
  { station, view, battery }: Pick<TimerBasis, "station" | "view" | "battery">,
): number {
  if (!station.hasReserve || battery?.remaining?.isEstimate) return debounceMs;
  return lastsFor(battery?.remaining, needFromMs(station, stage, view))
    ? debounceMs
    : Math.min(debounceMs, PRESSED_DEBOUNCE_MS);
}

/** After a restart old readings wait for fresh ones; a fresh reading need not. */
function notBeforeNow(state: TimedStation, { rules, station, nowMonoMs }: TimerBasis): number {
  return isGridFresh(state, station.grid, rules.staleAfterMs, nowMonoMs) ? -Infinity : rules.notBeforeMonoMs;
}
