/** What the broker link gets of the configuration, and what its worker may do. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import { netTarget } from "../../lib/text/host_name.ts";
import { topicsUnder } from "../../lib/mqtt/topics.ts";
import { daemonClientId } from "../../lib/mqtt/client_ids.ts";
import type { Grant } from "../grant.ts";
import type { BrokerLinkConfig } from "./service.ts";

/** The broker's address, and nothing else. */
export function brokerLinkGrants({ broker }: HouseConfig): readonly Grant[] {
  return [
    {
      kind: "net",
      targets: broker ? [netTarget(broker.host, broker.port)] : ["127.0.0.1"],
      reason: broker ? "the broker in the house" : "the embedded broker on loopback",
    },
  ];
}

/**
 * How to reach the broker.
 *
 * @param cables Stations that a NUT server speaks for: what is said of them at QoS 0 would be refused without a word
 */
export function brokerLinkSlice(config: HouseConfig, cables: readonly string[]): BrokerLinkConfig {
  return {
    roots: config.roots,
    broker: config.broker,
    embeddedPort: config.embeddedPort,
    clientId: daemonClientId(config.mqttClientId, brokerSecret(config)),
    mustWrite: [...commandTopics(config), ...cables.map(topicsUnder(config.roots).source)],
  };
}

/** What only this house's daemon knows: the password at the broker, or else the keys of the agents. */
function brokerSecret({ broker, agentKeys }: HouseConfig): string | undefined {
  if (broker?.password !== undefined) return broker.password;
  const keys = Object.values(agentKeys);
  return keys.length > 0 ? keys.toSorted().join() : undefined;
}

/** Where each host's commands go. */
function commandTopics({ roots, agentsByStation }: HouseConfig): string[] {
  const { command } = topicsUnder(roots);
  return [...new Set(Object.values(agentsByStation).flat())].map(command);
}
