/** What is played at each moment of a simulated event. Pure. */
import type { PowerState } from "../../lib/messages/power_state.ts";

/** What to play. `outage`: from the loss of the grid to the hosts' shutdown and back; `still`: one state, until the end. */
export type PlayedEvent =
  | { readonly kind: "outage"; readonly limitPercent: number }
  | { readonly kind: "still"; readonly socPercent: number; readonly gridConnected: boolean };

/** One moment of it: the values, and what to say at its beginning; `over`: the play is at its end. */
export type Moment =
  | { readonly kind: "state"; readonly soc: number; readonly grid: boolean; readonly title: string }
  | { readonly kind: "over" };

/** The grid is there for so long at the beginning and at the end of an outage, s. */
export const CALM_SEC = 10;
/** So long the battery is above the limit, s. */
export const ABOVE_SEC = 10;
/** After the shutdown has begun the outage goes on for so long, s: hosts prepare, and can be watched. */
export const DOWN_SEC = 20;
/** A play's last state counts for so long, s. */
export const EXPIRES_SEC = 15;
/** So often a state is said, ms: two may be lost. */
export const SAY_EVERY_MS = 4000;

/**
 * The moment.
 *
 * @param elapsedSec Since the play began
 * @param downSec Since when the policy shuts down, s after the beginning; absent: it does not yet
 * @param limitSec The play is at its end at the latest then
 */
export function momentAt(
  event: PlayedEvent,
  elapsedSec: number,
  downSec: number | undefined,
  limitSec: number,
): Moment {
  if (elapsedSec >= limitSec) return { kind: "over" };
  if (event.kind === "still") {
    const { socPercent: soc, gridConnected: grid } = event;
    return { kind: "state", soc, grid, title: grid ? "the grid is there" : "the grid is gone" };
  }
  const { limitPercent } = event;
  const above = Math.min(100, limitPercent + 5);
  if (elapsedSec < CALM_SEC) return { kind: "state", soc: above, grid: true, title: "the grid is there" };
  if (elapsedSec < CALM_SEC + ABOVE_SEC) {
    return { kind: "state", soc: above, grid: false, title: "the grid is gone" };
  }
  const low = Math.max(0, limitPercent - 1);
  const backSec = Math.min(downSec === undefined ? Infinity : downSec + DOWN_SEC, limitSec - CALM_SEC);
  if (elapsedSec < backSec) {
    return { kind: "state", soc: low, grid: false, title: "the charge is at its limit" };
  }
  if (elapsedSec < backSec + CALM_SEC) {
    return { kind: "state", soc: low, grid: true, title: "the grid is back" };
  }
  return { kind: "over" };
}

/** The state that is published: it says that it is played, and until when it counts. @param nowWallMs Wall time, ms since 1970 */
export function playedState(
  device: string,
  { soc, grid }: Extract<Moment, { kind: "state" }>,
  nowWallMs: number,
): PowerState {
  return {
    device,
    simulated: true,
    expires_s: EXPIRES_SEC,
    soc,
    grid_connected: grid,
    model: "simulated",
    ac_in_watts: grid ? 100 : 0,
    out_watts: 100,
    battery_wh: 1000,
    // Long enough that the charge alone decides.
    ...(grid ? {} : { discharge_min: 600 }),
    grid_evidence: "simulated by ecoflow-power feed",
    link: "live",
    age_s: 0,
    grid_age_s: 0,
    soc_age_s: 0,
    ts: new Date(nowWallMs).toISOString(),
  };
}
