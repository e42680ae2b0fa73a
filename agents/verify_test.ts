import assert from "node:assert/strict";
import type { AgentCommand } from "../lib/messages/agent_command.ts";
import { signatureOf } from "../lib/signing.ts";
import { refusalOf, type VerifyContext } from "./verify.ts";

const KEY = "ab".repeat(32);
const NOW = Date.UTC(2026, 10, 23, 19, 0, 0);
const at = (offsetSec: number) => new Date(NOW + offsetSec * 1000).toISOString();
const context: VerifyContext = {
  agent: "pc",
  keyHex: KEY,
  allowUnsigned: false,
  nowWallMs: NOW,
  isSeen: (id) => id === "seen",
};
const base: AgentCommand = {
  id: "1",
  action: "shutdown",
  delay_sec: 60,
  ttl_sec: 300,
  agent: "pc",
  issued_at: at(0),
};
const signed = (change: Partial<AgentCommand> = {}, key = KEY): AgentCommand => {
  const command = { ...base, ...change };
  return { ...command, sig: signatureOf(command, key) };
};

const rows: readonly [
  name: string,
  command: AgentCommand,
  change: Partial<VerifyContext>,
  refusal: RegExp | undefined,
][] = [
  ["a good command", signed(), {}, undefined],
  ["an unsigned one", base, {}, /^unsigned/],
  ["an unsigned one when allowed", base, { allowUnsigned: true }, undefined],
  [
    "the predecessor's shape when allowed",
    { id: "1", action: "shutdown" },
    { allowUnsigned: true },
    undefined,
  ],
  ["a wrongly signed one even when unsigned ones are allowed", signed({}, "cd".repeat(32)), {
    allowUnsigned: true,
  }, /^forged/],
  ["one signed with another key", signed({}, "cd".repeat(32)), {}, /^forged/],
  ["one altered after signing", { ...signed(), delay_sec: 0 }, {}, /^forged/],
  ["one that cannot be verified", signed(), { keyHex: undefined }, /no key/],
  ["one for another agent", signed({ agent: "nas" }), {}, /must be for "pc", found "nas"/],
  ["a signed one for nobody", signed({ agent: undefined }), {}, /^misaddressed: must name/],
  ["a signed one without lifetime", signed({ ttl_sec: undefined }), {}, /^without a lifetime/],
  ["a signed one without a date", signed({ issued_at: undefined }), {}, /^without a lifetime/],
  ["one at its last second", signed({ issued_at: at(-420) }), {}, undefined],
  ["one a second too old", signed({ issued_at: at(-421) }), {}, /^expired: good for 300 s/],
  ["one at the edge of the future", signed({ issued_at: at(120) }), {}, undefined],
  ["one a second beyond it", signed({ issued_at: at(121) }), {}, /^from the future/],
  ["one that was seen", signed({ id: "seen" }), {}, /^repeated/],
];
for (const [name, command, change, refusal] of rows) {
  Deno.test(`refusalOf() ${refusal ? "refuses" : "lets through"} ${name}`, () => {
    const found = refusalOf(command, { ...context, ...change });
    if (refusal) assert.match(found ?? "", refusal);
    else assert.equal(found, undefined);
  });
}

Deno.test("refusalOf() lets none of 10,000 forged, altered, expired, repeated or misaddressed commands through", () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  const random = lcg(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const wrongs: readonly (() => AgentCommand)[] = [
    () => signed({ id: String(random()) }, pick(["cd", "ac", "00"]).repeat(32)),
    () =>
      ({
        ...signed(),
        [pick(["id", "reason", "stage", "drill", "delay_sec", "ttl_sec"] as const)]: pick(["x", 7, true]),
      }) as AgentCommand,
    () => signed({ issued_at: at(-421 - random() * 1e6) }),
    () => signed({ issued_at: at(121 + random() * 1e6) }),
    () => signed({ id: "seen" }),
    () => signed({ agent: pick(["nas", "PC", "pc ", ""]) }),
    () => base,
    () => ({ ...signed(), sig: "0".repeat(64) }),
  ];
  for (let i = 0; i < 10_000; i++) {
    const command = pick(wrongs)();
    assert.ok(refusalOf(command, context), `seed ${seed}: ${JSON.stringify(command)}`);
  }
});

/** A small repeatable source of numbers in [0, 1). */
function lcg(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
