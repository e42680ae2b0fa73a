/** A policy engine on a memory broker and a test clock, with what a test does to it. */
import { type AgentAck, encodeAgentAck } from "../../../lib/messages/agent/ack.ts";
import { type AgentCommand, parseAgentCommand } from "../../../lib/messages/agent/command.ts";
import { encodeAgentStatus } from "../../../lib/messages/agent/status.ts";
import { type JournalEvent, parseEvent } from "../../../lib/messages/event.ts";
import { parsePolicyStatus } from "../../../lib/messages/policy_status.ts";
import { MemoryBroker } from "../../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS, matchesFilter } from "../../../lib/mqtt/topics.ts";
import { settle, TestClock } from "../../../lib/time/test_clock.ts";
import { testContext } from "../../../lib/testing.ts";
import { PolicyEngine, type PolicyEngineConfig } from "../service.ts";
import type { SlotFile } from "../../../lib/files/slot_file.ts";

/** The key of the agent `pc`. */
export const KEY = "ab".repeat(32);
/** One host on one station with the documented defaults. */
export const CONFIG: PolicyEngineConfig = {
  roots: DEFAULT_ROOTS,
  stations: { Study: ["pc"] },
  socMinPercent: 10,
  debounceSec: 180,
  cooldownSec: 300,
  abortWindowSec: 120,
  shutdownDelaySec: 60,
  commandTtlSec: 300,
  staleAfterSec: 120,
  agentKeys: { pc: KEY },
  stateDir: "/none",
};
const CAPABILITY = {
  service: "policy_engine",
  publishes: [
    "power-manager/+/cmd",
    "power-manager/+/plan",
    "power-manager/policy/+",
    "power-manager/events",
    "power-manager/drill/report",
  ],
  subscribes: [
    "plug",
    "power-manager/drill/request",
    "power-manager/abort/request",
    "bridge-ecoflow/status",
    "bridge-ecoflow/+/json/state",
    "power-manager/+/ack",
    "power-manager/+/status",
  ],
};

/** A clock on which a write can take its time. */
export class SlowDiskClock extends TestClock {
  #spentMs = 0;

  /** So much time passes within the running call; timers see it only as time that passed. */
  spend(ms: number): void {
    this.#spentMs += ms;
  }

  override monoMs(): number {
    return super.monoMs() + this.#spentMs;
  }
}

/** A disk in memory that can be full. */
export interface Store extends SlotFile {
  isOlder: boolean;
  text: string | undefined;
  writes: number;
  fails: boolean;
  aside: string | undefined;
}

/** An empty one. */
export function memoryStore(): Store {
  const store: Store = {
    isOlder: false,
    text: undefined,
    writes: 0,
    fails: false,
    aside: undefined,
    read: () => store.text,
    write(text) {
      if (store.fails) throw new Error("no space left on device");
      store.text = text;
      store.writes++;
    },
    writePlain: (text) => store.write(text),
    setAside() {
      store.aside = store.text;
      store.text = undefined;
      return "policy.json.refused";
    },
  };
  return store;
}

/** A policy in a house of its own; `restart` is a kill -9 and a new start over the same broker and disk. */
export async function house(
  change: Partial<PolicyEngineConfig> = {},
  store = memoryStore(),
  clock = new TestClock(),
) {
  const broker = new MemoryBroker(clock);
  let config = { ...CONFIG, ...change };
  const said: AgentCommand[] = [];
  const commands: AgentCommand[] = [];
  const events: JournalEvent[] = [];
  const hear = (command: AgentCommand) => {
    const { id, challenge } = command;
    if (!said.some((other) => other.id === id && other.challenge === challenge)) commands.push(command);
    said.push(command);
  };
  broker.watch(({ topic, payload }) => {
    if (matchesFilter("power-manager/+/cmd", topic)) hear(parseAgentCommand(payload, topic));
    if (topic === "power-manager/events") events.push(parseEvent(payload, topic));
  });
  const woken: string[] = [];
  const nut = { answer: "ERR DATA-STALE" };
  let ids = 0;
  const begin = async () => {
    const context = testContext(CAPABILITY, config, { clock, broker });
    const engine = new PolicyEngine(context, {
      store,
      newId: () => `id-${++ids}`,
      askNut: () => Promise.resolve(nut.answer),
      wake: (mac) => Promise.resolve(void woken.push(mac)),
    });
    await engine.start();
    await settle();
    return { context, engine };
  };
  let now = await begin();
  const feed = async (state: object, device = "Study") => {
    const text = JSON.stringify({ device, ...state });
    broker.publish(`bridge-ecoflow/${device}/json/state`, text, { retain: true });
    await settle();
  };
  return {
    clock,
    broker,
    store,
    /** Each command once, as an agent obeys it. */
    commands,
    /** All that was said, repeats too. */
    said,
    events,
    woken,
    /** What a NUT server elsewhere answers. */
    nut,
    feed,
    log: () => now.context.log,
    healthTexts: () => now.context.health.list().map(({ text }) => text),
    health: () => now.context.health.list().map(({ code }) => code),
    actions: () => commands.map(({ action, agent }) => `${action} ${agent}`),
    status: (device = "Study") =>
      parsePolicyStatus(broker.retained(`power-manager/policy/${device}`) ?? "", "status"),
    /** The answer to the agent's newest command. */
    ack: async (status: AgentAck["status"], agent = "pc") => {
      const id = commands.findLast((command) => command.agent === agent)?.id ?? "";
      broker.publish(`power-manager/${agent}/ack`, encodeAgentAck({ id, agent, status }));
      await settle();
    },
    presence: async (online: boolean, agent = "pc") => {
      broker.publish(`power-manager/${agent}/status`, encodeAgentStatus({ agent, online }), { retain: true });
      await settle();
    },
    /** Time passes; the station says `state` every 10 s. */
    pass: async (seconds: number, state: object, device = "Study") => {
      for (let left = seconds; left > 0; left -= 10) {
        await feed({ grid_age_s: 0, soc_age_s: 0, age_s: 0, ...state }, device);
        await clock.advance(Math.min(10, left) * 1000);
      }
    },
    restart: async (change: Partial<PolicyEngineConfig> = {}) => {
      config = { ...config, ...change };
      // The old one is dead: it hears nothing, ticks no more, and what it does at its end does not happen.
      const { text, writes } = store;
      broker.silence(true);
      await now.engine.stop();
      broker.silence(false);
      Object.assign(store, { text, writes });
      broker.forgetBuses();
      now = await begin();
    },
    stop: () => now.engine.stop(),
  };
}

/** On battery below the limit. */
export const LOST = { soc: 9, grid_connected: false };
/** The grid is back. */
export const BACK = { soc: 9, grid_connected: true };
