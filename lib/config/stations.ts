/** Which stations there are, and which hosts are plugged into each. Pure. */
import { shownValue } from "./shown_value.ts";
import { RESERVED_AGENT_NAMES, topicWordProblem } from "../mqtt/topics.ts";
import { put } from "../own.ts";

/** One configured power station. */
export interface ConfiguredStation {
  /** Serial number, upper case. */
  readonly sn: string;
  /** Name in topics; absent: the account's name for it, else the serial number. */
  readonly name?: string;
}

/** The configured station of that name or serial number; undefined: there is none. */
export function stationCalled(
  device: string,
  stations: readonly ConfiguredStation[],
): ConfiguredStation | undefined {
  return stations.find(({ sn, name }) => name === device || sn === device.toUpperCase());
}

/** The name in topics of a station that is configured, by its name or serial number; others are called as they are written. */
export function stationNameOf(device: string, stations: readonly ConfiguredStation[]): string {
  const found = stationCalled(device, stations);
  return found ? found.name ?? found.sn : device;
}

/** Reads `SN[:Name],…`. Problems are added to `problems`. */
export function parseDeviceList(text: string, problems: string[]): ConfiguredStation[] {
  const stations: ConfiguredStation[] = [];
  const names = new Map<string, string>();
  for (const entry of text.split(",").map((part) => part.trim()).filter(Boolean)) {
    const colon = entry.indexOf(":");
    const sn = (colon < 0 ? entry : entry.slice(0, colon)).trim().toUpperCase();
    const name = colon < 0 ? undefined : entry.slice(colon + 1).trim();
    if (!/^[A-Z0-9-]{4,32}$/.test(sn)) {
      problems.push(
        `ECOFLOW_DEVICE_LIST: a serial number must be 4 to 32 letters and digits, found ${shownValue(sn)}`,
      );
      continue;
    }
    if (!/\d/.test(sn)) {
      problems.push(
        `ECOFLOW_DEVICE_LIST must be "SERIAL:Name,…", found the serial number ${
          shownValue(sn)
        }, which has no digit: EcoFlow's app ` +
          "shows the right one",
      );
      continue;
    }
    if (stations.some((station) => station.sn === sn)) {
      problems.push(`ECOFLOW_DEVICE_LIST: "${sn}" is listed twice`);
      continue;
    }
    const problem = name === undefined ? undefined : topicWordProblem(name);
    if (problem) problems.push(`ECOFLOW_DEVICE_LIST: the name of "${sn}" ${problem}, found "${name}"`);
    const twin = names.get(name ?? sn);
    if (twin) problems.push(`ECOFLOW_DEVICE_LIST: "${twin}" and "${sn}" have the same name "${name}"`);
    names.set(name ?? sn, sn);
    stations.push(name === undefined ? { sn } : { sn, name });
  }
  return stations;
}

/** Reads `{"station":["agent",…]}`. Problems are added to `problems`. */
export function parseAgentMap(text: string, problems: string[]): Record<string, string[]> {
  const key = "DEVICE_TO_AGENTS_JSON";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    problems.push(`${key} must be JSON${placeOf(cause)}, found ${shownValue(text.trim())}`);
    return {};
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    problems.push(`${key} must be an object of lists, found ${shownValue(text.trim())}`);
    return {};
  }
  const map: Record<string, string[]> = {};
  for (const [device, agents] of Object.entries(value)) {
    const deviceProblem = topicWordProblem(device);
    if (deviceProblem) problems.push(`${key}: the station name "${device}" ${deviceProblem}`);
    if (!Array.isArray(agents)) {
      problems.push(
        `${key}: "${device}" must have a list of agents, found ${
          shownValue(typeof agents === "string" ? agents : JSON.stringify(agents))
        }`,
      );
      continue;
    }
    const hosts: string[] = [];
    put(map, device, hosts);
    for (const agent of agents) {
      const problem = agentNameProblem(agent);
      if (problem) {
        problems.push(
          `${key}: an agent of "${device}" ${problem}, found ${
            typeof agent === "string" ? `"${agent}"` : shownValue(JSON.stringify(agent))
          }`,
        );
      } else if (hosts.includes(agent)) {
        problems.push(`${key}: "${agent}" is listed twice for "${device}"`);
      } else hosts.push(agent);
    }
  }
  return map;
}

/** Names with commas between them. */
export function simulatedNames(text: string): string[] {
  return text.split(",").map((name) => name.trim()).filter(Boolean);
}

/** Reads the names that may be played; a real station's is refused, for the two are never mixed. Problems are added to `problems`. */
export function parseSimulated(
  text: string,
  stations: readonly ConfiguredStation[],
  problems: string[],
): string[] {
  const names = simulatedNames(text);
  for (const name of names) {
    const problem = topicWordProblem(name);
    if (problem) problems.push(`SIMULATED_STATIONS: a name ${problem}, found ${shownValue(name)}`);
    const real = stations.find((station) => station.name === name || station.sn === name);
    if (real) {
      problems.push(
        `SIMULATED_STATIONS: must not name a real station, found "${name}", the name of ${real.sn}`,
      );
    }
  }
  return names;
}

/** Why this cannot be an agent's name, or undefined. */
export function agentNameProblem(agent: unknown): string | undefined {
  if (typeof agent !== "string") return "must be text";
  if (RESERVED_AGENT_NAMES.includes(agent)) return "must not be a reserved word";
  return topicWordProblem(agent);
}

/** Where a text stops being JSON. The runtime's own words show the text, which may be a secret under the wrong key. */
function placeOf(cause: unknown): string {
  const place = cause instanceof Error ? /position (\d+)/.exec(cause.message)?.[1] : undefined;
  return place === undefined ? "" : ` ('{"station": ["host"]}'), wrong from character ${Number(place) + 1}`;
}
