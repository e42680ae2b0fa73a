/** Hosts on stations that nobody has. Pure. */
import { topicWordProblem } from "../../mqtt/topics.ts";
import { nearest } from "../../text/nearest.ts";
import { own } from "../../own.ts";
import type { NutSourceEntry } from "../nut_sources.ts";
import { type ConfiguredStation, stationCalled } from "../stations.ts";

/**
 * Hosts on a station that nobody has are protected by nothing. Where stations are listed, a name that is none of theirs is
 * refused when it is one that the list nearly has, a typo, or a serial number instead of the name; another may be a station that
 * somebody else feeds. Without a list the account's own names count, which nobody knows here.
 */
export function unmatchedStations(
  stations: readonly ConfiguredStation[],
  cables: readonly NutSourceEntry[],
  agentsByStation: Readonly<Record<string, readonly string[]>>,
  simulated: readonly string[],
  hasCloud: boolean,
  problems: string[],
): string[] {
  const names = stations.map(({ sn, name }) => name ?? sn);
  const unmatched = Object.keys(agentsByStation).filter((device) =>
    !names.includes(device) && !simulated.includes(device) && !cables.some((cable) =>
      cable.device === device
    ) &&
    topicWordProblem(device) === undefined
  );
  const remarks: string[] = [];
  for (const device of unmatched) {
    const hint = nearest(device, names);
    const hosts = own(agentsByStation, device)?.join(", ") ?? "";
    const bySerial = stationCalled(device, stations);
    if (bySerial) {
      problems.push(
        `DEVICE_TO_AGENTS_JSON: "${device}" is the serial number of "${bySerial.name}": write that name, else ${hosts} would ` +
          "not be protected",
      );
    } else if (stations.length === 0 && hasCloud) {
      remarks.push(
        `DEVICE_TO_AGENTS_JSON names "${device}": the account must call one of its stations so, for ECOFLOW_DEVICE_LIST is not ` +
          `set, else ${hosts} is NOT protected; once the daemon runs, ecoflow-power doctor tells`,
      );
    } else if (hint === "") {
      remarks.push(
        `DEVICE_TO_AGENTS_JSON names "${device}", which ECOFLOW_DEVICE_LIST does not: ${hosts} is NOT protected unless ` +
          "somebody else feeds that station",
      );
    } else {
      problems.push(
        `DEVICE_TO_AGENTS_JSON: "${device}" must be a station of ECOFLOW_DEVICE_LIST (${
          names.join(", ")
        }), else ` +
          `${hosts} would not be protected${hint}`,
      );
    }
  }
  return remarks;
}
