/** What is wrong with the house as a whole, for the health of the service: who is not protected, and why. Pure. */
import type { HealthCondition } from "../../../lib/health.ts";
import type { HostClocks } from "../hosts/host_clocks.ts";
import type { House } from "../house.ts";
import { outletFloor, stationFloor } from "../outage/floor.ts";
import { isFresh } from "../outage/readings.ts";
import { NEW_STATION, type StationState } from "../outage/station.ts";
import { hostsOfStation, type StationRules } from "../rules/rules.ts";
import { own } from "../../../lib/own.ts";

/** Stations and agents have so long to be heard after a start, ms. */
export const FIRST_WORD_MS = 300_000;

/** Every code that {@link houseWarnings} can give. */
export const WARNING_CODES = [
  "station_unheard",
  "station_blind",
  "grid_unknown",
  "model_guess",
  "outlet_unknown",
  "agent_unseen",
  "clocks_differ",
  "agent_twins",
  "agent_unanswered",
] as const;

/** The conditions that hold now. @param runningMs How long the service has run */
export function houseWarnings(
  { rules, state }: House,
  clocks: HostClocks["apart"],
  { twins, unanswered }: { readonly twins: readonly string[]; readonly unanswered: readonly string[] },
  runningMs: number,
  nowMonoMs: number,
): readonly HealthCondition[] {
  const conditions: HealthCondition[] = [];
  const warn = (
    code: typeof WARNING_CODES[number],
    names: readonly string[],
    text: string,
    hosts?: HealthCondition["hosts"],
  ) => {
    if (names.length === 0) return;
    const who = names.map((name) => `"${name}"`).join(", ");
    conditions.push({ code, severity: "warning", text: `${who} ${text}`, ...(hosts ? { hosts } : {}) });
  };
  const warnOfHosts = (code: typeof WARNING_CODES[number], names: readonly string[], text: string) =>
    warn(code, names, text, names.map((host) => ({ host })));
  const devices = Object.keys(rules.stations);
  const of = (device: string) => state.stations.get(device) ?? NEW_STATION;
  const isGridUnknown = (device: string) => {
    const { isUntold, isOld } = of(device).verdict ?? {};
    return isUntold === true && isOld === true;
  };
  const isUnheard = (device: string) =>
    own(rules.stations, device)?.grid !== "off" && of(device).verdict?.connected === undefined &&
    !isGridUnknown(device);
  if (runningMs >= FIRST_WORD_MS) {
    warn(
      "station_unheard",
      devices.filter(isUnheard),
      "never told whether the grid is there: hosts on it are not protected",
    );
    const unseen = [...state.hosts].filter(([, { online }]) => online === undefined).map(([agent]) => agent);
    warnOfHosts("agent_unseen", unseen, "was never seen: a shutdown would reach nobody there");
  }
  const blind = devices.filter((device) =>
    of(device).isBlind && !isUnheard(device) && !isGridUnknown(device)
  );
  const isSpeaking = (device: string) => isFresh(of(device).readings.spoke, rules.staleAfterMs, nowMonoMs);
  warn(
    "station_blind",
    blind.filter((device) => !isSpeaking(device)),
    "is silent: its last reading is old",
  );
  warn(
    "grid_unknown",
    devices.filter((device) => isGridUnknown(device) || (blind.includes(device) && isSpeaking(device))),
    "speaks, but does not confirm grid or charge any more: hosts on it may not be protected; a grid witness can help",
  );
  const withHosts = devices.filter((device) =>
    hostsOfStation(own(rules.stations, device) ?? rules.watched).length > 0
  );
  warn(
    "model_guess",
    withHosts.filter((device) => of(device).readings.modelGuess),
    "has a model that is a guess by two letters of its serial number: its values may be read wrongly",
  );
  warn(
    "outlet_unknown",
    withHosts.filter((device) => isOutletUnknown(own(rules.stations, device) ?? rules.watched, of(device))),
    "switches an outlet off before the station itself: name each host's port in the policy file; until then the " +
      "outlet that goes off first counts for all",
  );
  warnOfHosts(
    "clocks_differ",
    clocks.agents,
    `refused a command for its time: clocks there and here differ by up to ${clocks.most}; set them`,
  );
  warnOfHosts(
    "agent_twins",
    twins,
    "is the name of two hosts, as after a disk was copied: give one another name and key (ecoflow-agent pair)",
  );
  warnOfHosts(
    "agent_unanswered",
    unanswered.filter((agent) => state.hosts.has(agent)),
    "is online only by what the broker has kept from before, and does not answer: a shutdown would not reach it; " +
      "when it is switched on, run there: ecoflow-agent doctor",
  );
  return conditions;
}

/** Whether an AC outlet goes off before the station, and for a host nobody said where it hangs. */
function isOutletUnknown(station: StationRules, { readings }: StationState): boolean {
  if (outletFloor(undefined, readings) <= stationFloor(readings, station)) return false;
  return station.stages.some(({ groups }) =>
    groups.some(({ hosts, port }) => hosts.length > 0 && port === undefined)
  );
}
