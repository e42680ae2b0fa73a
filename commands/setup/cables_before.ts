/** Which stations had a cable before setup, and which of them nobody else knows: setup keeps what it does not ask for. */
import type { HouseConfig } from "../../lib/config/load.ts";
import type { NutSourceEntry } from "../../lib/config/nut_sources.ts";
import { stationCalled, stationNameOf } from "../../lib/config/stations.ts";
import { isThisMachine } from "../../lib/this_machine.ts";
import { own } from "../../lib/own.ts";
import { nutSourcesIn } from "../../services/registry.ts";
import { LOCAL_NUT } from "../cable/local_nut.ts";
import type { CableAnswer } from "./answers.ts";

/** One cable of the configuration. */
export interface CableBefore {
  readonly entry: NutSourceEntry;
  /** The station's serial number; absent: it was a station by cable alone, or one that only the account names. */
  readonly sn?: string;
  /** The policy file names it, which setup does not change. */
  readonly isInFile: boolean;
}

/** What was there. */
export interface CablesBefore {
  readonly cables: readonly CableBefore[];
  readonly agentsByStation: HouseConfig["agentsByStation"];
}

/** @throws ConfigError for sources that cannot be used */
export function cablesOf(house: HouseConfig): CablesBefore {
  const { entries } = house.nutSources;
  const inKey = new Set(entries.map(({ device }) => stationNameOf(device, house.stations)));
  const inFile = nutSourcesIn(house).sources.filter(({ device }) => !inKey.has(device));
  const cables = [
    ...entries.map((entry) => ({ entry, isInFile: false })),
    ...inFile.map(({ device, ups, host, port }) => ({ entry: { device, ups, host, port }, isInFile: true })),
  ];
  return {
    cables: cables.map((one) => ({ ...one, sn: stationCalled(one.entry.device, house.stations)?.sn })),
    agentsByStation: house.agentsByStation,
  };
}

/** Stations by cable alone of before, with their hosts. @param stations Those that the account has */
export function cablesAlone(
  draft: { cablesBefore(): CablesBefore },
  stations: readonly { readonly sn: string; readonly name: string }[],
): CableAnswer[] {
  const { cables, agentsByStation } = draft.cablesBefore();
  const alone = cables.filter(({ entry, sn }) =>
    sn === undefined && !stations.some((one) => one.name === entry.device || one.sn === entry.device)
  );
  return alone.map(({ entry: { device } }) => ({ name: device, hosts: own(agentsByStation, device) ?? [] }));
}

/** Whether a cable is this UPS of the server on this machine. */
export function isLocal(
  { ups, host, port }: Pick<NutSourceEntry, "ups" | "host" | "port">,
  name: string,
): boolean {
  return ups === name && port === LOCAL_NUT.port && isThisMachine(host);
}
