import assert from "node:assert/strict";
import { agentClientId } from "../lib/mqtt/client_ids.ts";
import { type AgentCommand, encodeAgentCommand } from "../lib/messages/agent/command.ts";
import { settle } from "../lib/time/test_clock.ts";
import { KEY, startHost } from "./testing.ts";

const COUNT = 10_000;

/** A small repeatable source of numbers in [0, 1). */
function lcg(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

type Host = Awaited<ReturnType<typeof startHost>>;
interface Attack {
  readonly payload: string | Uint8Array;
  readonly reason: RegExp;
  readonly retain?: boolean;
}

/** One attack of each kind; every field of a command is altered by one of them. */
function attacks(h: Host, random: () => number, obeyed: AgentCommand): (() => Attack)[] {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const iso = (offsetSec: number) => new Date(h.clock.wallMs() + offsetSec * 1000).toISOString();
  const good = () => h.command({ reason: "r", stage: 1, drill: false, delay_sec: 60 });
  const altered: Record<Exclude<keyof AgentCommand, "sig">, unknown> = {
    id: "other",
    action: "abort",
    delay_sec: 0,
    reason: "x",
    ttl_sec: 86_400,
    agent: "nas",
    issued_at: iso(1),
    stage: 2,
    drill: true,
    challenge: "1.00",
  };
  const json = (value: unknown) => JSON.stringify(value);
  return [
    ...Object.entries(altered).map(([key, value]) => () => ({
      payload: json({ ...good(), [key]: value }),
      reason: /^forged/,
    })),
    () => ({ payload: json({ ...good(), sig: "0".repeat(64) }), reason: /^forged/ }),
    () => {
      const { sig = "", ...rest } = good();
      const at = Math.floor(random() * 64);
      const digit = sig[at] === "0" ? "1" : "0";
      return {
        payload: json({ ...rest, sig: sig.slice(0, at) + digit + sig.slice(at + 1) }),
        reason: /^forged/,
      };
    },
    () => ({ payload: json(h.command({}, pick(["cd", "ac", "00"]).repeat(32))), reason: /^forged/ }),
    () => {
      const { sig: _sig, ...unsigned } = good();
      return { payload: json(unsigned), reason: /^unsigned/ };
    },
    () => ({ payload: json(h.command({ issued_at: iso(-421 - random() * 1e6) })), reason: /^expired/ }),
    () => ({
      payload: json(h.command({ issued_at: iso(121 + random() * 1e6) })),
      reason: /^from the future/,
    }),
    () => ({ payload: json(obeyed), reason: /^repeated/ }),
    () => ({ payload: json(h.command({ agent: pick(["nas", "PC", "pc ", ""]) })), reason: /^misaddressed/ }),
    () => ({ payload: json(h.command({ agent: undefined })), reason: /^misaddressed/ }),
    () => ({ payload: json(h.command({ ttl_sec: undefined })), reason: /^without a lifetime/ }),
    () => ({ payload: json(good()), reason: /^retained/, retain: true }),
    () => ({ payload: json({ ...good(), action: "explode" }), reason: /"action" must be/ }),
    () => ({
      payload: json({ ...good(), delay_sec: pick([-1, 1e9, "60", 1.5]) }),
      reason: /"delay_sec" must be/,
    }),
    () => ({
      payload: encodeAgentCommand(good()).slice(0, Math.floor(random() * 200)),
      reason: /must be JSON/,
    }),
    () => ({ payload: pick(["[]", "null", "7", '"shutdown"', "{}"]), reason: /must be|Invalid/ }),
    () => ({ payload: crypto.getRandomValues(new Uint8Array(64)), reason: /must be JSON/ }),
    () => ({ payload: "x".repeat(300_000), reason: /must have at most 262144 bytes/ }),
  ];
}

Deno.test("Agent obeys none of 10,000 hostile commands, at a bounded rate of lines and answers, then the good one", async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  const random = lcg(seed);
  const h = await startHost();
  const obeyed = h.command({ action: "ping" });
  await h.send(obeyed);
  const kinds = attacks(h, random, obeyed);
  const refused = () => h.log.entries.filter(({ text }) => text.endsWith(" REFUSED"));
  const seen = new Set<number>();
  const before = h.acks.length;
  for (let i = 0; i < COUNT; i++) {
    // The first of each kind comes when its refusal is sure to be told; the rest is a flood.
    const kind = i < kinds.length ? i : Math.floor(random() * kinds.length);
    seen.add(kind);
    const { payload, reason, retain } = (kinds[kind] as () => Attack)();
    if (i < kinds.length) await h.clock.advance(6000);
    const lines = refused().length;
    if (retain) {
      // Heard as retained only by who subscribes afterwards.
      h.broker.publish("power-manager/pc/cmd", payload, { retain });
      h.broker.drop(agentClientId("pc", KEY, "boot"));
      h.broker.publish("power-manager/pc/cmd", "", { retain: true });
      await settle();
      continue;
    }
    h.broker.publish("power-manager/pc/cmd", payload, { qos: 1 });
    if (i % 100 === 0 || i < kinds.length) await settle();
    if (i >= kinds.length) continue;
    assert.equal(refused().length, lines + 1, `seed ${seed}, kind ${kind}`);
    assert.match(String(refused().at(-1)?.fields.reason), reason, `seed ${seed}, kind ${kind}`);
  }
  await settle();
  assert.equal(seen.size, kinds.length);
  assert.deepEqual(h.runner.ran, [], `seed ${seed}`);
  // Ten at once, then one every six seconds of the time that passed.
  const bound = 10 + h.clock.monoMs() / 6000;
  assert.ok(refused().length <= bound, `${refused().length} lines in ${h.clock.monoMs()} ms`);
  assert.ok(h.acks.length - before <= bound);
  assert.ok(h.acks.slice(before).every(({ status }) => status === "rejected"));
  await h.clock.advance(60_000);
  await h.send(h.command());
  assert.equal(h.runner.ran.at(-1), "shutdown 60");
  await h.stop();
});

Deno.test("Agent refuses a retained command each time it comes, and a flood of plans and daemon words", async () => {
  const h = await startHost();
  h.broker.publish("power-manager/pc/cmd", encodeAgentCommand(h.command()), { retain: true });
  await settle();
  h.runner.ran.length = 0;
  await h.clock.advance(60_000);
  h.broker.drop(agentClientId("pc", KEY, "boot"));
  await h.clock.advance(5000);
  assert.match(h.log.text(), /COMMAND REFUSED id=\S+ reason="retained/);
  for (let i = 0; i < 500; i++) {
    h.broker.publish("power-manager/pc/plan", JSON.stringify(h.plan({}, "cd".repeat(32))));
    h.broker.publish("power-manager/pc/plan", "nonsense");
    h.broker.publish("power-manager/orchestrator/status", "nonsense");
  }
  await settle();
  const lines = h.log.entries.filter(({ text }) => text.endsWith(" REFUSED")).length;
  assert.ok(lines <= 10 + h.clock.monoMs() / 6000, `${lines} lines`);
  assert.equal(h.status().plan_id, undefined);
  assert.deepEqual(h.runner.ran, []);
  await h.stop();
});
