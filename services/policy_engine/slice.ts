/** What the policy engine gets of the configuration, and what its worker may do. Pure. */
import { netTarget } from "../../lib/text/host_name.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import { onceFor } from "../../lib/once_for.ts";
import { type Grant, stateDirOf, stateGrants } from "../grant.ts";
import { type PolicyEngineConfig, wakeAddresses, wakesHosts, witnessServers } from "./config.ts";
import { EVERYBODY, HOUSE_NETWORKS, WAKE_PORT } from "./io/wake_on_lan.ts";
import { parsePolicyFile } from "./rules/policy_file.ts";
import type { PolicyFile } from "./rules/policy_file_schema.ts";

/**
 * The policy file, read once for each configuration; undefined: there is none.
 *
 * @throws ConfigError with every problem of the file
 */
export const policyFileOf: (config: HouseConfig) => PolicyFile | undefined = onceFor((config) =>
  config.policyFile &&
  parsePolicyFile(config.policyFile.text, config.policyFile.source, limitsOf(config))
);

/** Its snapshot; the network only for what the policy file names. @throws ConfigError as {@link policyFileOf} */
export function policyEngineGrants(config: HouseConfig): readonly Grant[] {
  const file = policyFileOf(config);
  return [
    ...stateGrants(config, "policy_engine", {
      reads: "its snapshot, to go on after a restart in mid-outage",
      writes: "to store that snapshot",
    }),
    ...(wakesHosts(file)
      ? [{
        kind: "net" as const,
        targets: [
          "0.0.0.0:0",
          ...[EVERYBODY, ...HOUSE_NETWORKS, ...wakeAddresses(file)].map((target) => `${target}:${WAKE_PORT}`),
        ],
        reason: "magic packets for the hosts that the policy file gives a hardware address",
      }, {
        kind: "sys" as const,
        targets: ["networkInterfaces"],
        reason: "to send magic packets to each network that this machine is on",
      }]
      : []),
    ...witnessServers(file).map(({ host, port }) => ({
      kind: "net" as const,
      targets: [netTarget(host, port)],
      reason: "a NUT server that the policy file names as a grid witness",
    })),
  ];
}

/**
 * Limits, hosts and their keys, and the policy file.
 *
 * @param keylessHosts Hosts that the NUT server speaks for
 * @throws ConfigError as {@link policyFileOf}
 */
export function policyEngineSlice(config: HouseConfig, keylessHosts: readonly string[]): PolicyEngineConfig {
  return {
    ...limitsOf(config),
    roots: config.roots,
    agentKeys: config.agentKeys,
    keylessHosts,
    stateDir: stateDirOf(config, "policy_engine"),
    bootId: config.bootId,
    simulatedStations: config.simulatedStations,
    followsCloud: true,
    takesDrills: true,
    takesAborts: true,
    file: policyFileOf(config),
  };
}

function limitsOf(config: HouseConfig) {
  return { ...config.policy, stations: config.agentsByStation, staleAfterSec: config.staleAfterSec };
}
