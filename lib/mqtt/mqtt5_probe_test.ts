import assert from "node:assert/strict";
import { memoryLog } from "../testing.ts";
import { settle, TestClock } from "../time/test_clock.ts";
import type { MqttConnectOptions, MqttDown } from "./client.ts";
import type { Spoken } from "./either_version.ts";
import { Mqtt5Probe } from "./mqtt5_probe.ts";

const OPTIONS = {
  host: "h",
  port: 1,
  clientId: "us",
  cleanSession: false,
  sessionExpirySec: 86_400,
  keepAliveSec: 15,
  connectTimeoutMs: 10_000,
  will: { topic: "t", payload: "gone", retain: true, qos: 1 },
} as const;
const DOUBT: Spoken = { version: 4, isUnanswered: true };
const CLOSED: MqttDown = { kind: "closed", text: "closed", wasUp: false, isUnanswered: true };

function probing() {
  const clock = new TestClock();
  const log = memoryLog();
  const tried: MqttConnectOptions[] = [];
  const state = { answer: "down" as "down" | "up" | "nothing", taken: 0, closed: 0 };
  const probe = new Mqtt5Probe({
    clock,
    log,
    random: () => 0.5,
    connect: (options, events) => {
      tried.push(options);
      const { answer } = state;
      queueMicrotask(() => {
        if (answer === "up") events.onUp(false);
        if (answer === "down") events.onDown(CLOSED);
      });
      const never = () => Promise.reject(new Error("a probe says nothing"));
      return {
        publish: never,
        subscribe: never,
        unsubscribe: never,
        close: () => Promise.resolve(void state.closed++),
      };
    },
  }, () => void state.taken++);
  return { clock, log, tried, state, probe };
}

Deno.test("Mqtt5Probe asks after a minute, then ever less often, at most once a day", async () => {
  const { clock, tried, probe, log } = probing();
  probe.connected(DOUBT, OPTIONS);
  assert.match(log.text(), /MQTT 5 UNANSWERED.* again_ms=60000/);
  await clock.advance(59_999);
  assert.equal(tried.length, 0);
  await clock.advance(1);
  assert.equal(tried.length, 1);
  await clock.advance(119_999);
  assert.equal(tried.length, 1);
  await clock.advance(1);
  assert.equal(tried.length, 2);
  await clock.advance(10 * 86_400_000);
  const before = tried.length;
  await clock.advance(10 * 86_400_000);
  assert.equal(tried.length - before, 10);
  probe.stop();
  assert.equal(clock.pending, 0);
});

Deno.test("Mqtt5Probe asks beside us: another client id, nothing left behind, no will", async () => {
  const { clock, tried, probe } = probing();
  probe.connected(DOUBT, OPTIONS);
  await clock.advance(60_000);
  const { will: _will, sessionExpirySec: _expiry, ...rest } = OPTIONS;
  assert.deepEqual(tried, [{ ...rest, clientId: "us-mqtt5", protocolVersion: 5, cleanSession: true }]);
  probe.stop();
});

Deno.test("Mqtt5Probe tells once that MQTT 5 is taken, when it has left", async () => {
  const { clock, state, probe, log } = probing();
  state.answer = "up";
  probe.connected(DOUBT, OPTIONS);
  await clock.advance(60_000);
  await settle();
  assert.deepEqual([state.taken, state.closed], [1, 1]);
  assert.match(log.text(), /MQTT 5 TAKEN/);
  await clock.advance(86_400_000);
  assert.equal(state.taken, 1);
  assert.equal(clock.pending, 0);
});

Deno.test("Mqtt5Probe asks nothing where MQTT 5 is spoken, or the broker said that it is not", async () => {
  const { clock, tried, probe } = probing();
  probe.connected({ version: 5, isUnanswered: false }, OPTIONS);
  probe.connected({ version: 4, isUnanswered: false }, OPTIONS);
  await clock.advance(86_400_000);
  assert.equal(tried.length, 0);
});

Deno.test("Mqtt5Probe waits longer each time for a broker that takes it and not us, until MQTT 5 is spoken", async () => {
  const { clock, state, probe, tried } = probing();
  state.answer = "up";
  for (const [count, waitMs] of [[1, 60_000], [2, 120_000], [3, 240_000]] as const) {
    probe.connected(DOUBT, OPTIONS);
    await clock.advance(waitMs - 1);
    assert.equal(tried.length, count - 1);
    await clock.advance(1);
    assert.equal(tried.length, count);
  }
  await settle();
  probe.connected({ version: 5, isUnanswered: false }, OPTIONS);
  probe.connected(DOUBT, OPTIONS);
  await clock.advance(60_000);
  assert.equal(tried.length, 4);
  probe.stop();
});

Deno.test("Mqtt5Probe.stop() ends a question, and its answer tells nothing", async () => {
  const { clock, state, probe } = probing();
  state.answer = "up";
  probe.connected(DOUBT, OPTIONS);
  const asked = clock.advance(60_000);
  probe.stop();
  await asked;
  await settle();
  assert.equal(state.taken, 0);
  state.answer = "nothing";
  probe.connected(DOUBT, OPTIONS);
  await clock.advance(120_000);
  const closed = state.closed;
  probe.stop();
  assert.equal(state.closed, closed + 1);
  assert.equal(clock.pending, 0);
});
