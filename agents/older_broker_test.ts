import assert from "node:assert/strict";
import { MemoryBroker } from "../lib/mqtt/memory_broker.ts";
import type { MqttDown } from "../lib/mqtt/client.ts";
import { memoryLog } from "../lib/testing.ts";
import { settle, TestClock } from "../lib/time/test_clock.ts";
import { BrokerLink } from "./broker_link.ts";

const CLIENT_ID = "ecoflow-agent-pc";
const COMMANDS = "power-manager/pc/cmd";
const EARLY: MqttDown = { kind: "closed", text: "closed early", wasUp: false, isUnanswered: true };

/** An agent's link whose broker closes at MQTT 5 while `isEarly`. */
async function host(isEarly: () => boolean, behind?: MqttDown) {
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  const log = memoryLog("agent");
  const tried: string[] = [];
  const heard: string[] = [];
  const states: string[] = [];
  const link = new BrokerLink(
    {
      broker: { host: "h", port: 1 },
      clientId: CLIENT_ID,
      will: { topic: "power-manager/pc/status", payload: "gone", retain: true, qos: 1 },
      mustHear: COMMANDS,
      mayHear: [],
      keepAliveSec: 15,
    },
    {
      clock,
      log,
      random: () => 0.5,
      connect: (options, events) => {
        tried.push(`${options.protocolVersion}${options.clientId === CLIENT_ID ? "" : " beside"}`);
        const fault = options.protocolVersion === 5 && isEarly() ? EARLY : behind;
        if (!fault) return broker.connect(options, events);
        queueMicrotask(() => events.onDown(fault));
        const never = () => Promise.reject(new Error("not connected"));
        return { publish: never, subscribe: never, unsubscribe: never, close: () => Promise.resolve() };
      },
    },
    {
      onReady: () => states.push("ready"),
      onDown: () => states.push("down"),
      onMessage: ({ payload }) => heard.push(new TextDecoder().decode(payload)),
    },
  );
  link.start();
  await settle();
  return { clock, broker, log, tried, heard, states, link };
}

Deno.test("the agent's BrokerLink hears commands by MQTT 3.1.1, and each once through the change to MQTT 5", async () => {
  let isEarly = true;
  const { clock, broker, log, tried, heard, states, link } = await host(() => isEarly);
  assert.deepEqual(tried, ["5", "4"]);
  assert.match(log.text(), /AGENT CONNECTED mqtt=3\.1\.1/);
  assert.match(log.text(), /MQTT 5 UNANSWERED/);
  broker.publish(COMMANDS, "first", { qos: 1 });
  await settle();
  isEarly = false;
  const change = clock.advance(60_000);
  const commands = Array.from({ length: 20 }, (_, i) => `c${i}`);
  for (const command of commands) {
    broker.publish(COMMANDS, command, { qos: 1 });
    await Promise.resolve();
  }
  await change;
  await settle();
  assert.deepEqual(tried, ["5", "4", "5 beside", "5"]);
  assert.deepEqual(states, ["ready", "down", "ready"]);
  assert.equal(broker.retained("power-manager/pc/status"), undefined, "its last will was said");
  assert.deepEqual(heard, ["first", ...commands]);
  await link.stop("power-manager/pc/status", "bye", {});
  assert.equal(clock.pending, 0);
});

Deno.test("the agent's BrokerLink waits as ever behind a close at MQTT 5, and tells what is wrong", async () => {
  const login: MqttDown = { kind: "refused", code: 4, text: "Bad username or password", wasUp: false };
  const { clock, log, tried, states, link } = await host(() => true, login);
  assert.deepEqual(tried, ["5", "4"]);
  assert.deepEqual(states, ["down"]);
  assert.match(log.text(), /BROKER DOWN reason="Bad username or password" tries=1/);
  await clock.advance(499);
  assert.equal(tried.length, 2);
  await clock.advance(1);
  assert.deepEqual(tried, ["5", "4", "5", "4"]);
  assert.doesNotMatch(log.text(), /UNANSWERED|closed early/);
  await link.stop("t", "bye", {});
  assert.equal(clock.pending, 0);
});
