/** The house that the scenarios are played in: one station, one host on it. */
import type { SimulatedStation } from "../scenario.ts";

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
