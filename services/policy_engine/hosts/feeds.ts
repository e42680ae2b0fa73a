/** What the stations that feed a host want of it, and how they stand when it is to be switched on again. Pure. */
import { outletFloor, stationFloor } from "../outage/floor.ts";
import { type HouseRules, placeOf } from "../rules/rules.ts";
import { effectiveSocMin } from "../rules/soc_limit.ts";
import type { StationState } from "../outage/station.ts";
import type { FeedView } from "./wake_order.ts";
import { isFresh } from "../outage/readings.ts";
import { own } from "../../../lib/own.ts";

/**
 * Whether a host is to be down.
 *
 * A host on one station does as that station says. A host on several goes down when at least one of them wants it down, and
 * none of the others is known to carry it. A station that was never heard carries nobody, because unknown is never "all is
 * well". Nor does one that fell silent with the grid longer ago than the blind limit. A station that does not tell the grid any
 * more carries the host by its battery, as long as its fresh charge is above the host's limit there. A host that the owner has
 * put to "any" goes with the first.
 */
export function wantedOf(
  host: string,
  feeds: readonly string[],
  rules: HouseRules,
  stations: ReadonlyMap<string, StationState>,
  nowMonoMs: number,
): "up" | "down" {
  const readings = feeds.map((device) => [device, wantedByFeed(host, device, rules, stations)] as const);
  if (!readings.some(([, reading]) => reading === "down")) return "up";
  if (rules.goesWithAny.has(host)) return "down";
  const isCarried = readings.some(([device, reading]) =>
    reading === "up"
      ? stillCarries(stations.get(device), rules, nowMonoMs)
      : reading === "unknown" && carriesByCharge(host, device, rules, stations.get(device), nowMonoMs)
  );
  return isCarried ? "up" : "down";
}

/** A station that fell silent with the grid is not relied on for ever. */
export function stillCarries(
  { verdict, readings }: Partial<Pick<StationState, "verdict" | "readings">> = {},
  { blindLimitMs }: Pick<HouseRules, "blindLimitMs">,
  nowMonoMs: number,
): boolean {
  // A played grid carries nobody.
  if (readings?.simulated) return false;
  if (!verdict?.isOld || verdict.connected !== true) return true;
  return verdict.evidenceMonoMs !== undefined && nowMonoMs - verdict.evidenceMonoMs <= blindLimitMs;
}

/** Whether a station whose grid is unknown has charge enough for a host, with or without the grid. */
function carriesByCharge(
  host: string,
  device: string,
  { stations, staleAfterMs }: HouseRules,
  state: StationState | undefined,
  nowMonoMs: number,
): boolean {
  const station = own(stations, device);
  const group = station && placeOf(host, station)?.group;
  const reading = state?.readings.socPercent;
  if (!state?.verdict?.isUntold || !group || !reading) return false;
  // Of before a restart too, as long as it is not too old: nobody is told because a station has not spoken again yet.
  if (nowMonoMs - reading.atMonoMs > staleAfterMs) return false;
  const floorPercent = Math.max(
    stationFloor(state.readings, station),
    outletFloor(group.port, state.readings),
  );
  const { socMinPercent } = group.triggers;
  return socMinPercent !== undefined && reading.value > effectiveSocMin(socMinPercent, { floorPercent });
}

/** What one station wants of a host; "unknown" while nobody has said whether its grid is there. */
export function wantedByFeed(
  host: string,
  device: string,
  rules: HouseRules,
  stations: ReadonlyMap<string, StationState>,
): "up" | "down" | "unknown" {
  const station = own(rules.stations, device);
  const state = stations.get(device);
  const place = station && placeOf(host, station);
  const phase = place && state?.phases.get(place.group.key);
  if (!phase || phase.kind === "unknown") return "unknown";
  return phase.kind === "shutting_down" && state?.started.has(place.stage.number) ? "down" : "up";
}

/** Whether somebody says freshly that a station has the grid. */
export function isKnownFed({ verdict, readings }: Pick<StationState, "verdict" | "readings">): boolean {
  return !readings.simulated && verdict?.connected === true && !verdict.isOld;
}

/** Stations as waking sees them: since when each has the grid, and its charge, as far as fresh readings tell. */
export function feedViews(
  stations: Iterable<readonly [string, StationState]>,
  staleAfterMs: number,
  nowMonoMs: number,
): ReadonlyMap<string, FeedView> {
  return new Map(
    [...stations].map(([device, { phases, readings, verdict }]) => {
      const [phase] = phases.values();
      return [device, {
        gridSinceMonoMs: phase?.kind === "online" && isKnownFed({ verdict, readings })
          ? phase.sinceMonoMs
          : undefined,
        socPercent: isFresh(readings.socPercent, staleAfterMs, nowMonoMs)
          ? readings.socPercent?.value
          : undefined,
      }];
    }),
  );
}
