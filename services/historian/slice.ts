/** What the historian gets of the configuration, and what its worker may do. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import { type Grant, stateDirOf, stateGrants } from "../grant.ts";
import type { HistorianConfig } from "./config.ts";

/** Its database. */
export function historianGrants(config: HouseConfig): readonly Grant[] {
  return stateGrants(config, "historian", { reads: "its database", writes: "to write that database" });
}

/** How long it keeps what. */
export function historianSlice(config: HouseConfig): HistorianConfig {
  return {
    roots: config.roots,
    stateDir: stateDirOf(config, "historian"),
    staleAfterSec: config.staleAfterSec,
    days: config.history?.days ?? 0,
  };
}
