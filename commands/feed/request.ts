/** What `ecoflow-power feed` is asked to play, and whether it may be played. Pure. */
import { parseArgs } from "node:util";
import type { HouseConfig } from "../../lib/config/load.ts";
import type { PlayedEvent } from "./script.ts";

/** What was asked for on the command line. */
export interface FeedRequest {
  readonly device: string;
  readonly event: PlayedEvent;
  readonly limitSec: number;
}

/** Reads it. @throws TypeError, RangeError saying what was wanted */
export function readFeed(
  args: readonly string[],
): { readonly env?: string; readonly request: (house: HouseConfig) => FeedRequest } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      env: { type: "string" },
      device: { type: "string" },
      outage: { type: "boolean" },
      soc: { type: "string" },
      grid: { type: "string" },
      minutes: { type: "string", default: "15" },
    },
  });
  if (values.outage && (values.soc !== undefined || values.grid !== undefined)) {
    throw new TypeError("Cannot play: must have --outage alone, or --soc and --grid, found both");
  }
  const number = (name: string, text: string, min: number, max: number) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new RangeError(`Cannot play: --${name} must be a number from ${min} to ${max}, found "${text}"`);
  };
  if (values.grid !== undefined && values.grid !== "on" && values.grid !== "off") {
    throw new TypeError(`Cannot play: --grid must be on or off, found "${values.grid}"`);
  }
  const limitSec = number("minutes", values.minutes, 1, 60) * 60;
  const socPercent = values.soc === undefined ? undefined : number("soc", values.soc, 0, 100);
  return {
    env: values.env,
    request: (house) => ({
      device: chosenStation(values.device, house),
      limitSec,
      event: socPercent === undefined && values.grid === undefined
        ? { kind: "outage", limitPercent: house.policy.socMinPercent }
        : { kind: "still", socPercent: socPercent ?? 80, gridConnected: values.grid === "on" },
    }),
  };
}

/** @throws RangeError for a name that may not be played */
function chosenStation(
  named: string | undefined,
  { simulatedStations, stations, agentsByStation }: HouseConfig,
): string {
  const device = named ?? simulatedStations[0];
  if (device === undefined) {
    throw new RangeError(
      "Cannot play: SIMULATED_STATIONS must name a station that may be played, found none",
    );
  }
  if (simulatedStations.includes(device)) return device;
  const isReal = stations.some(({ sn, name }) => device === name || device === sn);
  const why = isReal
    ? "it is a real station, whose readings are never mixed with played ones"
    : Object.hasOwn(agentsByStation, device)
    ? "DEVICE_TO_AGENTS_JSON names it as a real one, and it is not named as one to play"
    : "it is not named there";
  throw new RangeError(
    `Cannot play "${device}": ${why}; must be one of SIMULATED_STATIONS (${simulatedStations.join(", ")})`,
  );
}
