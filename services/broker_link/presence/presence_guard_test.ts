import assert from "node:assert/strict";
import { createHealth } from "../../../lib/health.ts";
import { MemoryBroker } from "../../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS } from "../../../lib/mqtt/topics.ts";
import { settle, TestClock } from "../../../lib/time/test_clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import { tryPresence } from "./heard_presence.ts";
import { CORRECT_EVERY_MS, PresenceGuard } from "./presence_guard.ts";
import { BrokerLink } from "../service.ts";

const TOPIC = "power-manager/orchestrator/status";
const heard = (text: string) => tryPresence(new TextEncoder().encode(text));

const said: readonly [text: string, isHarm: boolean][] = [
  ['{"online":true}', false],
  ['{"online":true,"version":"1"}', false],
  ['{"online":false}', true],
  ["", true],
  ["garbage", true],
  ['{"online":"true"}', true],
];
for (const [text, isHarm] of said) {
  Deno.test(`PresenceGuard ${isHarm ? "puts right" : "leaves"} ${JSON.stringify(text)}`, () => {
    const guard = new PresenceGuard();
    assert.equal(guard.hear(heard(text), 0), isHarm ? 0 : undefined);
    guard.correct(0);
    assert.equal(guard.hear(heard(text), CORRECT_EVERY_MS - 1), isHarm ? 1 : undefined);
  });
}

Deno.test("PresenceGuard counts anew on each connection, for each begins with our own last will", () => {
  const guard = new PresenceGuard();
  for (let connection = 0; connection < 3; connection++) {
    guard.connected();
    assert.deepEqual([guard.correct(0), guard.correct(0), guard.correct(0)], [1, 2, 3]);
  }
});

Deno.test("BrokerLink corrects a forged offline at once, and a forger who goes on every two seconds", async () => {
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  const log = memoryLog("broker_link");
  const link = new BrokerLink(
    { roots: DEFAULT_ROOTS, broker: { host: "h", port: 1 }, embeddedPort: 0, clientId: "ecoflow-power" },
    { clock, log, health: createHealth(), random: () => 0.5 },
    { connect: broker.connect, startEmbedded: () => Promise.reject(new Error("none")) },
  );
  await link.start();
  await settle();
  const truth = '{"online":true,"version":"9"}';
  link.setPresence(truth);
  await clock.advance(CORRECT_EVERY_MS);
  broker.publish(TOPIC, '{"online":false}', { retain: true });
  await clock.advance(0);
  assert.equal(broker.retained(TOPIC), truth);
  let corrections = 0;
  broker.watch(({ payload }) => new TextDecoder().decode(payload) === truth && corrections++);
  for (let i = 0; i < 100; i++) {
    broker.publish(TOPIC, '{"online":false}', { retain: true });
    await clock.advance(100);
  }
  assert.ok(corrections >= 4 && corrections <= 6, `${corrections} corrections in 10 s`);
  await clock.advance(CORRECT_EVERY_MS);
  assert.equal(broker.retained(TOPIC), truth);
  assert.equal(log.text().split("\n").filter((line) => /PRESENCE FORGED/.test(line)).length, 1);
  await link.stop();
  assert.equal(broker.retained(TOPIC), '{"online":false}', "at the end it is the truth");
  assert.equal(clock.pending, 0);
});
