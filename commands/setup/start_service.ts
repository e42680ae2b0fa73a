/** Has systemd start the daemon anew, and watches it come up with the new configuration. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../lib/time/clock.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { textFile } from "../../lib/files/text_file.ts";
import { NoBrokerError } from "../broker/broker_guest.ts";
import { type BrokerSnapshot, hearHouse } from "../broker/broker_snapshot.ts";
import { isComplete, sightOf, type StationSight } from "./probe_result.ts";

/** systemd's `ecoflow-power-restart.path` watches this file: we start no program ourselves. */
const REQUEST = "etc/ecoflow-power/restart-wanted";
const UNIT_PLACES = ["usr/lib/systemd/system", "lib/systemd/system", "etc/systemd/system"];
/** systemd gives the old one 15 s to stop and the new one 90 s to get ready. */
const START_LIMIT_MS = 120_000;
const STATIONS_LIMIT_MS = 90_000;

/** Whether this machine's systemd restarts the daemon when it is asked. */
export function canRestart(root: string): boolean {
  return existsSync(join(root, "run/systemd/system")) &&
    UNIT_PLACES.some((place) => existsSync(join(root, place, "ecoflow-power-restart.path")));
}

/** Asks for the restart. */
export function requestRestart(root: string): void {
  textFile(join(root, REQUEST)).write(`${new Date().toISOString()}\n`);
}

/** How the daemon came up. */
export interface StartOutcome {
  /** All its services are ready. */
  readonly isReady: boolean;
  readonly stations: readonly StationSight[];
}

/** Watches a daemon that was asked to start after `sinceWallMs`. */
export async function watchStart(house: HouseConfig, sinceWallMs: number): Promise<StartOutcome> {
  const clock = systemClock();
  const began = clock.monoMs();
  let outcome: StartOutcome = { isReady: false, stations: [] };
  for (;;) {
    const words = await hear(house);
    outcome = words ? judge(house, words, sinceWallMs) : outcome;
    if (outcome.isReady && outcome.stations.every(isComplete)) return outcome;
    const spentMs = clock.monoMs() - began;
    if (spentMs > (outcome.isReady ? STATIONS_LIMIT_MS : START_LIMIT_MS)) return outcome;
    await clock.sleep(500);
  }
}

async function hear(house: HouseConfig): Promise<BrokerSnapshot | undefined> {
  try {
    return await hearHouse(house, "setup", { connect: connectMqtt, clock: systemClock() });
  } catch (error) {
    if (error instanceof NoBrokerError) return undefined;
    throw error;
  }
}

function judge(house: HouseConfig, words: BrokerSnapshot, sinceWallMs: number): StartOutcome {
  const { orchestrator } = words;
  const isNew = (ts: string | undefined) => ts !== undefined && Date.parse(ts) >= sinceWallMs;
  const isReady = orchestrator?.online === true && isNew(orchestrator.ts) &&
    Object.values(orchestrator.services ?? {}).every(({ state }) => state === "ready");
  // What was kept from before the restart proves nothing.
  const stations = house.stations.map(({ sn, name }) => {
    const state = words.states.get(name ?? sn);
    return sightOf(name ?? sn, isNew(state?.ts) ? state : undefined);
  });
  return { isReady, stations };
}

/** Whether a daemon is connected to the cloud now: then nobody else may be, with its client id. */
export async function isCloudTaken(house: HouseConfig): Promise<boolean> {
  const words = await hear(house);
  return words?.orchestrator?.online === true && words.cloud?.link === "up";
}
