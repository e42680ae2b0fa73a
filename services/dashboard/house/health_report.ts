/** Whether the house is protected now, for machines that ask. An outage is no fault; being blind to one is. Pure. */
import type { House } from "./house.ts";
import type { HouseView, StationView } from "../page_contract.ts";
import { isOnlooker } from "../../onlookers.ts";
import { freshnessOf } from "../shown/freshness.ts";

/** The answer. */
export interface HealthReport {
  readonly isHealthy: boolean;
  /** What keeps the house from being protected, a sentence each; empty when healthy. */
  readonly reasons: readonly string[];
}

/** At this moment: the view was made just now. */
export const NOW = { sinceSentS: 0, silentS: 0 };

/** Looks at broker, daemon, cloud and every station that hosts hang on. */
export function healthReport(view: HouseView, house: House): HealthReport {
  const reasons = view.is_broker_up
    ? daemonReasons(view, house)
    : ["The broker in the house cannot be reached."];
  return { isHealthy: reasons.length === 0, reasons };
}

/**
 * Whether the daemon itself works, for whoever would start it again: what it depends on may be away, for that is when it must
 * go on. Without the broker the services' last word holds.
 */
export function isDaemonWell(view: HouseView, { daemon }: House): boolean {
  const services = Object.entries(daemon?.value.services ?? {}).filter(([name]) => !isOnlooker(name));
  if (services.length === 0 || services.some(([, { state }]) => state !== "ready")) return false;
  return !view.is_broker_up || view.daemon?.is_online === true;
}

function daemonReasons(house: HouseView, { daemon }: House): string[] {
  const services = Object.entries(daemon?.value.services ?? {}).filter(([name]) => !isOnlooker(name));
  if (house.daemon?.is_online !== true) return ["The daemon is offline."];
  const cloud = house.cloud?.link;
  return [
    ...services.filter(([, { state }]) => state !== "ready").map(([name, { state }]) =>
      `${name} is ${state}.`
    ),
    ...services.flatMap(([, { problems }]) => problems),
    ...(house.is_policy_running ? [] : ["The policy does not run."]),
    ...(cloud === "up" || cloud === "off" ? [] : [`EcoFlow's cloud: ${cloud ?? "nothing is known"}.`]),
    ...house.stations.filter(({ hosts }) => hosts.length > 0).flatMap((station) =>
      stationReasons(station, house)
    ),
  ];
}

function stationReasons(station: StationView, house: HouseView): string[] {
  const missing = [["grid", station.grid], ["charge", station.soc]] as const;
  return missing.filter(([, value]) => freshnessOf(value, house, station, NOW) !== "live")
    .map(([name]) => `${station.device}: its ${name} is not known now.`);
}
