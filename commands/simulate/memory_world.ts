/**
 * A world in memory: decoder, policy and agents on a memory broker and a test clock. The cloud is the raw topic; what
 * it does is shown with real processes by `real_world.ts`.
 */
import { Agent, type AgentStores } from "../../agents/agent.ts";
import { lastStep } from "../../agents/settings/host_commands.ts";
import { rehearsedHostTime } from "../../agents/host_time.ts";
import { linuxPlatform } from "../../agents/platform/linux.ts";
import { rehearsalRunner } from "../../agents/shutdown/runner.ts";
import { memoryStore } from "../../agents/obey/memory_store.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { MemoryBroker } from "../../lib/mqtt/memory_broker.ts";
import { topicsUnder } from "../../lib/mqtt/topics.ts";
import { TestClock } from "../../lib/time/test_clock.ts";
import { memoryLog, testContext } from "../../lib/testing.ts";
import { type StationEncoder, stationEncoder } from "../../proto/encode_station.ts";
import { PolicyEngine, type PolicyEngineConfig } from "../../services/policy_engine/service.ts";
import { type NutSourceConfig, NutSourceService } from "../../services/nut_source/service.ts";
import { capabilityOf, SERVICES } from "../../services/registry.ts";
import { createSocBridge, type SocBridgeConfig } from "../../services/soc_bridge/service.ts";
import type { World } from "./play.ts";
import type { Scenario } from "./scenario.ts";
import { modelOf } from "./simulated_model.ts";
import { CABLE_UPS, simulatedCables } from "./simulated_cable.ts";
import type { StationModel } from "./station_model.ts";
import { own } from "../../lib/own.ts";

/** A {@link World} whose time stands still until a test moves it. */
export interface MemoryWorld extends World {
  readonly clock: TestClock;
  stop(): Promise<void>;
}

/** Builds it; everything in it starts at once. */
export async function startMemoryWorld(
  scenario: Scenario,
  models: ReadonlyMap<string, StationModel>,
): Promise<MemoryWorld> {
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  const agents = [...new Set(Object.values(scenario.hosts).flat())];
  const keys = Object.fromEntries(agents.map((agent, i) => [agent, i.toString(16).padStart(64, "a")]));
  const cables = simulatedCables(models.values());
  const house = loadConfig({
    environment: {
      ECOFLOW_CLOUD: "off",
      ECOFLOW_DEVICE_LIST: [...models].map(([sn, { station }]) => `${sn}:${station.name}`).join(","),
      DEVICE_TO_AGENTS_JSON: JSON.stringify(scenario.hosts),
      // Each name is the address of its own server.
      NUT_SOURCES_JSON: JSON.stringify(
        Object.fromEntries([...cables.keys()].map((name) => [name, { ups: CABLE_UPS, host: name }])),
      ),
      STATE_DIR: "/none",
      ...(scenario.policyFile === undefined ? {} : { POLICY_FILE: "policy.toml" }),
      ...scenario.settings,
    },
    exists: (path) => path.endsWith("agent_keys.json"),
    readFile: (path) => path === "policy.toml" ? scenario.policyFile ?? "" : JSON.stringify(keys),
  });
  const topics = topicsUnder(house.roots);
  const row = (name: string) => {
    const found = SERVICES.find((service) => service.name === name);
    if (!found) throw new RangeError(`Cannot build the world: no service is named "${name}"`);
    return found;
  };
  const contextOf = <Config>(name: string) =>
    testContext(capabilityOf(row(name), house), row(name).slice(house) as Config, { clock, broker });

  let snapshot: string | undefined;
  const store = {
    read: () => snapshot,
    write: (text: string) => void (snapshot = text),
    writePlain: (text: string) => void (snapshot = text),
    setAside: () => "nowhere",
  };
  let services: { start(): Promise<void>; stop(): Promise<void> }[] = [];
  const startDaemon = async () => {
    services = [
      createSocBridge(contextOf<SocBridgeConfig>("soc_bridge")),
      new PolicyEngine(contextOf<PolicyEngineConfig>("policy_engine"), {
        store,
        newId: () => crypto.randomUUID(),
      }),
      ...(cables.size === 0 ? [] : [
        new NutSourceService(
          contextOf<NutSourceConfig>("nut_source"),
          ({ host }) => Promise.resolve(cables.get(host)?.answer() ?? ""),
        ),
      ]),
    ];
    for (const service of services) await service.start();
  };
  const stopDaemon = async () => {
    // As a kill: nobody hears them any more, so that nothing they say at the end counts.
    broker.forgetBuses();
    broker.silence(true);
    for (const service of services.splice(0)) await service.stop();
    broker.silence(false);
  };

  const running = new Map<string, Agent>();
  const disks = new Map<string, AgentStores>(agents.map((name) => [name, {
    keys: memoryStore(own(keys, name)),
    obeyed: memoryStore(),
    plan: memoryStore(),
    run: memoryStore(),
  }]));
  const startAgent = (name: string) => {
    const stores = disks.get(name);
    if (!stores) throw new RangeError(`Cannot start the agent "${name}": no host of the scenario has it`);
    const log = memoryLog(name);
    const agent = new Agent({
      agent: name,
      roots: house.roots,
      broker: { host: "memory", port: 1 },
      allowUnsigned: false,
      rehearsal: true,
      commands: { before: [], last: lastStep(linuxPlatform(true), { mode: "poweroff" }) },
      defaultDelaySec: 60,
      aloneAfterSec: 120,
      host: { os: "linux", hostname: name },
    }, {
      connect: broker.connect,
      clock,
      time: rehearsedHostTime(clock, () => 0.5),
      log,
      random: () => 0.5,
      runner: rehearsalRunner(log),
      stores,
    });
    running.set(name, agent);
    agent.start();
  };

  const encoders = new Map<string, StationEncoder>();
  for (const sn of models.keys()) encoders.set(sn, await stationEncoder(modelOf(sn), sn));
  let delivers = true;
  let isUp = true;
  let askedAtMonoMs = 0;
  const send = (sn: string, payloads: readonly Uint8Array[]) => {
    if (!delivers || !isUp) return;
    for (const bytes of payloads) broker.publish(topics.raw(sn), bytes);
  };
  const reply = (sn: string, model: StationModel) =>
    send(sn, [encoders.get(sn)?.reply(model.now()) ?? new Uint8Array()]);
  // The cloud bridge's part: whole states every 45 s, and when the decoder asks for one.
  const keepAlive = clock.every(1000, () => {
    if (clock.monoMs() - askedAtMonoMs < 45_000) return;
    askedAtMonoMs = clock.monoMs();
    for (const [sn, model] of models) reply(sn, model);
  });
  broker.watch(({ topic }) => {
    for (const [sn, model] of models) {
      if (topic === topics.refresh(sn)) {
        clock.after(300, () => reply(sn, model));
      }
    }
  });

  await startDaemon();
  for (const agent of agents) startAgent(agent);
  return {
    clock,
    say: (sn, values) => send(sn, encoders.get(sn)?.pushes(values) ?? []),
    setCloudDelivers: (now) => void (delivers = now),
    setCable: (station, says) => cables.get(station)?.set(says),
    setBroker: (up) => {
      isUp = up;
      if (up) broker.goUp();
      else broker.goDown();
      return Promise.resolve();
    },
    setAgent: async (name, isRunning) => {
      if (isRunning) return startAgent(name);
      broker.drop(`ecoflow-agent-${name}`);
      await running.get(name)?.stop();
    },
    killDaemon: stopDaemon,
    startDaemon,
    feed: (topic, payload) => isUp && broker.publish(topic, payload),
    onMessage: (see) => void broker.watch(see),
    stop: async () => {
      keepAlive();
      await stopDaemon();
      for (const agent of running.values()) await agent.stop();
    },
  };
}
