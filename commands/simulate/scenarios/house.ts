/** The house that the scenarios are played in: one station, one host on it; and what most of them begin with. */
import type { Expectation, SimulatedStation, Step } from "../scenario.ts";

/** A station with little left. */
export const STUDY: SimulatedStation = {
  name: "Study",
  sn: "R631SIM000000001",
  socPercent: 9,
  loadWatts: 60,
  batteryWh: 286,
};
/** Its host. */
export const AGENT = "study-pc";
/** The whole house. */
export const HOSTS = { Study: [AGENT] };
/** The documented defaults, but for a debounce and a cooldown short enough to watch. */
export const SETTINGS = {
  POLICY_DEBOUNCE_SEC: "60",
  POLICY_COOLDOWN_SEC: "120",
  POLICY_ABORT_WINDOW_SEC: "120",
};
/** The outage begins. */
export const GRID_GONE: Step = { atSec: 20, kind: "grid", station: STUDY.name, present: false };
/** It is seen, with the little that is left. */
export const CRITICAL: Expectation = {
  kind: "policy",
  device: STUDY.name,
  state: "critical",
  fromSec: 20,
  toSec: 60,
  why: "on battery at 9 %",
};
