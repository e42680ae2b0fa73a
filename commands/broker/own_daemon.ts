/** The running daemon of this configuration, and of no other: nobody may be asked or judged in its place. */
import { systemClock } from "../../lib/time/clock.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { holderOfState } from "../../lib/state_lock.ts";
import { examineIdentity } from "../doctor/examine_identity.ts";
import { type BrokerSnapshot, hearHouse } from "./broker_snapshot.ts";
import { NoDaemonError, noDaemonText } from "./living_daemon.ts";

/** What it has to say. @throws NoDaemonError, NoBrokerError */
export async function hearOwnDaemon(house: HouseConfig, purpose: string): Promise<BrokerSnapshot> {
  const words = await hearHouse(house, purpose, { connect: connectMqtt, clock: systemClock() });
  if (words.orchestrator?.online !== true) {
    throw new NoDaemonError(`the daemon ${noDaemonText(house, holderOfState(house.stateDir))}`);
  }
  const identity = examineIdentity(house, words.orchestrator);
  if (identity?.verdict === "bad") throw new NoDaemonError(identity.text);
  return words;
}
