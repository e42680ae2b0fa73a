import assert from "node:assert/strict";
import type { MqttMessage } from "../../lib/mqtt/client.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import {
  CALM_MS,
  FloodGuard,
  HELD_ANSWERS,
  HOST_SHARE,
  JOURNAL_SHARE,
  SENDERS_LIMIT,
  TOPIC_SHARE,
} from "./flood_guard.ts";

const TOPICS = topicsUnder(DEFAULT_ROOTS);
const message = (topic: string, text = "x"): MqttMessage => ({
  topic,
  payload: new TextEncoder().encode(text),
  retained: false,
  qos: 1,
});
const text = ({ payload }: MqttMessage) => new TextDecoder().decode(payload);

const shares: readonly [topic: string, burst: number][] = [
  [TOPICS.agentStatus("pc"), HOST_SHARE.burst],
  [TOPICS.ack("pc"), HOST_SHARE.burst],
  [TOPICS.state("Study"), TOPIC_SHARE.burst],
  [TOPICS.drillRequest, TOPIC_SHARE.burst],
  ["zigbee2mqtt/witness", TOPIC_SHARE.burst],
  [TOPICS.events, JOURNAL_SHARE.burst],
];
for (const [topic, burst] of shares) {
  Deno.test(`FloodGuard lets ${burst} messages of ${topic} through at once, and not one more`, () => {
    const guard = new FloodGuard(TOPICS);
    for (let i = 0; i < burst; i++) assert.equal(guard.take(message(topic), 0).passes, true);
    assert.equal(guard.take(message(topic), 0).passes, false);
    assert.equal(guard.isHolding, true);
  });
}

Deno.test("FloodGuard takes a host's two topics for one sender, and another host for another", () => {
  const guard = new FloodGuard(TOPICS);
  for (let i = 0; i < HOST_SHARE.burst; i++) guard.take(message(TOPICS.ack("evil")), 0);
  assert.equal(guard.take(message(TOPICS.agentStatus("evil")), 0).passes, false);
  assert.equal(guard.take(message(TOPICS.agentStatus("good")), 0).passes, true);
  assert.equal(guard.take(message(TOPICS.ack("good")), 0).passes, true);
});

Deno.test("FloodGuard lets the newest status be heard in the end, and the newest answers in their order", () => {
  const guard = new FloodGuard(TOPICS);
  for (let i = 0; i < HOST_SHARE.burst; i++) guard.take(message(TOPICS.ack("pc"), `passed ${i}`), 0);
  for (let i = 0; i < 1000; i++) {
    guard.take(message(TOPICS.ack("pc"), `ack ${i}`), 0);
    guard.take(message(TOPICS.agentStatus("pc"), `status ${i}`), 0);
  }
  assert.deepEqual(guard.release(HOST_SHARE.everyMs - 1), []);
  const heard: string[] = [];
  for (let ms = HOST_SHARE.everyMs; guard.isHolding; ms += HOST_SHARE.everyMs) {
    const some = guard.release(ms).map(text);
    assert.ok(some.length <= 1, "no faster than its share");
    heard.push(...some);
  }
  const answers = heard.filter((one) => one.startsWith("ack"));
  assert.deepEqual(answers, Array.from({ length: HELD_ANSWERS }, (_, i) => `ack ${1000 - HELD_ANSWERS + i}`));
  assert.deepEqual(heard.filter((one) => one.startsWith("status")), ["status 999"]);
});

Deno.test("FloodGuard never overtakes: what comes while something of its topic waits is heard after it", () => {
  const guard = new FloodGuard(TOPICS);
  for (let i = 0; i < HOST_SHARE.burst + 2; i++) guard.take(message(TOPICS.ack("pc"), String(i)), 0);
  assert.equal(guard.take(message(TOPICS.ack("pc"), "later"), 10_000).passes, false);
  assert.deepEqual(guard.release(10_000).map(text), ["100", "101", "later"]);
});

Deno.test("FloodGuard names who floods once, and takes it back after a calm minute", () => {
  const guard = new FloodGuard(TOPICS);
  const news = Array.from({ length: 1000 }, () => guard.take(message(TOPICS.agentStatus("evil")), 0).isNews);
  assert.equal(news.filter(Boolean).length, 1);
  assert.deepEqual(guard.flooding.map(({ sender }) => sender), ["host evil"]);
  assert.deepEqual(guard.calmed(CALM_MS - 1), []);
  assert.deepEqual(guard.calmed(CALM_MS), [{ sender: "host evil", dropped: 1000 - HOST_SHARE.burst - 1 }]);
  assert.deepEqual(guard.flooding, []);
});

Deno.test("FloodGuard gives each of a thousand stations its share: nothing of what they say once a second is held back", () => {
  const guard = new FloodGuard(TOPICS);
  for (let sec = 0; sec < 60; sec++) {
    for (let i = 0; i < 1000; i++) {
      const topics = [
        TOPICS.raw(`SN${i}`),
        TOPICS.state(`S${i}`),
        TOPICS.stationName(`SN${i}`),
        TOPICS.policy(`S${i}`),
      ];
      for (const topic of [...topics, TOPICS.agentStatus(`h${i}`), TOPICS.ack(`h${i}`)]) {
        assert.equal(guard.take(message(topic), sec * 1000).passes, true, `${topic} after ${sec} s`);
      }
    }
  }
});

Deno.test("FloodGuard does not grow with invented names, and leaves known senders their share", () => {
  const guard = new FloodGuard(TOPICS);
  guard.take(message(TOPICS.ack("good")), 0);
  let passed = 0;
  for (let i = 0; i < 10 * SENDERS_LIMIT; i++) {
    if (guard.take(message(TOPICS.ack(`n${i}`)), 0).passes) passed++;
  }
  assert.ok(passed <= SENDERS_LIMIT + TOPIC_SHARE.burst, `${passed} passed`);
  assert.equal(guard.take(message(TOPICS.ack("good")), 0).passes, true);
});
