import assert from "node:assert/strict";
import type { AgentCommand } from "../../lib/messages/agent/command.ts";
import type { AgentPlan } from "../../lib/messages/agent/plan.ts";
import { InvalidInputError } from "../../lib/errors.ts";
import { signatureOf } from "../../lib/pairing/signing.ts";
import { TestClock } from "../../lib/time/test_clock.ts";
import { memoryLog } from "../../lib/testing.ts";
import { testHostTime } from "../testing.ts";
import { Admission } from "./admission.ts";
import { CommandMemory } from "./memory.ts";
import { Keyring } from "./keyring.ts";
import { memoryStore } from "./memory_store.ts";

const KEY = "ab".repeat(32);
const NEXT_KEY = "cd".repeat(32);

function scene({ keys = [KEY], allowUnsigned = false } = {}) {
  const clock = new TestClock();
  const time = testHostTime(clock);
  const log = memoryLog();
  const store = memoryStore(keys.join("\n"));
  const memory = new CommandMemory(memoryStore(), () => {});
  const rejected: { readonly id: string; readonly reason: string; readonly challenge: string | undefined }[] =
    [];
  let changes = 0;
  const admission = new Admission({
    agent: "pc",
    allowUnsigned,
    keyring: new Keyring(store, log),
    memory,
    clock,
    time,
    log,
    reject: ({ id }, reason, challenge) => void rejected.push({ id, reason, challenge }),
    onKeysChanged: () => void changes++,
  });
  const issuedAt = (agoSec: number) => new Date(clock.wallMs() - agoSec * 1000).toISOString();
  const command = (change: Partial<AgentCommand> = {}, key = KEY, agoSec = 0): AgentCommand => {
    const unsigned: AgentCommand = {
      id: "c1",
      action: "shutdown",
      agent: "pc",
      delay_sec: 60,
      ttl_sec: 300,
      issued_at: issuedAt(agoSec),
      ...change,
    };
    return { ...unsigned, sig: signatureOf(unsigned, key) };
  };
  const plan = (key = KEY): AgentPlan => {
    const unsigned: AgentPlan = {
      id: "p1",
      agent: "pc",
      device: "Study",
      state: "online",
      issued_at: issuedAt(0),
      reason: "all is well",
    };
    return { ...unsigned, sig: signatureOf(unsigned, key) };
  };
  const message = (payload: object | string, retained = false) => ({
    topic: "t",
    payload: new TextEncoder().encode(typeof payload === "string" ? payload : JSON.stringify(payload)),
    retained,
  });
  return {
    clock,
    log,
    store,
    memory,
    rejected,
    admission,
    command,
    plan,
    changes: () => changes,
    takes: (payload: object | string, retained = false) => admission.command(message(payload, retained)),
    keeps: (payload: object | string) => admission.plan(message(payload)),
    refusals: () => log.entries.filter(({ text }) => text.endsWith(" REFUSED")),
  };
}

Deno.test("Admission lets in a good command and a good plan, and tells nobody", () => {
  const { admission, command, plan, takes, keeps, log, rejected, changes } = scene();
  const [shutdown, online] = [command(), plan()];
  assert.deepEqual(takes(shutdown), shutdown);
  assert.deepEqual(keeps(online), online);
  assert.equal(admission.trusts(online), true);
  assert.deepEqual([log.entries, rejected, changes()], [[], [], 0]);
});

Deno.test("Admission passes over an emptied topic, and throws on what cannot be read", () => {
  const { takes, keeps, log, rejected } = scene();
  assert.deepEqual([takes(""), keeps("")], [undefined, undefined]);
  assert.deepEqual([log.entries, rejected], [[], []]);
  assert.throws(() => takes("1"), /MQTT topic "t"/);
  assert.throws(() => keeps("1"), /MQTT topic "t"/);
});

Deno.test("Admission refuses a retained command, however good, without a way to prove it", () => {
  const { takes, command, rejected, refusals } = scene();
  assert.equal(takes(command(), true), undefined);
  assert.deepEqual(rejected, [
    { id: "c1", reason: "retained: commands must not be", challenge: undefined },
  ]);
  assert.deepEqual(refusals().map(({ level, text, fields }) => [level, text, fields.id]), [
    ["warn", "COMMAND REFUSED", "c1"],
  ]);
});

Deno.test("Admission refuses a command that was obeyed before", () => {
  const { takes, command, memory, rejected } = scene();
  memory.add("c1");
  assert.equal(takes(command()), undefined);
  assert.match(rejected[0]?.reason ?? "", /^repeated/);
});

Deno.test("Admission refuses a shutdown that was issued before all was well again", async () => {
  const { clock, takes, command, memory, rejected } = scene();
  const early = command();
  await clock.advance(5000);
  memory.settle(new Date(clock.wallMs()).toISOString());
  assert.equal(takes(early), undefined);
  assert.match(rejected[0]?.reason ?? "", /^overtaken/);
});

Deno.test("Admission asks for a proof of a command whose time alone is wrong, and takes it with that", () => {
  const { takes, command, rejected } = scene();
  assert.equal(takes(command({}, KEY, 3600)), undefined);
  const [{ reason, challenge } = { reason: "" }] = rejected;
  assert.match(reason, /^expired/);
  const proven = command({ challenge }, KEY, 3600);
  assert.deepEqual(takes(proven), proven);
  assert.equal(takes(command({ id: "c2", challenge }, KEY, 3600)), undefined, "the proof of another command");
});

Deno.test("Admission takes no proof of more than a minute ago, by the host's own time", async () => {
  const { clock, takes, command, rejected } = scene();
  takes(command({}, KEY, 3600));
  await clock.advance(60_000);
  const proven = command({ challenge: rejected[0]?.challenge }, KEY, 3600);
  assert.deepEqual(takes(proven), proven);
  await clock.advance(1);
  assert.equal(takes(proven), undefined);
});

Deno.test("Admission refuses a forged command and a forged plan, and answers the command alone", () => {
  const { admission, takes, keeps, command, plan, rejected, refusals } = scene();
  assert.equal(takes(command({}, NEXT_KEY)), undefined);
  assert.equal(keeps(plan(NEXT_KEY)), undefined);
  assert.equal(admission.trusts(plan(NEXT_KEY)), false);
  assert.deepEqual(rejected.map(({ id, challenge }) => [id, challenge]), [["c1", undefined]]);
  assert.deepEqual(
    refusals().map(({ text, fields: { id, reason } }) => [text, id, String(reason).slice(0, 6)]),
    [
      ["COMMAND REFUSED", "c1", "forged"],
      ["PLAN REFUSED", "p1", "forged"],
    ],
  );
});

Deno.test("Admission says what was wrong with a message that cannot be read", () => {
  const { admission, refusals } = scene();
  admission.refuseUnreadable(new InvalidInputError("MQTT topic", ["must be JSON", "found 1 byte"]));
  assert.deepEqual(refusals().map(({ text, fields: { reason } }) => [text, reason]), [
    ["MESSAGE REFUSED", "MQTT topic: must be JSON; found 1 byte"],
  ]);
});

Deno.test("Admission looks for a new key when one is missing, and says that there is one", () => {
  const { store, takes, keeps, command, plan, rejected, changes } = scene();
  store.write(`${NEXT_KEY}\n${KEY}\n`);
  const signed = command({}, NEXT_KEY);
  assert.deepEqual(takes(signed), signed);
  // The new key is known, and the old one ended with the first command that fits the new one.
  assert.equal(changes(), 2);
  assert.equal(keeps(plan(KEY)), undefined);
  assert.deepEqual([rejected, changes()], [[], 2]);
});

Deno.test("Admission looks for no new key when another one would not help", () => {
  const { store, takes, command, changes } = scene();
  store.write(`${NEXT_KEY}\n`);
  assert.equal(takes(command({ agent: "nas" })), undefined);
  const signed = command();
  assert.deepEqual(takes(signed), signed, "by the key that is known");
  assert.equal(changes(), 0);
});

Deno.test("Admission knows no change when the file holds the keys that it knows", () => {
  const { takes, command, changes } = scene();
  assert.equal(takes(command({}, NEXT_KEY)), undefined);
  assert.equal(changes(), 0);
});

Deno.test("Admission ends the old key with the first message that fits the newest, and not before", () => {
  const { takes, command, changes } = scene({ keys: [NEXT_KEY, KEY] });
  assert.notEqual(takes(command({ id: "c1" }, KEY)), undefined);
  assert.equal(changes(), 0);
  assert.notEqual(takes(command({ id: "c2" }, NEXT_KEY)), undefined);
  assert.equal(changes(), 1);
  assert.equal(takes(command({ id: "c3" }, KEY)), undefined);
});

Deno.test("Admission takes unsigned commands where the owner allows them, and ends no key for them", () => {
  const { sig: _sig, ...unsigned } = scene().command();
  const { takes, changes } = scene({ keys: [NEXT_KEY, KEY], allowUnsigned: true });
  assert.deepEqual(takes(unsigned), unsigned);
  assert.equal(changes(), 0);
  const strict = scene();
  assert.equal(strict.takes(unsigned), undefined);
  assert.match(strict.rejected[0]?.reason ?? "", /^unsigned/);
});

Deno.test("Admission answers and logs ten refusals at once, then one every six seconds, with the count of the others", async () => {
  const { clock, takes, command, rejected, refusals } = scene();
  const forged = command({}, NEXT_KEY);
  for (let i = 0; i < 12; i++) takes(forged);
  assert.deepEqual([rejected.length, refusals().length], [10, 10]);
  assert.equal(refusals()[0]?.fields.refused_silently, undefined);
  await clock.advance(5999);
  takes(forged);
  assert.equal(rejected.length, 10);
  await clock.advance(1);
  takes(forged);
  assert.deepEqual([rejected.length, refusals().at(-1)?.fields.refused_silently], [11, 3]);
});

Deno.test("Admission does not let a flood of forged commands hide that the clocks disagree, nor the other way round", () => {
  const { takes, command, rejected } = scene();
  for (let i = 0; i < 20; i++) takes(command({}, NEXT_KEY));
  for (let i = 0; i < 20; i++) takes(command({}, KEY, 3600));
  const count = (pattern: RegExp) => rejected.filter(({ reason }) => pattern.test(reason)).length;
  assert.deepEqual([count(/^forged/), count(/^expired/)], [10, 10]);
  assert.ok(
    rejected.every(({ reason, challenge }) => reason.startsWith("expired") === (challenge !== undefined)),
  );
});
