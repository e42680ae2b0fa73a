import assert from "node:assert/strict";
import { type AgentAck, parseAgentAck } from "../lib/messages/agent_ack.ts";
import { type AgentCommand, encodeAgentCommand } from "../lib/messages/agent_command.ts";
import { parseAgentStatus } from "../lib/messages/agent_status.ts";
import { MemoryBroker } from "../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS } from "../lib/mqtt/topics.ts";
import { signatureOf } from "../lib/signing.ts";
import { settle, TestClock } from "../lib/test_clock.ts";
import { memoryLog } from "../lib/testing.ts";
import { Agent, type AgentOptions } from "./agent.ts";
import { CommandMemory, type TextStore } from "./memory.ts";
import type { Argv } from "./platform/commands.ts";
import type { Runner, RunResult } from "./runner.ts";

const KEY = "ab".repeat(32);

/** A runner whose programs end when a test says so, or at once with 0. */
class FakeRunner implements Runner {
  readonly ran: string[] = [];
  results = new Map<string, RunResult>();
  /** Programs that run until they are aborted. */
  readonly endless = new Set<string>();

  run(argv: Argv, _limitMs: number, signal: AbortSignal): Promise<RunResult> {
    const line = argv.join(" ");
    this.ran.push(line);
    if (this.endless.has(line)) {
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve({ kind: "aborted" })));
    }
    return Promise.resolve(this.results.get(line) ?? { kind: "ended", code: 0 });
  }
}

function memoryStore(): TextStore & { text: string | undefined } {
  const store = {
    text: undefined as string | undefined,
    read: () => store.text,
    write: (text: string) => void (store.text = text),
  };
  return store;
}

async function house(change: Partial<AgentOptions> = {}, store = memoryStore()) {
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  const log = memoryLog("agent");
  const runner = new FakeRunner();
  const acks: AgentAck[] = [];
  broker.watch(({ topic, payload }) => {
    if (topic === "power-manager/pc/ack") acks.push(parseAgentAck(payload, topic));
  });
  const agent = new Agent({
    agent: "pc",
    roots: DEFAULT_ROOTS,
    broker: { host: "h", port: 1 },
    keyHex: KEY,
    allowUnsigned: false,
    rehearsal: false,
    commands: {
      before: [["stop-db"], ["sync"]],
      beforeLimitMs: 30_000,
      shutdown: (delaySec) => ["shutdown", String(delaySec)],
      abort: ["cancel"],
    },
    defaultDelaySec: 60,
    host: { os: "linux", hostname: "pc.lan", uptimeSec: () => 5 },
    ...change,
  }, {
    connect: broker.connect,
    clock,
    log,
    random: () => 0.5,
    runner,
    memory: new CommandMemory(store, (text) => log.error(text)),
  });
  agent.start();
  await settle();
  let count = 0;
  const command = (change: Partial<AgentCommand> = {}): AgentCommand => {
    const body = {
      id: `c${++count}`,
      action: "shutdown" as const,
      delay_sec: 60,
      ttl_sec: 300,
      agent: "pc",
      issued_at: new Date(clock.wallMs()).toISOString(),
      ...change,
    };
    return { ...body, sig: signatureOf(body, KEY) };
  };
  const send = async (message: AgentCommand | string, options = {}) => {
    const text = typeof message === "string" ? message : encodeAgentCommand(message);
    broker.publish("power-manager/pc/cmd", text, { qos: 1, ...options });
    await settle();
    return typeof message === "string" ? "" : message.id;
  };
  const statuses = (id: string) => acks.filter((ack) => ack.id === id).map(({ status }) => status);
  const status = () => parseAgentStatus(broker.retained("power-manager/pc/status") ?? "", "status");
  return { clock, broker, log, runner, acks, agent, command, send, statuses, status, store };
}

Deno.test("Agent obeys a shutdown: prepares in order, shuts down with the command's delay, answers each step", async () => {
  const h = await house();
  const id = await h.send(h.command({ delay_sec: 30 }));
  assert.deepEqual(h.runner.ran, ["stop-db", "sync", "shutdown 30"]);
  assert.deepEqual(h.statuses(id), ["accepted", "running", "running", "shutting_down"]);
  assert.equal(h.status().going_down, true);
  assert.equal(h.status().last_command_id, id);
  await h.agent.stop();
  assert.equal(h.clock.pending, 0);
});

Deno.test("Agent goes on when a preparation fails or takes too long, and says so", async () => {
  const h = await house();
  h.runner.results.set("stop-db", { kind: "ended", code: 3 });
  h.runner.results.set("sync", { kind: "timed_out" });
  const id = await h.send(h.command());
  assert.deepEqual(h.statuses(id), ["accepted", "running", "failed", "running", "failed", "shutting_down"]);
  assert.match(h.acks[2]?.detail ?? "", /stop-db: ended with code 3; going on/);
  await h.agent.stop();
});

Deno.test("Agent aborted while it prepares stops there and never shuts down", async () => {
  const h = await house();
  h.runner.endless.add("stop-db");
  const id = await h.send(h.command());
  const abortId = await h.send(h.command({ action: "abort" }));
  assert.deepEqual(h.runner.ran, ["stop-db"]);
  assert.deepEqual(h.statuses(id).at(-1), "aborted");
  assert.deepEqual(h.statuses(abortId), ["accepted", "aborted"]);
  assert.equal(h.status().going_down, undefined);
  await h.agent.stop();
});

Deno.test("Agent aborted while the platform waits calls the platform's abort, and is ready for the next", async () => {
  const h = await house();
  await h.send(h.command());
  await h.send(h.command({ action: "abort" }));
  assert.equal(h.runner.ran.at(-1), "cancel");
  assert.equal(h.status().going_down, undefined);
  const id = await h.send(h.command());
  assert.equal(h.statuses(id).at(-1), "shutting_down");
  await h.agent.stop();
});

Deno.test("Agent reports an abort that the platform refused", async () => {
  const h = await house();
  h.runner.results.set("cancel", { kind: "ended", code: 1 });
  await h.send(h.command());
  const id = await h.send(h.command({ action: "abort" }));
  assert.equal(h.statuses(id).at(-1), "failed");
  await h.agent.stop();
});

Deno.test("Agent answers an abort with nothing to abort", async () => {
  const h = await house();
  const id = await h.send(h.command({ action: "abort" }));
  assert.deepEqual(h.statuses(id), ["accepted", "aborted"]);
  assert.deepEqual(h.runner.ran, []);
  await h.agent.stop();
});

Deno.test("Agent drills everything but the last step", async () => {
  const h = await house();
  const id = await h.send(h.command({ action: "drill" }));
  assert.deepEqual(h.runner.ran, ["stop-db", "sync"]);
  assert.deepEqual(h.statuses(id), ["accepted", "running", "running", "done"]);
  assert.match(h.acks.at(-1)?.detail ?? "", /would run: shutdown 60/);
  await h.agent.stop();
});

Deno.test("Agent lets a real shutdown go before a drill, and refuses a drill during a shutdown", async () => {
  const h = await house();
  h.runner.endless.add("stop-db");
  await h.send(h.command({ action: "drill" }));
  h.runner.endless.clear();
  const id = await h.send(h.command());
  assert.equal(h.statuses(id).at(-1), "shutting_down");
  const drill = await h.send(h.command({ action: "drill" }));
  assert.equal(h.statuses(drill).at(-1), "failed");
  await h.agent.stop();
});

Deno.test("Agent told twice runs once", async () => {
  const h = await house();
  h.runner.endless.add("sync");
  await h.send(h.command());
  const id = await h.send(h.command());
  assert.deepEqual(h.statuses(id), ["accepted"]);
  assert.deepEqual(h.runner.ran, ["stop-db", "sync"]);
  await h.agent.stop();
});

Deno.test("Agent refuses a replayed command, also after its restart", async () => {
  const h = await house();
  const command = h.command({ action: "ping" });
  const id = await h.send(command);
  await h.send(command);
  assert.deepEqual(h.statuses(id), ["accepted", "done", "rejected"]);
  await h.agent.stop();
  const again = await house({}, h.store);
  await again.send(command);
  assert.deepEqual(again.statuses(id), ["rejected"]);
  assert.match(again.acks[0]?.detail ?? "", /^repeated/);
  await again.agent.stop();
});

Deno.test("Agent refuses a retained command", async () => {
  const h = await house();
  await h.agent.stop();
  h.broker.publish("power-manager/pc/cmd", encodeAgentCommand(h.command()), { retain: true });
  h.agent.start();
  await settle();
  assert.deepEqual(h.runner.ran, []);
  assert.match(h.log.text(), /COMMAND REFUSED .*retained/);
});

const hostile: readonly [
  name: string,
  make: (h: { command: (c?: Partial<AgentCommand>) => AgentCommand }) => string,
  reason: RegExp,
][] = [
  ["text that is no JSON", () => "nonsense", /must be JSON/],
  ["an unknown action", () => '{"id":"x","action":"explode"}', /action.* must be/],
  ["an unsigned command", () => '{"id":"x","action":"shutdown"}', /unsigned/],
  ["a forged command", (h) => encodeAgentCommand({ ...h.command(), delay_sec: 0 }), /forged/],
  [
    "an expired command",
    (h) => encodeAgentCommand(h.command({ issued_at: "2020-01-01T00:00:00Z" })),
    /expired/,
  ],
  ["a misaddressed command", (h) => encodeAgentCommand(h.command({ agent: "nas" })), /misaddressed/],
];
for (const [name, make, reason] of hostile) {
  Deno.test(`Agent refuses ${name}, runs nothing, and obeys the next good one`, async () => {
    const h = await house();
    await h.send(make(h));
    assert.deepEqual(h.runner.ran, []);
    assert.match(h.log.text(), reason);
    await h.send(h.command());
    assert.equal(h.runner.ran.at(-1), "shutdown 60");
    await h.agent.stop();
  });
}

Deno.test("Agent answers and logs a flood of forged commands at a bounded rate, and still obeys", async () => {
  const h = await house();
  for (let i = 0; i < 500; i++) {
    h.broker.publish("power-manager/pc/cmd", encodeAgentCommand({ ...h.command(), delay_sec: 0 }));
  }
  await settle();
  const refused = () => h.log.entries.filter(({ text }) => text === "COMMAND REFUSED").length;
  assert.equal(refused(), 10);
  assert.equal(h.acks.length, 10);
  await h.clock.advance(6000);
  await h.send("nonsense");
  assert.equal(refused(), 11);
  assert.match(h.log.text(), /refused_silently=490/);
  await h.send(h.command());
  assert.equal(h.runner.ran.at(-1), "shutdown 60");
  await h.agent.stop();
});

Deno.test("Agent with ALLOW_UNSIGNED obeys the predecessor's command and warns at its start", async () => {
  const h = await house({ allowUnsigned: true, keyHex: undefined });
  await h.send('{"id":"old","action":"shutdown","delay_sec":5,"reason":"x","ttl_sec":60}');
  assert.equal(h.runner.ran.at(-1), "shutdown 5");
  assert.match(h.log.text(), /warn +agent UNSIGNED COMMANDS ARE OBEYED/);
  await h.agent.stop();
});

Deno.test("Agent hears a command that waited while it was away, and shows offline meanwhile", async () => {
  const h = await house();
  assert.equal(h.status().online, true);
  h.broker.drop("ecoflow-agent-pc");
  assert.equal(h.status().online, false);
  await h.send(h.command(), { expirySec: 300 });
  assert.deepEqual(h.runner.ran, []);
  await h.clock.advance(1000);
  assert.equal(h.runner.ran.at(-1), "shutdown 60");
  assert.equal(h.status().online, true);
  await h.agent.stop();
});

Deno.test("Agent keeps its answers while the broker is away", async () => {
  const h = await house();
  h.runner.endless.add("stop-db");
  const id = await h.send(h.command());
  h.broker.goDown();
  await h.clock.advance(5000);
  h.broker.goUp();
  await h.send(h.command({ action: "abort" }));
  await h.clock.advance(60_000);
  assert.deepEqual(h.statuses(id), ["accepted", "running", "aborted"]);
  await h.agent.stop();
});
