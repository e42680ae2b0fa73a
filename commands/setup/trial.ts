/** Listens to the stations before anything is written: the daemon's own bridge and decoder, on a broker in memory. */
import { systemClock } from "../../lib/time/clock.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import { createHealth } from "../../lib/health.ts";
import { createLogger } from "../../lib/log/log.ts";
import { parseCloudStatus } from "../../lib/messages/cloud_status.ts";
import { parsePowerState } from "../../lib/messages/power_state.ts";
import { MemoryBroker } from "../../lib/mqtt/memory_broker.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { topicsUnder } from "../../lib/mqtt/topics.ts";
import type { ServiceContext } from "../../lib/workers/service.ts";
import { faultNamedIn } from "../../services/cloud_bridge/api/faults.ts";
import { createFetchHttp } from "../../services/cloud_bridge/api/fetch_http.ts";
import { CloudBridge, type CloudBridgeConfig } from "../../services/cloud_bridge/service.ts";
import { capabilityOf, SERVICES } from "../../services/registry.ts";
import { createSocBridge, type SocBridgeConfig } from "../../services/soc_bridge/service.ts";
import { isComplete, sightOf, type StationSight } from "./probe_result.ts";
import { SetupError } from "./setup_error.ts";

/** A station pushes every few seconds, and answers a question within some; a sleepy one takes longer, ms. */
const LIMIT_MS = 90_000;
const LOOK_EVERY_MS = 200;

/** Watches until every configured station is judged, or the time is up. @throws SetupError when the cloud is not reached */
export async function watchTrial(house: HouseConfig, limitMs = LIMIT_MS): Promise<StationSight[]> {
  const clock = systemClock();
  const broker = new MemoryBroker(clock);
  const topics = topicsUnder(house.roots);
  const contextOf = <Config>(name: string): ServiceContext<Config> => {
    const row = SERVICES.find((service) => service.name === name);
    if (!row) throw new RangeError(`Cannot try the stations: no service is named "${name}"`);
    return {
      name,
      config: row.slice(house) as Config,
      bus: broker.bus(capabilityOf(row, house)),
      clock,
      log: createLogger(name, "crit", () => {}),
      health: createHealth(),
      random: Math.random,
    };
  };
  const bridge = contextOf<CloudBridgeConfig>("cloud_bridge");
  const services = [
    createSocBridge(contextOf<SocBridgeConfig>("soc_bridge")),
    new CloudBridge(bridge, { connect: connectMqtt, ...createFetchHttp({ caPem: bridge.config.caPem }) }),
  ];
  const look = () =>
    house.stations.map(({ sn, name }) => {
      const device = name ?? sn;
      const text = broker.retained(topics.state(device));
      return sightOf(device, text === undefined ? undefined : parsePowerState(text, device));
    });
  const cloud = () => {
    const text = broker.retained(topics.cloudStatus);
    return text === undefined ? undefined : parseCloudStatus(text, topics.cloudStatus);
  };
  try {
    for (const service of services) await service.start();
    const untilMs = clock.monoMs() + limitMs;
    while (clock.monoMs() < untilMs && !look().every(isComplete) && cloud()?.link !== "refused") {
      await clock.sleep(LOOK_EVERY_MS);
    }
    const status = cloud();
    if (status?.link !== "up") {
      const detail = status?.detail ?? "nothing is known";
      throw new SetupError(`EcoFlow's broker cannot be used: ${detail}`, {}, faultNamedIn(detail));
    }
    return look();
  } finally {
    for (const service of services.toReversed()) await service.stop();
  }
}
