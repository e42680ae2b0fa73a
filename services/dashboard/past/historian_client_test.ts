import assert from "node:assert/strict";
import { encodeHistoryAnswer } from "../../../lib/messages/history_answer.ts";
import { parseHistoryQuery } from "../../../lib/messages/history_query.ts";
import { MemoryBroker } from "../../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../../lib/mqtt/topics.ts";
import { settle, TestClock } from "../../../lib/time/test_clock.ts";
import { testContext } from "../../../lib/testing.ts";
import { HistorianClient } from "./historian_client.ts";

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

Deno.test("HistorianClient lets questions beyond 32 wait for their turn, and answers all of them", async () => {
  const { client, asked, answer } = ask();
  const answers = Array.from({ length: 60 }, () => client.ask(QUERY));
  await settle();
  assert.equal(asked.length, 32);
  for (let i = 0; i < 60; i++) {
    answer(asked[i] ?? "");
    await settle();
  }
  assert.equal(asked.length, 60);
  assert.equal((await Promise.all(answers)).filter((found) => found).length, 60);
});

Deno.test("HistorianClient gives up on a silent historian, and on what waited behind it, one after the other", async () => {
  const { clock, client, asked } = ask();
  const answers = Array.from({ length: 33 }, () => client.ask(QUERY));
  await clock.advance(2000);
  assert.equal(asked.length, 33, "the last one has its turn");
  await clock.advance(2000);
  assert.deepEqual((await Promise.all(answers)).filter((found) => found), []);
});

Deno.test("HistorianClient refuses more than 512 that wait", async () => {
  const { clock, client, asked } = ask();
  const answers = Array.from({ length: 32 + 512 }, () => client.ask(QUERY));
  assert.equal(await client.ask(QUERY), undefined);
  for (let i = 0; i < 18; i++) await clock.advance(2000);
  assert.equal(asked.length, 32 + 512);
  await Promise.all(answers);
});
