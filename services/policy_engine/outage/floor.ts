/** The charge below which hosts lose their power: the station's own limit, the owner's, or that of an outlet. Pure. */
import type { GroupRules, Port, StationRules } from "../rules/rules.ts";
import type { Battery } from "./battery.ts";
import type { Readings } from "./readings.ts";
import type { StageView } from "./stages.ts";

/** The charge at which the whole station switches off, %; 0 when nobody says. The higher of both counts. */
export function stationFloor(
  { minSocPercent }: Pick<Readings, "minSocPercent">,
  { minSocPercent: owners = 0 }: Pick<StationRules, "minSocPercent">,
): number {
  return Math.max(minSocPercent?.value ?? 0, owners);
}

/**
 * The charge at which the station switches an outlet off, %; 0 when it does not say.
 *
 * @param port Absent: nobody said where the hosts hang, and it may be the AC outlet that goes first
 */
export function outletFloor(port: Port | undefined, { outagePorts }: Pick<Readings, "outagePorts">): number {
  const limits = (outagePorts?.value ?? []).filter((outlet) =>
    port === undefined ? outlet.port !== "dc" : outlet.port === port
  );
  return Math.max(0, ...limits.map(({ min_soc }) => min_soc));
}

/** The battery as the hosts of a group see it: it ends for them where their outlet goes off. */
export function batteryOf(
  battery: Battery,
  { port }: Pick<GroupRules, "port">,
  readings: Pick<Readings, "outagePorts">,
): Battery {
  return withFloor(battery, outletFloor(port, readings));
}

/** The battery as those hosts see it for whom something is yet to be done, the first outlet that goes off counting for all. */
export function batteryOfOpen(
  battery: Battery | undefined,
  { stages }: Pick<StationRules, "stages">,
  { isSettled }: Pick<StageView, "isSettled">,
  readings: Pick<Readings, "outagePorts">,
): Battery | undefined {
  if (!battery || !readings.outagePorts) return battery;
  const open = stages.flatMap(({ groups }) => groups).filter(({ hosts }) => !hosts.every(isSettled));
  return withFloor(battery, Math.max(0, ...open.map(({ port }) => outletFloor(port, readings))));
}

/** Minutes left shrink as the charge does that may be used. */
function withFloor(battery: Battery, floorPercent: number): Battery {
  const { charge, remaining } = battery;
  if (floorPercent <= battery.floorPercent) return battery;
  if (!charge || !remaining) return { ...battery, floorPercent };
  const usable = charge.percent - battery.floorPercent;
  const factor = usable > 0 ? Math.max(0, charge.percent - floorPercent) / usable : 0;
  return { ...battery, floorPercent, remaining: { ...remaining, minutes: remaining.minutes * factor } };
}
