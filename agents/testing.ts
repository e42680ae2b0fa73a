/** What most tests of the agent need: a host with a memory broker, a test clock and programs that a test decides about. */
import type { Clock } from "../lib/time/clock.ts";
import { type AgentAck, parseAgentAck } from "../lib/messages/agent/ack.ts";
import { type AgentCommand, encodeAgentCommand } from "../lib/messages/agent/command.ts";
import type { AgentPlan } from "../lib/messages/agent/plan.ts";
import { parseAgentStatus } from "../lib/messages/agent/status.ts";
import { MemoryBroker } from "../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS } from "../lib/mqtt/topics.ts";
import { signatureOf } from "../lib/pairing/signing.ts";
import { settle, TestClock } from "../lib/time/test_clock.ts";
import { memoryLog } from "../lib/testing.ts";
import { Agent, type AgentOptions, type AgentStores } from "./agent.ts";
import type { HostCommands } from "./settings/host_commands.ts";
import type { HostTime } from "./host_time.ts";
import type { Argv } from "./platform/platform.ts";
import type { Runner, RunResult } from "./shutdown/runner.ts";
import { memoryStore } from "./obey/memory_store.ts";

/** The key of the agent under test. */
export const KEY = "ab".repeat(32);

/** A runner whose programs end when a test says so, or at once with 0. */
export class FakeRunner implements Runner {
  readonly ran: string[] = [];
  results = new Map<string, RunResult>();
  /** Programs that run until they are aborted. */
  readonly endless = new Set<string>();
  readonly #held = new Map<string, (result: RunResult) => void>();
  /** Programs that run until {@link FakeRunner.release}, whatever happens. */
  readonly held = new Set<string>();

  run(argv: Argv, _limitMs: number, signal: AbortSignal): Promise<RunResult> {
    const line = argv.join(" ");
    this.ran.push(line);
    if (this.held.has(line)) return new Promise((resolve) => this.#held.set(line, resolve));
    if (this.endless.has(line)) {
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve({ kind: "aborted" })));
    }
    return Promise.resolve(this.results.get(line) ?? { kind: "ended", code: 0 });
  }

  /** Lets a held program end. */
  async release(line: string, result: RunResult = { kind: "ended", code: 0 }): Promise<void> {
    this.#held.get(line)?.(result);
    await settle();
  }
}

/** Preparations that are known by their only word. */
export function steps(...names: string[]): HostCommands["before"] {
  return names.map((name) => ({ name, argv: [name], limitMs: 30_000, onFailure: "continue" }));
}

/** A system that counts the delay by itself. */
export const LAST: HostCommands["last"] = {
  schedule: (delaySec) => [["shutdown", String(delaySec)], ["shutdown-later", String(delaySec)]],
  cancel: ["cancel"],
  now: [["off"], ["really-off"]],
  returns: false,
};

/** What outlives an agent on one host. */
export function emptyDisk(keys = KEY): { readonly [K in keyof AgentStores]: ReturnType<typeof memoryStore> } {
  return { keys: memoryStore(`${keys}\n`), obeyed: memoryStore(), plan: memoryStore(), run: memoryStore() };
}

/** A host's time on a test clock; `sleptMs` is what the uptime has more than the clock. */
export interface TestHostTime extends HostTime {
  sleptMs: number;
}

/** Ten hours up when a test begins. */
export function testHostTime(clock: Clock, bootId = "boot"): TestHostTime {
  const time = { bootId, sleptMs: 36_000_000, uptimeMs: () => clock.monoMs() + time.sleptMs };
  return time;
}

/** What goes on when only the agent is started anew. */
export interface Surroundings {
  readonly clock: TestClock;
  readonly broker: MemoryBroker;
  readonly stores: ReturnType<typeof emptyDisk>;
  readonly time: TestHostTime;
}

/** A clock, a broker, and a host with an empty disk. */
export function surroundings(): Surroundings {
  const clock = new TestClock();
  return { clock, broker: new MemoryBroker(clock), stores: emptyDisk(), time: testHostTime(clock) };
}

/** Starts an agent called "pc" and waits until it is connected, if it can be. */
export async function startHost(change: Partial<AgentOptions> = {}, around: Surroundings = surroundings()) {
  const { clock, broker, stores, time } = around;
  const log = memoryLog("agent");
  const runner = new FakeRunner();
  const acks: AgentAck[] = [];
  const unwatch = broker.watch(({ topic, payload }) => {
    if (topic === "power-manager/pc/ack") acks.push(parseAgentAck(payload, topic));
  });
  const agent = new Agent({
    agent: "pc",
    roots: DEFAULT_ROOTS,
    broker: { host: "h", port: 1 },
    allowUnsigned: false,
    rehearsal: false,
    commands: { before: steps("stop-db", "sync"), last: LAST },
    defaultDelaySec: 60,
    aloneAfterSec: 120,
    host: { os: "linux", hostname: "pc.lan" },
    ...change,
  }, { connect: broker.connect, clock, time, log, random: () => 0.5, runner, stores });
  agent.start();
  await settle();
  let count = 0;
  const command = (change: Partial<AgentCommand> = {}, key = KEY): AgentCommand => {
    const body = {
      id: `c${++count}`,
      action: "shutdown" as const,
      delay_sec: 60,
      ttl_sec: 300,
      agent: "pc",
      issued_at: new Date(clock.wallMs()).toISOString(),
      ...change,
    };
    return { ...body, sig: signatureOf(body, key) };
  };
  const plan = (change: Partial<AgentPlan> = {}, key = KEY): AgentPlan => {
    const inSec = change.deadline_in_s ?? 600;
    const body = {
      id: `p${++count}`,
      agent: "pc",
      device: "Study",
      state: "on_battery" as const,
      issued_at: new Date(clock.wallMs()).toISOString(),
      deadline_in_s: inSec,
      deadline_at: new Date(clock.wallMs() + inSec * 1000).toISOString(),
      delay_sec: 30,
      reason: "the battery ends",
      ...change,
    };
    return { ...body, sig: signatureOf(body, key) };
  };
  return {
    ...around,
    around,
    log,
    runner,
    acks,
    agent,
    command,
    plan,
    async send(message: AgentCommand | string, options = {}): Promise<string> {
      const text = typeof message === "string" ? message : encodeAgentCommand(message);
      broker.publish("power-manager/pc/cmd", text, { qos: 1, ...options });
      await settle();
      return typeof message === "string" ? "" : message.id;
    },
    async sendPlan(message: AgentPlan): Promise<string> {
      broker.publish("power-manager/pc/plan", JSON.stringify(message), { qos: 1, retain: true });
      await settle();
      return message.id;
    },
    statuses: (id: string) => acks.filter((ack) => ack.id === id).map(({ status }) => status),
    status: () => parseAgentStatus(broker.retained("power-manager/pc/status") ?? "", "status"),
    async stop(): Promise<void> {
      unwatch();
      await agent.stop();
    },
    /** As a kill: nothing is said, nothing more is heard. */
    async kill(): Promise<void> {
      unwatch();
      broker.goDown();
      await agent.stop();
      broker.goUp();
    },
  };
}
