/** What the decoder gets of the configuration: its worker may do nothing. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import type { SocBridgeConfig } from "./config.ts";

/**
 * Which stations there are and how they are judged.
 *
 * @param cables Stations that a NUT server speaks for
 */
export function socBridgeSlice(config: HouseConfig, cables: readonly string[]): SocBridgeConfig {
  return {
    roots: config.roots,
    devices: config.stations,
    gridRule: config.gridRule,
    staleAfterSec: config.staleAfterSec,
    publishRawJson: config.publishRawJson,
    modelFiles: config.modelFiles,
    cables,
  };
}
