/** The rules that a configuration without a policy file means: one stage a station, the same limits for all. Pure. */
import type { HouseRules, StationRules } from "./rules.ts";

/** The limits of the configuration's keys. */
export interface SimpleLimits {
  /** Station name to the agents on it. */
  readonly stations: Readonly<Record<string, readonly string[]>>;
  readonly socMinPercent: number;
  readonly debounceSec: number;
  readonly cooldownSec: number;
  readonly abortWindowSec: number;
  readonly shutdownDelaySec: number;
  readonly staleAfterSec: number;
}

/** What a host needs to go down, on top of its delay, until something better was learned, s. */
export const DEFAULT_PREPARATION_SEC = 240;
/** An estimate older than this counts as empty, ms: four hours. */
export const DEFAULT_BLIND_LIMIT_MS = 4 * 3_600_000;
/** Hosts are woken when the grid has been there for so long, ms. */
export const DEFAULT_GRID_STABLE_MS = 300_000;
/** And the charge is at least this, %. */
export const DEFAULT_WAKE_SOC_PERCENT = 30;

/** A stage's time limit when nobody sets one, ms. */
export function defaultStageLimitMs({ shutdownDelaySec }: Pick<SimpleLimits, "shutdownDelaySec">): number {
  return (shutdownDelaySec + DEFAULT_PREPARATION_SEC) * 1000;
}

/** One stage with all hosts in one group. */
export function simpleStation(hosts: readonly string[], limits: SimpleLimits): StationRules {
  const group = {
    key: "all",
    hosts,
    triggers: { socMinPercent: limits.socMinPercent },
    debounceMs: limits.debounceSec * 1000,
  };
  return {
    stages: [{ number: 1, timeLimitMs: defaultStageLimitMs(limits), groups: [group] }],
    hasReserve: true,
  };
}

/** See the file comment. @param notBeforeMonoMs No trigger before this monotonic time */
export function simpleRules(limits: SimpleLimits, notBeforeMonoMs: number): HouseRules {
  const stations = Object.entries(limits.stations);
  return {
    stations: Object.fromEntries(stations.map(([device, hosts]) => [device, simpleStation(hosts, limits)])),
    watched: simpleStation([], limits),
    goesWithAny: new Set(),
    wake: {
      gridStableMs: DEFAULT_GRID_STABLE_MS,
      socPercent: DEFAULT_WAKE_SOC_PERCENT,
      macs: {},
      addresses: {},
    },
    cooldownMs: limits.cooldownSec * 1000,
    abortWindowMs: limits.abortWindowSec * 1000,
    shutdownDelayMs: limits.shutdownDelaySec * 1000,
    staleAfterMs: limits.staleAfterSec * 1000,
    blindLimitMs: DEFAULT_BLIND_LIMIT_MS,
    notBeforeMonoMs,
  };
}
