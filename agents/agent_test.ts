import assert from "node:assert/strict";
import { agentClientId } from "../lib/mqtt/client_ids.ts";
import { type AgentCommand, encodeAgentCommand } from "../lib/messages/agent/command.ts";
import { signatureOf } from "../lib/pairing/signing.ts";
import { settle } from "../lib/time/test_clock.ts";
import { KEY, startHost } from "./testing.ts";

Deno.test("Agent obeys a shutdown: prepares in order, shuts down with the command's delay, answers each step", async () => {
  const h = await startHost();
  const id = await h.send(h.command({ delay_sec: 30 }));
  assert.deepEqual(h.runner.ran, ["stop-db", "sync", "shutdown 30"]);
  assert.deepEqual(h.statuses(id), ["accepted", "running", "running", "shutting_down"]);
  assert.equal(h.status().going_down, true);
  assert.equal(h.status().last_command_id, id);
  await h.stop();
  assert.equal(h.clock.pending, 0);
});

Deno.test("Agent goes on when a preparation fails or takes too long, and says so", async () => {
  const h = await startHost();
  h.runner.results.set("stop-db", { kind: "ended", code: 3 });
  h.runner.results.set("sync", { kind: "timed_out" });
  const id = await h.send(h.command());
  assert.deepEqual(h.statuses(id), ["accepted", "running", "failed", "running", "failed", "shutting_down"]);
  assert.match(h.acks[2]?.detail ?? "", /stop-db: ended with code 3; going on/);
  await h.stop();
});

Deno.test("Agent aborted while it prepares stops there and never shuts down", async () => {
  const h = await startHost();
  h.runner.endless.add("stop-db");
  const id = await h.send(h.command());
  const abortId = await h.send(h.command({ action: "abort" }));
  assert.deepEqual(h.runner.ran, ["stop-db"]);
  assert.deepEqual(h.statuses(id).at(-1), "aborted");
  assert.deepEqual(h.statuses(abortId), ["accepted", "aborted"]);
  assert.equal(h.status().going_down, undefined);
  await h.stop();
});

Deno.test("Agent aborted while the platform waits calls the platform's abort, and is ready for the next", async () => {
  const h = await startHost();
  await h.send(h.command());
  await h.send(h.command({ action: "abort" }));
  assert.equal(h.runner.ran.at(-1), "cancel");
  assert.equal(h.status().going_down, undefined);
  const id = await h.send(h.command());
  assert.equal(h.statuses(id).at(-1), "shutting_down");
  await h.stop();
});

Deno.test("Agent reports an abort that the platform refused", async () => {
  const h = await startHost();
  h.runner.results.set("cancel", { kind: "ended", code: 1 });
  await h.send(h.command());
  const id = await h.send(h.command({ action: "abort" }));
  assert.equal(h.statuses(id).at(-1), "failed");
  await h.stop();
});

Deno.test("Agent answers an abort with nothing to abort", async () => {
  const h = await startHost();
  const id = await h.send(h.command({ action: "abort" }));
  assert.deepEqual(h.statuses(id), ["accepted", "aborted"]);
  assert.deepEqual(h.runner.ran, []);
  await h.stop();
});

Deno.test("Agent drills everything but the last step", async () => {
  const h = await startHost();
  const id = await h.send(h.command({ action: "drill" }));
  assert.deepEqual(h.runner.ran, ["stop-db", "sync"]);
  assert.deepEqual(h.statuses(id), ["accepted", "running", "running", "done"]);
  assert.match(h.acks.at(-1)?.detail ?? "", /would run: shutdown 60/);
  await h.stop();
});

Deno.test("Agent lets a real shutdown go before a drill, and refuses a drill during a shutdown", async () => {
  const h = await startHost();
  h.runner.endless.add("stop-db");
  await h.send(h.command({ action: "drill" }));
  h.runner.endless.clear();
  const id = await h.send(h.command());
  assert.equal(h.statuses(id).at(-1), "shutting_down");
  const drill = await h.send(h.command({ action: "drill" }));
  assert.equal(h.statuses(drill).at(-1), "failed");
  await h.stop();
});

Deno.test("Agent told twice runs once", async () => {
  const h = await startHost();
  h.runner.endless.add("sync");
  await h.send(h.command());
  const id = await h.send(h.command());
  assert.deepEqual(h.statuses(id), ["accepted"]);
  assert.deepEqual(h.runner.ran, ["stop-db", "sync"]);
  await h.stop();
});

Deno.test("Agent refuses a replayed command, also after its restart", async () => {
  const h = await startHost();
  const command = h.command({ action: "ping" });
  const id = await h.send(command);
  await h.send(command);
  assert.deepEqual(h.statuses(id), ["accepted", "done", "rejected"]);
  await h.stop();
  const again = await startHost({}, h.around);
  await again.send(command);
  assert.deepEqual(again.statuses(id), ["rejected"]);
  assert.match(again.acks[0]?.detail ?? "", /^repeated/);
  await again.agent.stop();
});

Deno.test("Agent refuses a retained command", async () => {
  const h = await startHost();
  await h.stop();
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
    const h = await startHost();
    await h.send(make(h));
    assert.deepEqual(h.runner.ran, []);
    assert.match(h.log.text(), reason);
    await h.send(h.command());
    assert.equal(h.runner.ran.at(-1), "shutdown 60");
    await h.stop();
  });
}

Deno.test("Agent answers and logs a flood of forged commands at a bounded rate, and still obeys", async () => {
  const h = await startHost();
  for (let i = 0; i < 500; i++) {
    h.broker.publish("power-manager/pc/cmd", encodeAgentCommand({ ...h.command(), delay_sec: 0 }));
  }
  await settle();
  const refused = () => h.log.entries.filter(({ text }) => text.endsWith(" REFUSED")).length;
  assert.equal(refused(), 10);
  assert.equal(h.acks.length, 10);
  await h.clock.advance(6000);
  await h.send("nonsense");
  assert.equal(refused(), 11);
  assert.match(h.log.text(), /refused_silently=490/);
  await h.send(h.command());
  assert.equal(h.runner.ran.at(-1), "shutdown 60");
  await h.stop();
});

Deno.test("Agent with ALLOW_UNSIGNED obeys the predecessor's command and warns at its start", async () => {
  const h = await startHost({ allowUnsigned: true });
  await h.send('{"id":"old","action":"shutdown","delay_sec":5,"reason":"x","ttl_sec":60}');
  assert.equal(h.runner.ran.at(-1), "shutdown 5");
  assert.match(h.log.text(), /warn {3}agent UNSIGNED COMMANDS ARE OBEYED/);
  await h.stop();
});

Deno.test("Agent hears a command that waited while it was away, and shows offline meanwhile", async () => {
  const h = await startHost();
  assert.equal(h.status().online, true);
  h.broker.drop(agentClientId("pc", KEY, "boot"));
  assert.equal(h.status().online, false);
  await h.send(h.command(), { expirySec: 300 });
  assert.deepEqual(h.runner.ran, []);
  await h.clock.advance(1000);
  assert.equal(h.runner.ran.at(-1), "shutdown 60");
  assert.equal(h.status().online, true);
  await h.stop();
});

Deno.test("Agent keeps its answers while the broker is away", async () => {
  const h = await startHost();
  h.runner.endless.add("stop-db");
  const id = await h.send(h.command());
  h.broker.goDown();
  await h.clock.advance(5000);
  h.broker.goUp();
  await h.send(h.command({ action: "abort" }));
  await h.clock.advance(60_000);
  assert.deepEqual(h.statuses(id), ["accepted", "running", "aborted"]);
  await h.stop();
});

Deno.test("Agent obeys a command and keeps a plan of a later daemon, with keys that it does not know", async () => {
  const h = await startHost();
  const sealed = <T extends object>(message: T) => {
    const later = { ...message, urgency: "high" };
    return { ...later, sig: signatureOf(later, KEY) };
  };
  const plan = sealed(h.plan());
  await h.sendPlan(plan);
  assert.equal(h.status().plan_id, plan.id);
  const command = sealed(h.command());
  await h.send(JSON.stringify({ ...command, urgency: "low" }));
  await h.send(JSON.stringify(command));
  assert.deepEqual(h.statuses(command.id), ["rejected", "accepted", "running", "running", "shutting_down"]);
  await h.stop();
  const again = await startHost({}, h.around);
  assert.equal(again.status().plan_id, plan.id);
  await again.stop();
});

Deno.test("Agent lives on when a command nests deeper than any stack", async () => {
  const h = await startHost();
  await h.send(JSON.stringify(h.command()).replace("{", `{"x":${"[".repeat(50_000)}${"]".repeat(50_000)},`));
  assert.match(h.log.text(), /MESSAGE REFUSED .*must nest at most 8 levels/);
  const id = await h.send(h.command());
  assert.equal(h.statuses(id).at(-1), "shutting_down");
  await h.stop();
});

Deno.test("Agent leaves out the empty message by which the daemon proves that it may write", async () => {
  const h = await startHost();
  const before = [h.log.text(), h.acks.length];
  h.broker.publish("power-manager/pc/cmd", "", { qos: 1, expirySec: 1 });
  await settle();
  assert.deepEqual([h.log.text(), h.acks.length], before);
  await h.stop();
});
