/** What the discovery service gets of the configuration: its worker may do nothing. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import { DEFAULT_PREFIX, type DiscoveryConfig } from "./config.ts";

/**
 * What is shown, and under which topics; Home Assistant's rights at the broker are made from it too.
 *
 * @param nutHosts Hosts that the NUT server speaks for
 */
export function discoverySlice(config: HouseConfig, nutHosts: readonly string[]): DiscoveryConfig {
  return {
    roots: config.roots,
    prefix: config.homeAssistant?.prefix ?? DEFAULT_PREFIX,
    node: config.mqttClientId,
    staleAfterSec: config.staleAfterSec,
    stations: config.stations,
    agentsByStation: config.agentsByStation,
    nutHosts,
  };
}
