import assert from "node:assert/strict";
import type { AgentCommand } from "../../lib/messages/agent/command.ts";
import type { AgentPlan } from "../../lib/messages/agent/plan.ts";
import { signatureOf } from "../../lib/pairing/signing.ts";
import { verifyCommand, type VerifyContext, verifyPlan } from "./verify.ts";

const KEY = "ab".repeat(32);
const NOW = Date.UTC(2026, 10, 23, 19, 0, 0);
const at = (offsetSec: number) => new Date(NOW + offsetSec * 1000).toISOString();
const context: VerifyContext = {
  agent: "pc",
  keys: [KEY],
  allowUnsigned: false,
  nowWallMs: NOW,
  isSeen: (id) => id === "seen",
  isFresh: ({ challenge }) => challenge === "answered",
};
const base: AgentCommand = {
  id: "1",
  action: "shutdown",
  delay_sec: 60,
  ttl_sec: 300,
  agent: "pc",
  issued_at: at(0),
};
const refusalOf = (command: AgentCommand, context: VerifyContext): string | undefined => {
  const found = verifyCommand(command, context);
  return found.kind === "refused" ? found.reason : undefined;
};
const signed = (change: Partial<AgentCommand> = {}, key = KEY): AgentCommand => {
  const command = { ...base, ...change };
  return { ...command, sig: signatureOf(command, key) };
};

const settled = { settledMs: NOW - 10_000 };
const rows: readonly [
  name: string,
  command: AgentCommand,
  change: Partial<VerifyContext>,
  refusal: RegExp | undefined,
][] = [
  ["a good command", signed(), {}, undefined],
  ["a shutdown issued when all was well again", signed({ issued_at: at(-10) }), settled, undefined],
  [
    "a shutdown issued just before that",
    signed({ issued_at: at(-10.001) }),
    settled,
    /^overtaken: issued at/,
  ],
  [
    "a shutdown issued before that which answers our challenge",
    signed({ issued_at: at(-60), challenge: "answered" }),
    settled,
    undefined,
  ],
  ["an abort issued before that", signed({ action: "abort", issued_at: at(-60) }), settled, undefined],
  ["a drill issued before that", signed({ action: "drill", issued_at: at(-60) }), settled, undefined],
  [
    "an unsigned shutdown issued before that, where those are allowed",
    { ...base, issued_at: at(-60) },
    { ...settled, allowUnsigned: true },
    /^overtaken/,
  ],
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
  ["one that cannot be verified", signed(), { keys: [] }, /no key/],
  ["one for another agent", signed({ agent: "nas" }), {}, /must be for "pc", found "nas"/],
  ["a signed one for nobody", signed({ agent: undefined }), {}, /^misaddressed: must name/],
  ["a signed one without lifetime", signed({ ttl_sec: undefined }), {}, /^without a lifetime/],
  ["a signed one without a date", signed({ issued_at: undefined }), {}, /^without a lifetime/],
  ["one at its last second", signed({ issued_at: at(-420) }), {}, undefined],
  ["one a second too old", signed({ issued_at: at(-421) }), {}, /^expired: good for 300 s/],
  ["one at the edge of the future", signed({ issued_at: at(120) }), {}, undefined],
  ["one a second beyond it", signed({ issued_at: at(121) }), {}, /^from the future/],
  ["one a millisecond too old", signed({ issued_at: at(-420.001) }), {}, /found 420 s old/],
  ["one a millisecond beyond it", signed({ issued_at: at(120.001) }), {}, /issued 120 s ahead/],
  [
    "an unsigned one that says no lifetime at the last second of the default, when allowed",
    { ...base, ttl_sec: undefined, issued_at: at(-420) },
    { allowUnsigned: true },
    undefined,
  ],
  [
    "an unsigned one that says no lifetime a millisecond later",
    { ...base, ttl_sec: undefined, issued_at: at(-420.001) },
    { allowUnsigned: true },
    /^expired: good for 300 s \(and 120 s of clock skew\)/,
  ],
  [
    "an unsigned one that says no lifetime, from the future",
    { ...base, ttl_sec: undefined, issued_at: at(120.001) },
    { allowUnsigned: true },
    /^from the future/,
  ],
  ["one that was seen", signed({ id: "seen" }), {}, /^repeated/],
  [
    "one too old that answers our challenge",
    signed({ issued_at: at(-9999), challenge: "answered" }),
    {},
    undefined,
  ],
  [
    "one from the future that answers it",
    signed({ issued_at: at(9999), challenge: "answered" }),
    {},
    undefined,
  ],
  ["one that answers another", signed({ issued_at: at(-9999), challenge: "other" }), {}, /^expired/],
  [
    "one that answers it and was seen",
    signed({ id: "seen", issued_at: at(-9999), challenge: "answered" }),
    {},
    /^expired/,
  ],
  [
    "one that answers it in time and was seen",
    signed({ id: "seen", challenge: "answered" }),
    {},
    /^repeated/,
  ],
  [
    "one with an answer put in",
    { ...signed({ issued_at: at(-9999) }), challenge: "answered" },
    {},
    /^forged/,
  ],
  [
    "one without lifetime that answers it",
    signed({ ttl_sec: undefined, challenge: "answered" }),
    {},
    /^without/,
  ],
  [
    "an unsigned one with an answer, when unsigned ones are allowed",
    { ...base, issued_at: at(-9999), challenge: "answered" },
    { allowUnsigned: true },
    /^expired/,
  ],
];
for (const [name, command, change, refusal] of rows) {
  Deno.test(`verifyCommand() ${refusal ? "refuses" : "lets through"} ${name}`, () => {
    const found = refusalOf(command, { ...context, ...change });
    if (refusal) assert.match(found ?? "", refusal);
    else assert.equal(found, undefined);
  });
}

Deno.test("verifyCommand() says which key a command fits, and whether another would have helped", () => {
  const other = "cd".repeat(32);
  assert.deepEqual(verifyCommand(signed(), { ...context, keys: [other, KEY] }), {
    kind: "good",
    keyHex: KEY,
  });
  assert.deepEqual(verifyCommand(base, { ...context, allowUnsigned: true }), {
    kind: "good",
    keyHex: undefined,
  });
  const helps = (command: AgentCommand, keys: readonly string[]) => {
    const found = verifyCommand(command, { ...context, keys });
    return found.kind === "refused" && found.isKeyMissing;
  };
  assert.equal(helps(signed({}, other), [KEY]), true);
  assert.equal(helps(signed(), []), true);
  assert.equal(helps(base, [KEY]), false);
  assert.equal(helps(signed({ id: "seen" }), [KEY]), false);
});

Deno.test("verifyCommand() names both clocks, and says when nothing but the time is wrong", () => {
  const isOnlyItsTime = (command: AgentCommand) => {
    const found = verifyCommand(command, context);
    return found.kind === "refused" && found.isOnlyItsTime;
  };
  const late = { issued_at: at(-9999) };
  assert.match(
    refusalOf(signed(late), context) ?? "",
    /issued at 2026-11-23T16:13:21.000Z, this host's clock says 2026-11-23T19:00:00.000Z$/,
  );
  assert.match(
    refusalOf(signed({ issued_at: at(999) }), context) ?? "",
    /clock says 2026-11-23T19:00:00.000Z$/,
  );
  assert.equal(isOnlyItsTime(signed(late)), true);
  assert.equal(isOnlyItsTime(signed({ issued_at: at(999) })), true);
  assert.equal(isOnlyItsTime(signed({ ...late, id: "seen" })), false);
  assert.equal(isOnlyItsTime(signed({ ...late, agent: "nas" })), false);
  assert.equal(isOnlyItsTime(signed(late, "cd".repeat(32))), false);
  assert.equal(isOnlyItsTime(signed({ ttl_sec: undefined })), false);
  assert.equal(isOnlyItsTime({ ...base, ...late }), false);
});

const PLAN: AgentPlan = {
  id: "p",
  agent: "pc",
  device: "Study",
  state: "on_battery",
  issued_at: at(-86_400),
  deadline_at: at(600),
  reason: "r",
};
const signedPlan = (change: Partial<AgentPlan> = {}): AgentPlan => {
  const plan = { ...PLAN, ...change };
  return { ...plan, sig: signatureOf(plan, KEY) };
};
const plans: readonly [name: string, plan: AgentPlan, allowUnsigned: boolean, refusal: RegExp | undefined][] =
  [
    ["a good plan, however old", signedPlan(), false, undefined],
    ["an unsigned plan", PLAN, false, /^unsigned/],
    ["an unsigned plan when allowed", PLAN, true, undefined],
    ["a plan that was altered", { ...signedPlan(), state: "online" }, false, /^forged/],
    ["a plan for another agent", signedPlan({ agent: "nas" }), false, /^misaddressed/],
  ];
for (const [name, plan, allowUnsigned, refusal] of plans) {
  Deno.test(`verifyPlan() ${refusal ? "refuses" : "lets through"} ${name}`, () => {
    const found = verifyPlan(plan, { agent: "pc", keys: [KEY], allowUnsigned });
    if (refusal) assert.match(found.kind === "refused" ? found.reason : "", refusal);
    else assert.equal(found.kind, "good");
  });
}
