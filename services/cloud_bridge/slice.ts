/** What the cloud bridge gets of the configuration, and what its worker may do. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import { type Grant, stateDirOf, stateGrants } from "../grant.ts";
import type { CloudBridgeConfig } from "./service.ts";

/** EcoFlow's hosts, and a file for the client id. */
export function cloudBridgeGrants(config: HouseConfig): readonly Grant[] {
  return [
    {
      kind: "net",
      targets: [...config.cloud.apiHosts.map(withHttpsPort), ...config.cloud.brokerHosts],
      reason: "EcoFlow's API and the MQTT brokers that it may name",
    },
    ...stateGrants(config, "cloud_bridge", {
      reads: "the client id, the same at every start: the cloud allows about ten a day",
      writes: "to store that client id",
    }),
  ];
}

/** The account and the stations. */
export function cloudBridgeSlice(config: HouseConfig): CloudBridgeConfig {
  return {
    ...config.cloud,
    roots: config.roots,
    devices: config.stations,
    mapped: Object.entries(config.agentsByStation).flatMap(([device, hosts]) =>
      hosts.length > 0 && !config.simulatedStations.includes(device) ? [device] : []
    ),
    stateDir: stateDirOf(config, "cloud_bridge"),
  };
}

function withHttpsPort(host: string): string {
  return host.includes(":") ? host : `${host}:443`;
}
