/**
 * What is known about one power station, and for how long it may be said. Grid and charge have a freshness of their own:
 * a report that repeats them does not renew them. Pure; times are monotonic.
 */
import type { PolicyStatus } from "../../../lib/messages/policy_status.ts";
import type { PowerState } from "../../../lib/messages/power_state.ts";

/** What has been heard so far. */
export interface StationMemory {
  /** Model and serial number do not age: they come from retained reports too. */
  readonly model?: string;
  readonly sn?: string;
  /** The newest report that was live when it came; never a retained one, whose age nobody knows. */
  readonly report?: {
    readonly state: PowerState;
    readonly evidenceMonoMs: number;
    /** The same for its charge alone; absent: it says none. */
    readonly chargeMonoMs?: number;
  };
  /** The grid's newest evidence, and since when it is heard to be so. */
  readonly grid?: {
    readonly connected: boolean;
    readonly evidenceMonoMs: number;
    readonly sinceMonoMs: number;
  };
  /** The policy's newest status; `retained`: from before, and nothing has confirmed that it still holds. */
  readonly policy?: {
    readonly status: PolicyStatus;
    readonly heardMonoMs: number;
    readonly retained: boolean;
  };
}

/** What may be said about a station now. */
export type StationView =
  /** Nothing was ever heard: `ERR DRIVER-NOT-CONNECTED`. */
  | { readonly kind: "never" }
  /** Too old: `ERR DATA-STALE`. */
  | { readonly kind: "stale" }
  /** `state` has only what is fresh enough; `reckoned`: on battery, what the policy makes of it. */
  | {
    readonly kind: "live";
    readonly gridConnected: boolean;
    readonly state: PowerState;
    readonly reckoned?: Reckoned;
  }
  /** The station is silent on battery and the policy estimates. */
  | { readonly kind: "estimated"; readonly reckoned: Reckoned };

/** What the policy says of a battery that carries the house; what it does not know is absent. */
export interface Reckoned {
  readonly socPercent?: number;
  /** Minutes until the outputs go dark. */
  readonly minutesLeft?: number;
}

/** Nothing heard. */
export const NOTHING_HEARD: StationMemory = {};

/**
 * Takes in a report.
 *
 * @param retained The broker kept it from before: only model and serial number are believed
 */
export function noteState(
  memory: StationMemory,
  state: PowerState,
  { retained, nowMonoMs }: { readonly retained: boolean; readonly nowMonoMs: number },
): StationMemory {
  const known = { ...memory, model: state.model ?? memory.model, sn: state.sn ?? memory.sn };
  if (retained || (state.link ?? "live") !== "live") return known;
  const ageMs = (seconds: number | undefined) => nowMonoMs - (seconds ?? 0) * 1000;
  const report = {
    state,
    evidenceMonoMs: ageMs(state.age_s),
    ...(state.soc === undefined ? {} : { chargeMonoMs: ageMs(state.soc_age_s ?? state.age_s) }),
  };
  // Told that it is unknown: what was said of it last, a second ago or an hour, is not said on.
  // A loss is said on, with its age: nobody said that it is over.
  if (state.grid_unknown && state.grid_connected !== false) return { ...known, report, grid: undefined };
  if (state.grid_connected === undefined) return { ...known, report };
  const grid = {
    connected: state.grid_connected,
    evidenceMonoMs: ageMs(state.grid_age_s ?? state.age_s),
    sinceMonoMs: memory.grid?.connected === state.grid_connected ? memory.grid.sinceMonoMs : nowMonoMs,
  };
  // On battery, as the policy said before we came: its status still holds. With the grid it is from an earlier outage.
  const policy = memory.policy && { ...memory.policy, retained: memory.policy.retained && grid.connected };
  return { ...known, report, grid, ...(policy ? { policy } : {}) };
}

/**
 * Takes in a status of the policy. One in doubt is from before a reboot, as a retained one is: a host that has just booted
 * must be neither sent down nor told "on battery" by it.
 *
 * @param at `retained`: from before, and too old to be acted on; it never takes the place of one that was heard live
 */
export function notePolicy(
  memory: StationMemory,
  status: PolicyStatus,
  { retained, nowMonoMs }: { readonly retained: boolean; readonly nowMonoMs: number },
): StationMemory {
  if (retained && memory.policy && !memory.policy.retained) return memory;
  const isFromBefore = retained || status.in_doubt === true;
  return { ...memory, policy: { status, heardMonoMs: nowMonoMs, retained: isFromBefore } };
}

/** How long things may be said, ms. */
export interface Grace {
  /** Evidence of the grid or of a value that is this old or older is stale. */
  readonly staleAfterMs: number;
  /** A policy that was not heard for this long is not there. */
  readonly policySilentMs: number;
}

/**
 * What may be said now.
 *
 * Without a fresh reading of the grid the station counts as stale, whatever else it says: a status without OL or OB
 * would look alive to clients and disarm their own last resort. On battery the policy goes on with an estimate, and
 * while it does, its status stands; clients that were told "stale" on battery shut down by themselves some 20 s later.
 *
 * A charge that nobody confirms is not said, and no runtime that rests on it. On battery the policy's estimate stands in
 * for what the station does not say. When the policy is silent too, nobody can tell when the battery ends: that counts as stale, so that clients do
 * as they do when both are gone. A station that never tells its charge is left to the policy alone.
 */
export function viewStation(memory: StationMemory, nowMonoMs: number, grace: Grace): StationView {
  const { report, grid, policy } = memory;
  const isFresh = (evidenceMonoMs: number) => nowMonoMs - evidenceMonoMs < grace.staleAfterMs;
  const isReckoning = policy !== undefined && !policy.retained && isOnBattery(policy.status) &&
    isPolicyHeard(memory, nowMonoMs, grace);
  const reckoned = isReckoning
    ? { socPercent: policy.status.soc, minutesLeft: policy.status.minutes_left }
    : undefined;
  if (grid && report && isFresh(grid.evidenceMonoMs)) {
    const state = believedOf(report, isFresh);
    const live = { kind: "live", gridConnected: grid.connected, state } as const;
    if (grid.connected) return live;
    if (reckoned) return { ...live, reckoned };
    if (state.soc !== undefined) return live;
    // The policy gets as long from the beginning of an outage: with the grid it speaks only when it has news.
    const silentMs = nowMonoMs - Math.max(policy?.heardMonoMs ?? -Infinity, grid.sinceMonoMs);
    return report.chargeMonoMs !== undefined && silentMs >= grace.policySilentMs ? { kind: "stale" } : live;
  }
  if (reckoned) return { kind: "estimated", reckoned };
  return grid || report || (policy && !policy.retained) ? { kind: "stale" } : { kind: "never" };
}

/** What of a report may be said now. */
function believedOf(
  { state, evidenceMonoMs, chargeMonoMs }: NonNullable<StationMemory["report"]>,
  isFresh: (evidenceMonoMs: number) => boolean,
): PowerState {
  if (!isFresh(evidenceMonoMs)) return { device: state.device };
  if (chargeMonoMs === undefined || isFresh(chargeMonoMs)) return state;
  const { soc: _soc, discharge_min: _runtime, ...rest } = state;
  return rest;
}

/** Whether the policy spoke lately. */
export function isPolicyHeard({ policy }: StationMemory, nowMonoMs: number, grace: Grace): boolean {
  return policy !== undefined && nowMonoMs - policy.heardMonoMs < grace.policySilentMs;
}

/** Hosts may be called off, and the status read "recovery", because the charge rose: still on battery then. */
function isOnBattery({ state, grid_connected }: PolicyStatus): boolean {
  if (state === "recovery") return grid_connected === false;
  return grid_connected !== true &&
    (state === "on_battery" || state === "critical" || state === "shutting_down");
}
