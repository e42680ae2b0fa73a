/** A broker that closes the connection at MQTT 5 without an answer, for good or just once. */
import assert from "node:assert/strict";
import { createHealth } from "../../lib/health.ts";
import type { MqttConnectOptions, MqttDown } from "../../lib/mqtt/client.ts";
import { MemoryBroker } from "../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS } from "../../lib/mqtt/topics.ts";
import { memoryLog } from "../../lib/testing.ts";
import { settle, TestClock } from "../../lib/time/test_clock.ts";
import { type BusPort, PortBus } from "../../lib/workers/port_bus.ts";
import { BrokerLink } from "./service.ts";

const CLIENT_ID = "ecoflow-power";
const EARLY: MqttDown = { kind: "closed", text: "closed early", wasUp: false, isUnanswered: true };

/** A daemon's link whose broker meets each version as `meets` says: with a fault, or (undefined) as a broker does. */
async function house(meets: (options: MqttConnectOptions) => MqttDown | undefined) {
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  const [log, health] = [memoryLog(), createHealth()];
  const tried: string[] = [];
  const link = new BrokerLink(
    { roots: DEFAULT_ROOTS, broker: { host: "h", port: 1 }, embeddedPort: 0, clientId: CLIENT_ID },
    { clock, log, health, random: () => 0.5 },
    {
      connect: (options, events) => {
        tried.push(`${options.protocolVersion}${options.clientId === CLIENT_ID ? "" : " beside"}`);
        const fault = meets(options);
        if (!fault) return broker.connect(options, events);
        queueMicrotask(() => events.onDown(fault));
        const never = () => Promise.reject(new Error("not connected"));
        return { publish: never, subscribe: never, unsubscribe: never, close: () => Promise.resolve() };
      },
      startEmbedded: () => Promise.reject(new Error("no embedded broker here")),
    },
  );
  const heard: string[] = [];
  const attach = (service: string, publishes: string[], subscribes: string[]) => {
    const bus = new PortBus({ service, publishes, subscribes }, memoryLog(service));
    const make = (): BusPort => ({ onmessage: null, postMessage() {}, close() {} });
    const [near, far] = [make(), make()];
    const join = (from: BusPort, to: BusPort) => {
      from.postMessage = (data: unknown) =>
        to.onmessage?.call(undefined as never, { data: structuredClone(data) } as MessageEvent);
    };
    join(near, far);
    join(far, near);
    bus.attach(near);
    link.attach({ service, publishes, subscribes }, far);
    return bus;
  };
  attach("reader", [], ["s/+"]).subscribe(
    "s/+",
    ({ payload }) => heard.push(new TextDecoder().decode(payload)),
  );
  const writer = attach("writer", ["s/a"], []);
  await link.start();
  await settle();
  const say = (text: string, qos: 0 | 1 = 1) => writer.publish("s/a", text, { qos });
  return { clock, broker, log, health, link, tried, heard, say };
}

Deno.test("BrokerLink speaks MQTT 3.1.1 with a broker that closes the connection at MQTT 5, at once and after each end", async () => {
  const { clock, broker, log, health, link, tried, heard, say } = await house(({ protocolVersion }) =>
    protocolVersion === 5 ? EARLY : undefined
  );
  assert.deepEqual(tried, ["5", "4"]);
  assert.match(log.text(), /BROKER CONNECTED mqtt=3\.1\.1/);
  assert.match(log.text(), /MQTT 5 UNANSWERED/);
  assert.doesNotMatch(log.text(), /BROKER DOWN/);
  assert.deepEqual(health.list(), []);
  await say("1");
  await settle();
  assert.deepEqual(heard, ["1"]);
  broker.drop(CLIENT_ID);
  await clock.advance(1000);
  assert.deepEqual(tried, ["5", "4", "5", "4"]);
  await clock.advance(86_400_000);
  // Asked again, and never let go of the connection that works.
  assert.deepEqual(tried.slice(4, 6), ["5 beside", "5 beside"]);
  assert.equal(log.text().match(/BROKER DOWN/g)?.length, 1);
  await say("2");
  await settle();
  assert.deepEqual(heard, ["1", "2"]);
  await link.stop();
  assert.equal(clock.pending, 0);
});

Deno.test("BrokerLink goes back to MQTT 5 at a broker that closed early just once; every word is heard once throughout", async () => {
  let isEarly = false;
  const { clock, broker, log, link, tried, heard, say } = await house(({ protocolVersion }) =>
    isEarly && protocolVersion === 5 ? EARLY : undefined
  );
  await say("by 5");
  isEarly = true;
  broker.drop(CLIENT_ID);
  await clock.advance(1000);
  isEarly = false;
  assert.deepEqual(tried, ["5", "5", "4"]);
  await say("by 3.1.1");
  void say("passing", 0);
  await settle();
  const said: string[] = [];
  broker.watch(({ topic, payload }) => {
    if (topic === "power-manager/orchestrator/status") said.push(new TextDecoder().decode(payload));
  });
  await clock.advance(60_000);
  await clock.advance(2000);
  assert.deepEqual(tried, ["5", "5", "4", "5 beside", "5"]);
  assert.match(log.text(), /MQTT 5 TAKEN/);
  assert.deepEqual(said.filter((text) => /"online":false/.test(text)), [], "nobody may take us for gone");
  assert.doesNotMatch(log.text(), /CLIENT ID TAKEN/);
  await say("by 5 again");
  await settle();
  assert.deepEqual(heard, ["by 5", "by 3.1.1", "passing", "by 5 again"]);
  await clock.advance(86_400_000);
  assert.equal(tried.length, 5);
  await link.stop();
  assert.equal(clock.pending, 0);
});

Deno.test("BrokerLink sends what is said in the moment of the change to MQTT 5 when it is done", async () => {
  let isEarly = true;
  const { clock, link, heard, say, tried } = await house(({ protocolVersion }) =>
    isEarly && protocolVersion === 5 ? EARLY : undefined
  );
  assert.deepEqual(tried, ["5", "4"]);
  isEarly = false;
  const change = clock.advance(60_000);
  const words = Array.from({ length: 20 }, (_, i) => String(i));
  const sent = [];
  for (const word of words) {
    sent.push(say(word));
    await Promise.resolve();
  }
  await change;
  await clock.advance(2000);
  await Promise.all(sent);
  await settle();
  assert.equal(tried.at(-1), "5");
  assert.deepEqual(heard, words);
  await link.stop();
});

for (
  const [name, fault, text] of [
    [
      "a wrong login",
      { kind: "refused", code: 4, text: "Bad username or password", wasUp: false },
      /^Bad user/,
    ],
    ["a broker that closes at both", EARLY, /^closed early$/],
    ["one that speaks MQTT 5 alone, and is starting", {
      kind: "refused",
      code: 1,
      text: "Unacceptable protocol version",
      wasUp: false,
    }, /^closed early$/],
  ] as const satisfies readonly (readonly [string, MqttDown, RegExp])[]
) {
  Deno.test(`BrokerLink waits as ever, and tells what is wrong, with ${name} behind a close at MQTT 5`, async () => {
    const { clock, health, link, tried, log } = await house(({ protocolVersion }) =>
      protocolVersion === 5 ? EARLY : fault
    );
    assert.deepEqual(tried, ["5", "4"]);
    assert.deepEqual(health.list().map(({ code }) => code), ["broker_unreachable"]);
    assert.match(health.list()[0]?.text ?? "", text);
    await clock.advance(499);
    assert.equal(tried.length, 2);
    await clock.advance(1);
    assert.deepEqual(tried, ["5", "4", "5", "4"]);
    assert.match(health.list()[0]?.text ?? "", text);
    assert.doesNotMatch(log.text(), /UNANSWERED|version/);
    await link.stop();
    assert.equal(clock.pending, 0);
  });
}

Deno.test("BrokerLink never asks for MQTT 3.1.1 where login, TLS or host are wrong", async () => {
  for (
    const fault of [
      { kind: "refused", code: 135, text: "login", wasUp: false },
      { kind: "tls", text: "tls", wasUp: false },
      { kind: "network", text: "nobody", wasUp: false },
      { kind: "closed", text: "in the middle of an answer", wasUp: false },
    ] as const
  ) {
    const { clock, link, tried } = await house(() => fault);
    await clock.advance(60_000);
    assert.deepEqual([...new Set(tried)], ["5"]);
    await link.stop();
  }
});
