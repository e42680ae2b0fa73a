import assert from "node:assert/strict";
import { Outbox, OUTBOX_LIMIT, type Outgoing } from "./outbox.ts";

/** A message, and what became of it. */
function message(payload: string, { topic = "t", retain = false, untilMonoMs = Infinity } = {}) {
  const settled: (string | undefined)[] = [];
  const outgoing: Outgoing = {
    topic,
    payload,
    options: { retain },
    untilMonoMs,
    settle: (e) => settled.push(e),
  };
  return { outgoing, settled };
}

const payloads = (outbox: Outbox, nowMonoMs: number) =>
  outbox.drain(nowMonoMs).map(({ message }) => message.payload);

Deno.test("Outbox.add() lets a retained message take the place of the one before on its topic, and keeps the order", () => {
  const outbox = new Outbox();
  const [old, other, event, now] = [
    message("old", { topic: "a", retain: true }),
    message("other", { topic: "b", retain: true }),
    message("event", { topic: "a" }),
    message("now", { topic: "a", retain: true }),
  ];
  for (const { outgoing } of [old, other, event, now]) outbox.add(outgoing, 0);
  assert.deepEqual(old.settled, [undefined]);
  assert.deepEqual(payloads(outbox, 0), ["other", "event", "now"]);
  assert.equal(outbox.size, 0);
});

const ROWS = [
  { name: "a command drives out the youngest journal entry", filler: Infinity, comes: 300_000, stays: true },
  { name: "a journal entry does not drive out commands", filler: 300_000, comes: Infinity, stays: false },
  { name: "among equals who comes last stays out", filler: 300_000, comes: 300_000, stays: false },
] as const;
for (const { name, filler, comes, stays } of ROWS) {
  Deno.test(`Outbox.add() when it is full: ${name}`, () => {
    const outbox = new Outbox();
    const fillers = Array.from({ length: OUTBOX_LIMIT }, (_, i) => message(`${i}`, { untilMonoMs: filler }));
    for (const { outgoing } of fillers) outbox.add(outgoing, 0);
    assert.equal(fillers.flatMap(({ settled }) => settled).length, 0, "the row before the limit");
    const last = message("last", { untilMonoMs: comes });
    outbox.add(last.outgoing, 0);
    const refused = `Cannot queue "t": ${OUTBOX_LIMIT} messages wait for the broker already`;
    assert.deepEqual(last.settled, stays ? [] : [refused]);
    assert.deepEqual(fillers.at(-1)?.settled, stays ? [refused] : []);
    assert.equal(outbox.size, OUTBOX_LIMIT);
  });
}

Deno.test("Outbox.add() when it is full lets what has expired go first, at its end and not 1 ms before", () => {
  for (const [nowMonoMs, expired] of [[999, false], [1000, true]] as const) {
    const outbox = new Outbox();
    const first = message("first", { untilMonoMs: 1000 });
    outbox.add(first.outgoing, 0);
    const entries = Array.from({ length: OUTBOX_LIMIT }, () => message("entry"));
    for (const { outgoing } of entries) outbox.add(outgoing, nowMonoMs);
    const expiry = `Cannot deliver "t": expired before the broker was back`;
    assert.deepEqual(first.settled, expired ? [expiry] : []);
    assert.equal(entries.flatMap(({ settled }) => settled).length, expired ? 0 : 1);
  }
});

Deno.test("Outbox.add() does not count retained messages and passing ones together", () => {
  const outbox = new Outbox();
  for (let i = 0; i < OUTBOX_LIMIT; i++) outbox.add(message("entry").outgoing, 0);
  const status = message("status", { retain: true });
  outbox.add(status.outgoing, 0);
  assert.deepEqual(status.settled, []);
  assert.equal(outbox.size, OUTBOX_LIMIT + 1);
});
