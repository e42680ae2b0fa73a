import assert from "node:assert/strict";
import { encodeHistoryAnswer } from "../../../lib/messages/history_answer.ts";
import { parseHistoryQuery } from "../../../lib/messages/history_query.ts";
import { MemoryBroker } from "../../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../../lib/mqtt/topics.ts";
import { settle, TestClock } from "../../../lib/time/test_clock.ts";
import { testContext } from "../../../lib/testing.ts";
import { HistorianClient, MAX_OPEN, PATIENCE_MS } from "./historian_client.ts";

const topics = topicsUnder(DEFAULT_ROOTS);
const QUERY = { kind: "events", from_ms: 0, to_ms: 1 } as const;

/** A client whose questions wait in `asked` until the test answers them. */
function ask() {
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  const capability = {
    service: "dashboard",
    publishes: [topics.historyQuery],
    subscribes: [topics.historyAnswer("+")],
  };
  const { bus, log } = testContext(capability, {}, { clock, broker });
  const client = new HistorianClient({ bus, clock, log, topics, isThere: true });
  client.start();
  const asked: string[] = [];
  broker.watch(({ topic, payload }) => {
    if (topic === topics.historyQuery) asked.push(parseHistoryQuery(payload, topic).id);
  });
  const answer = (id: string) =>
    broker.publish(
      topics.historyAnswer(id),
      encodeHistoryAnswer({ id, kind: "events", more: false, events: [] }),
    );
  return { clock, client, asked, answer };
}

Deno.test(`HistorianClient lets questions beyond ${MAX_OPEN} wait for their turn, and answers all of them`, async () => {
  const { client, asked, answer } = ask();
  const answers = Array.from({ length: 60 }, () => client.ask(QUERY));
  await settle();
  assert.equal(asked.length, MAX_OPEN);
  for (let i = 0; i < 60; i++) {
    answer(asked[i] ?? "");
    await settle();
  }
  assert.equal(asked.length, 60);
  assert.equal((await Promise.all(answers)).filter((found) => found).length, 60);
});

Deno.test("HistorianClient does not count the time in the queue: a slow historian answers each of 140 questions", async () => {
  const { clock, client, asked, answer } = ask();
  // Twenty unfolded stations on a small machine: each answer takes 300 ms, one after the other.
  const answers = Array.from({ length: 140 }, () => client.ask(QUERY));
  for (let i = 0; i < 140; i++) {
    await clock.advance(300);
    answer(asked[i] ?? "");
    await settle();
  }
  assert.equal((await Promise.all(answers)).filter((found) => found).length, 140);
});

Deno.test("HistorianClient gives up on a silent historian, and then on all that waited behind it", async () => {
  const { clock, client, asked } = ask();
  const answers = Array.from({ length: 33 }, () => client.ask(QUERY));
  await clock.advance(PATIENCE_MS - 1);
  assert.equal(asked.length, MAX_OPEN);
  await clock.advance(1);
  assert.deepEqual((await Promise.all(answers)).filter((found) => found), []);
});

Deno.test("HistorianClient asks as before once a historian that was silent answers", async () => {
  const { clock, client, asked, answer } = ask();
  const lost = client.ask(QUERY);
  await clock.advance(PATIENCE_MS);
  assert.equal(await lost, undefined);
  const tries = client.ask(QUERY);
  await settle();
  assert.equal(await client.ask(QUERY), undefined, "nobody waits behind one that may be away");
  answer(asked.at(-1) ?? "");
  assert.ok(await tries);
  const both = [client.ask(QUERY), client.ask(QUERY)];
  await settle();
  for (const id of asked.slice(-2)) answer(id);
  assert.equal((await Promise.all(both)).filter((found) => found).length, 2);
});

Deno.test("HistorianClient refuses more than 512 that wait", async () => {
  const { clock, client } = ask();
  const answers = Array.from({ length: MAX_OPEN + 512 }, () => client.ask(QUERY));
  assert.equal(await client.ask(QUERY), undefined);
  await clock.advance(2 * PATIENCE_MS);
  await Promise.all(answers);
});
