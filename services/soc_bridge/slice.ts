/** What the decoder gets of the configuration: its worker may do nothing. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import type { SocBridgeConfig } from "./service.ts";

/** Which stations there are and how they are judged. */
export function socBridgeSlice(config: HouseConfig): SocBridgeConfig {
  return {
    roots: config.roots,
    devices: config.stations,
    gridRule: config.gridRule,
    staleAfterSec: config.staleAfterSec,
    publishRawJson: config.publishRawJson,
    modelFiles: config.modelFiles,
  };
}
