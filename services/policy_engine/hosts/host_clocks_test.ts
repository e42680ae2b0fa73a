import assert from "node:assert/strict";
import { KEY as AGENT_KEY, startHost, surroundings } from "../../../agents/testing.ts";
import { encodeAgentAck } from "../../../lib/messages/agent/ack.ts";
import { encodeAgentStatus } from "../../../lib/messages/agent/status.ts";
import { hasValidSignature } from "../../../lib/pairing/signing.ts";
import { settle, type TestClock } from "../../../lib/time/test_clock.ts";
import { HostClocks, isInForce } from "./host_clocks.ts";
import { BACK, house, KEY, LOST } from "../testdata/test_policy.ts";

type House = Awaited<ReturnType<typeof house>>;
const NOW = Date.UTC(2026, 10, 23, 19);
const ts = (offsetMs: number, nowMs = NOW) => new Date(nowMs + offsetMs).toISOString();

Deno.test("HostClocks tells a difference once, and forgets it with the first time that fits", () => {
  const clocks = new HostClocks();
  clocks.heard("pc", ts(600_000), NOW);
  assert.deepEqual(clocks.apart.agents, [], "what waited for the broker is late, and no evidence");
  assert.match(
    clocks.refused("pc", ts(600_000), NOW) ?? "",
    /clocks of pc and of this machine differ by 600 s/,
  );
  assert.equal(clocks.refused("pc", ts(601_000), NOW), undefined);
  assert.match(clocks.refused("nas", undefined, NOW) ?? "", /differ by an unknown time/);
  assert.deepEqual(clocks.apart, { agents: ["pc", "nas"], most: "601 s" });
  clocks.heard("pc", ts(120_001), NOW);
  clocks.heard("pc", undefined, NOW);
  assert.deepEqual(clocks.apart.agents, ["pc", "nas"]);
  clocks.heard("pc", ts(-120_000), NOW);
  assert.deepEqual(clocks.apart, { agents: ["nas"], most: "an unknown time" });
});

Deno.test("HostClocks tells the largest difference that is known", () => {
  const clocks = new HostClocks();
  clocks.refused("pc", ts(-900_000), NOW);
  clocks.refused("nas", ts(600_000), NOW);
  clocks.refused("tv", undefined, NOW);
  assert.equal(clocks.apart.most, "900 s");
});

Deno.test("isInForce() knows the command that a host is to obey now, and no other", () => {
  const commanded = {
    kind: "commanded",
    commandId: "s",
    commandedMonoMs: 0,
    firstCommandedMonoMs: 0,
    answer: "none",
    delivery: "done",
  } as const;
  const off = { kind: "aborting", shutdownId: "s", abortId: "a", sinceMonoMs: 0, sentMonoMs: 0 } as const;
  assert.deepEqual([isInForce(commanded, "s"), isInForce(commanded, "a")], [true, false]);
  assert.deepEqual([isInForce(off, "a"), isInForce(off, "s")], [true, false]);
  assert.equal(isInForce({ kind: "down", commandId: "s", commandedMonoMs: 0, sinceMonoMs: 0 }, "s"), false);
  assert.equal(isInForce(undefined, "s"), false);
});

/** A host that was told to shut down. */
async function commanded(): Promise<House> {
  const h = await house();
  await h.presence(true);
  await h.pass(181, LOST);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  return h;
}

/** `pc` refuses a command for its time, by a clock that is ten minutes ahead. */
async function refuse(h: House, id: string, challenge = "1.aa"): Promise<void> {
  const ack = { id, agent: "pc", status: "rejected", detail: "expired: …", challenge } as const;
  h.broker.publish("power-manager/pc/ack", encodeAgentAck({ ...ack, ts: ts(600_000, h.clock.wallMs()) }));
  await settle();
}

Deno.test("PolicyEngine signs the refused command anew, once, with what the agent asked for, and warns of the clocks", async () => {
  const h = await commanded();
  const [first] = h.commands;
  assert.ok(first);
  await refuse(h, first.id);
  await refuse(h, first.id, "2.bb");
  assert.deepEqual(h.actions(), ["shutdown pc", "shutdown pc"]);
  const [, again] = h.commands;
  assert.deepEqual({ ...again, sig: undefined, issued_at: undefined }, {
    ...first,
    sig: undefined,
    issued_at: undefined,
    challenge: "1.aa",
  });
  assert.ok(again && hasValidSignature(again, KEY));
  const differs = h.events.filter(({ kind }) => kind === "clocks_differ");
  assert.equal(differs.length, 1);
  assert.match(differs[0]?.text ?? "", /clocks of pc and of this machine differ by 600 s/);
  await h.clock.advance(1000);
  assert.ok(h.health().includes("clocks_differ"));
  assert.match(h.healthTexts().join(), /"pc" refused a command for its time: .* differ by up to 600 s/);
  const status = { agent: "pc", online: true, ts: ts(0, h.clock.wallMs()) };
  h.broker.publish("power-manager/pc/status", encodeAgentStatus(status), { retain: true });
  await h.clock.advance(1000);
  assert.ok(!h.health().includes("clocks_differ"));
  await h.stop();
});

Deno.test("PolicyEngine proves no command that it does not mean any more: a recording is not made good", async () => {
  const h = await commanded();
  const shutdownId = h.commands[0]?.id ?? "";
  await refuse(h, "of-last-winter");
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.pass(20, BACK);
  const abortId = h.commands.find(({ action }) => action === "abort")?.id ?? "";
  const count = h.commands.length;
  await refuse(h, shutdownId);
  assert.equal(h.commands.length, count);
  assert.notEqual(abortId, "");
  assert.ok(!h.commands.some(({ challenge }) => challenge !== undefined));
  assert.ok(!h.health().includes("clocks_differ"));
  await h.stop();
});

Deno.test("PolicyEngine proves a command within its lifetime only", async () => {
  for (const [afterSec, wanted] of [[10, 2], [20, 1]] as const) {
    const h = await house({ commandTtlSec: 15 });
    await h.pass(181, LOST);
    const id = h.commands[0]?.id ?? "";
    await h.pass(afterSec, LOST);
    await refuse(h, id);
    assert.equal(h.commands.length, wanted, `${afterSec} s`);
    await h.stop();
  }
});

/** The same time with another wall clock. */
function shifted(clock: TestClock, byMs: number): TestClock {
  return new Proxy(clock, {
    get(target, key) {
      if (key === "wallMs") return () => target.wallMs() + byMs;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

for (const aheadMin of [0, 10, 60 * 24 * 365, -10]) {
  Deno.test(`PolicyEngine shuts down a host whose clock is ${aheadMin} min ahead of ours, and calls it off`, async () => {
    const h = await house({ shutdownDelaySec: 600 });
    h.broker.publish("power-manager/orchestrator/status", '{"online":true}', { retain: true });
    const { stores } = surroundings();
    const time = { bootId: "boot", sleptMs: 0, uptimeMs: () => h.clock.monoMs() + 36_000_000 };
    const clock = shifted(h.clock, aheadMin * 60_000);
    const agent = await startHost({}, { clock, broker: h.broker, stores, time });
    assert.equal(AGENT_KEY, KEY);
    await h.pass(200, LOST);
    assert.equal(agent.runner.ran.at(-1), "shutdown 600");
    assert.equal(h.health().includes("clocks_differ"), aheadMin !== 0);
    await h.pass(30, BACK);
    assert.equal(agent.runner.ran.at(-1), "cancel");
    assert.ok(h.events.some(({ kind }) => kind === "host_called_off"));
    await agent.stop();
    await h.stop();
  });
}
