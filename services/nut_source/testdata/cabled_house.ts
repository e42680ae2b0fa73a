/**
 * For tests: the worker, the decoder and the policy of a house without a cloud, on a memory broker and a test clock. What the NUT
 * server answers is the test's.
 */
import { loadConfig } from "../../../lib/config/load.ts";
import { parseAgentCommand } from "../../../lib/messages/agent/command.ts";
import { parseEvent } from "../../../lib/messages/event.ts";
import { parsePowerState, type PowerState } from "../../../lib/messages/power_state.ts";
import { MemoryBroker } from "../../../lib/mqtt/memory_broker.ts";
import { topicsUnder } from "../../../lib/mqtt/topics.ts";
import { testContext } from "../../../lib/testing.ts";
import { settle, TestClock } from "../../../lib/time/test_clock.ts";
import { PolicyEngine, type PolicyEngineConfig } from "../../policy_engine/service.ts";
import { capabilityOf, SERVICES } from "../../registry.ts";
import { createSocBridge, type SocBridgeConfig } from "../../soc_bridge/service.ts";
import { type NutSourceConfig, NutSourceService } from "../service.ts";
import { listOf } from "./hostile_nut.ts";

/** How often the server is asked, s. */
export const POLL_SEC = 3;

/** What the UPS says at a poll; a text is the whole answer, undefined none in time. */
export type Says = Readonly<Record<string, string | number>> | string | undefined;

/** A house with the UPS `Rack`, whose host `nas` goes down at 20 %, held for 6 s. */
export interface CabledHouse {
  /** Polls for so long, and says so each time. @param says By the seconds since the call began */
  play(seconds: number, says: (sec: number) => Says): Promise<void>;
  /** Kinds of the events since the last call. */
  events(): string[];
  /** Commands to the host since the beginning. */
  readonly commands: string[];
  state(): PowerState | undefined;
  /** What is wrong, of all services. */
  health(): string;
  stop(): Promise<void>;
}

/** Builds it; everything in it starts with the first play. @param settings Further keys of the configuration */
export function makeCabledHouse(
  settings: Readonly<Record<string, string>> = {},
): CabledHouse {
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  const house = loadConfig({
    environment: {
      ECOFLOW_CLOUD: "off",
      NUT_SOURCES_JSON: '{"Rack":{"ups":"rack"}}',
      NUT_SOURCE_POLL_SEC: String(POLL_SEC),
      DEVICE_TO_AGENTS_JSON: '{"Rack":["nas"]}',
      POLICY_SOC_MIN: "20",
      POLICY_DEBOUNCE_SEC: "6",
      POLICY_SHUTDOWN_DELAY_SEC: "60",
      STATE_DIR: "/none",
      ...settings,
    },
    exists: (path) => path.endsWith("agent_keys.json"),
    readFile: () => JSON.stringify({ nas: "a".repeat(64) }),
  });
  const topics = topicsUnder(house.roots);
  const contextOf = <Config>(name: string) => {
    const row = SERVICES.find((one) => one.name === name);
    if (!row) throw new RangeError(`no service is named "${name}"`);
    return testContext(capabilityOf(row, house), row.slice(house) as Config, { clock, broker });
  };
  let says: Says;
  const contexts = {
    nut: contextOf<NutSourceConfig>("nut_source"),
    bridge: contextOf<SocBridgeConfig>("soc_bridge"),
    policy: contextOf<PolicyEngineConfig>("policy_engine"),
  };
  const store = { read: () => undefined, write: () => {}, writePlain: () => {}, setAside: () => "nowhere" };
  const services = [
    createSocBridge(contexts.bridge),
    new PolicyEngine(contexts.policy, { store, newId: () => crypto.randomUUID() }),
    new NutSourceService(contexts.nut, (target, signal) => {
      if (typeof says === "string") return Promise.resolve(says);
      if (says) return Promise.resolve(listOf(target.ups, says));
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }),
  ];
  const commands: string[] = [];
  const kinds: string[] = [];
  broker.watch(({ topic, payload }) => {
    if (topic.endsWith("/nas/cmd")) commands.push(parseAgentCommand(payload, topic).action);
    if (topic === topics.events) kinds.push(parseEvent(payload, topic).kind);
  });
  const isStarted = { now: false };
  return {
    commands,
    async play(seconds, next) {
      for (let sec = 0; sec < seconds; sec += POLL_SEC) {
        says = next(sec);
        if (!isStarted.now) {
          isStarted.now = true;
          for (const service of services) await service.start();
        }
        await settle();
        for (let i = 0; i < POLL_SEC; i++) await clock.advance(1000);
        await settle();
      }
    },
    events: () => kinds.splice(0),
    state: () => {
      const kept = broker.retained(topics.state("Rack"));
      return kept === undefined ? undefined : parsePowerState(kept, "Rack");
    },
    health: () =>
      Object.values(contexts).flatMap(({ health }) => health.list()).map(({ text }) => text).join("; "),
    async stop() {
      for (const service of services) await service.stop();
    },
  };
}
