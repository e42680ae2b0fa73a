import assert from "node:assert/strict";
import { systemClock } from "../../lib/time/clock.ts";
import { createHealth } from "../../lib/health.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import type { MqttConnectOptions } from "../../lib/mqtt/client.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { type BusPort, PortBus } from "../../lib/workers/port_bus.ts";
import { memoryLog } from "../../lib/testing.ts";
import { startMosquitto } from "../../scripts/simulate/mosquitto.ts";
import { Refusals, REFUSALS_LIMIT, REFUSED_CODE } from "./refusals.ts";
import { BrokerLink } from "./service.ts";

const TOPICS = topicsUnder(DEFAULT_ROOTS);

Deno.test("Refusals tells each once, names commands first with what they cost, and what to do", () => {
  const refusals = new Refusals(TOPICS, "daemon");
  const textNow = () => refusals.condition?.text ?? "";
  assert.equal(textNow(), "");
  assert.equal(refusals.note("publish", TOPICS.plan("pc")), true);
  assert.equal(refusals.event?.severity, "warning");
  assert.equal(refusals.note("publish", TOPICS.command("pc")), true);
  assert.equal(refusals.note("publish", TOPICS.command("pc")), false);
  assert.equal(refusals.note("subscribe", TOPICS.ack("+")), true);
  assert.equal(refusals.event?.severity, "danger");
  assert.match(
    textNow(),
    /^the broker does not let us publish "power-manager\/pc\/cmd", .*A SHUTDOWN DOES NOT REACH pc; .*user daemon.*"topic write power-manager\/pc\/cmd"/,
  );
  assert.match(refusals.cureOf("subscribe", TOPICS.ack("+")), /"topic read power-manager\/\+\/ack"/);
  assert.deepEqual(refusals.filters, [TOPICS.ack("+")]);
  assert.equal(refusals.pass("publish", TOPICS.command("pc")), true);
  assert.equal(refusals.pass("publish", TOPICS.command("pc")), false);
  refusals.pass("publish", TOPICS.plan("pc"));
  refusals.pass("subscribe", TOPICS.ack("+"));
  assert.equal(textNow(), "");
});

Deno.test("Refusals is bounded, and its text keeps the cure however many topics there are", () => {
  const refusals = new Refusals(TOPICS, undefined);
  for (let i = 0; i < 10 * REFUSALS_LIMIT; i++) {
    refusals.note("publish", TOPICS.plan(`${"x".repeat(60)}${i}`));
  }
  assert.equal(refusals.size, REFUSALS_LIMIT);
  const text = refusals.condition?.text ?? "";
  assert.ok(text.length <= 500);
  assert.match(text, /anonymous clients/);
});

function portPair(): [BusPort, BusPort] {
  const make = (): BusPort => ({ onmessage: null, postMessage() {}, close() {} });
  const [a, b] = [make(), make()];
  const join = (from: BusPort, to: BusPort) => {
    from.postMessage = (data: unknown) =>
      to.onmessage?.call(undefined as never, { data: structuredClone(data) } as MessageEvent);
  };
  join(a, b);
  join(b, a);
  return [a, b];
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`waited 10 s in vain: ${what}`);
}

/** A link at a real Mosquitto whose access list has gaps, and an onlooker with every right. */
async function site(
  { publishes, protocolVersion }: { readonly publishes: readonly string[]; readonly protocolVersion?: 4 },
) {
  const broker = await startMosquitto({
    users: [
      { username: "daemon", password: "x", publishes, subscribes: ["#"] },
      { username: "me", password: "x", publishes: ["#"], subscribes: ["#"] },
    ],
  });
  const seen: { topic: string; text: string }[] = [];
  const as = (username: string, clientId: string): MqttConnectOptions => ({
    host: "127.0.0.1",
    port: broker.port,
    username,
    password: "x",
    clientId,
    protocolVersion: 5,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: 5000,
  });
  const ready = Promise.withResolvers<void>();
  const me = connectMqtt(as("me", "me"), {
    onUp: () => ready.resolve(),
    onDown: ({ text }) => ready.reject(new Error(text)),
    onMessage: ({ topic, payload }) => seen.push({ topic, text: new TextDecoder().decode(payload) }),
  });
  await ready.promise;
  await me.subscribe("#", 1);
  const log = memoryLog("broker_link");
  const health = createHealth();
  const { host, port, username, password } = as("daemon", "");
  const link = new BrokerLink(
    {
      roots: DEFAULT_ROOTS,
      broker: { host, port, username, password },
      embeddedPort: 0,
      clientId: "ecoflow-power",
      mustWrite: [TOPICS.command("pc"), TOPICS.command("nas")],
    },
    { clock: systemClock({ speed: 10, originWallMs: Date.now() }), log, health, random: () => 0.5 },
    {
      connect: (options, events) => {
        if (protocolVersion !== 4 || options.protocolVersion === 4) return connectMqtt(options, events);
        queueMicrotask(() => events.onDown({ kind: "refused", code: 132, text: "version", wasUp: false }));
        return { publish: never, subscribe: never, unsubscribe: never, close: () => Promise.resolve() };
      },
      startEmbedded: () => Promise.reject(new Error("no embedded broker here")),
    },
  );
  await link.start();
  return {
    broker,
    link,
    log,
    health,
    seen,
    async stop() {
      await link.stop();
      await me.close();
      await broker.stop();
    },
  };
}

const never = () => Promise.reject(new Error("not connected"));

Deno.test("BrokerLink proves at the start that it may write each host's commands, and tells the owner before an outage", async () => {
  const { log, health, seen, stop } = await site({
    publishes: ["power-manager/orchestrator/#", "power-manager/events", "power-manager/nas/cmd"],
  });
  try {
    await until("the condition", () => health.list().some(({ code }) => code === REFUSED_CODE));
    const condition = health.list().find(({ code }) => code === REFUSED_CODE);
    assert.equal(condition?.severity, "error");
    assert.match(
      condition?.text ?? "",
      /"power-manager\/pc\/cmd": A SHUTDOWN DOES NOT REACH pc; .*user daemon/,
    );
    assert.doesNotMatch(condition?.text ?? "", /nas/);
    await until("the event", () => seen.some(({ topic }) => topic === TOPICS.events));
    const event = JSON.parse(seen.find(({ topic }) => topic === TOPICS.events)?.text ?? "");
    assert.deepEqual([event.kind, event.severity, event.source], [REFUSED_CODE, "danger", "broker_link"]);
    const lines = log.text().split("\n").filter((line) => /BROKER REFUSES/.test(line));
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0] ?? "", /topic=power-manager\/pc\/cmd code=135/);
    // What a host hears of it: an empty message.
    assert.deepEqual(seen.filter(({ topic }) => topic === TOPICS.command("nas")), [
      { topic: TOPICS.command("nas"), text: "" },
    ]);
  } finally {
    await stop();
  }
});

Deno.test("BrokerLink tells a service that its message was refused, and the owner once", async () => {
  const { link, log, health, seen, stop } = await site({
    publishes: ["power-manager/+/cmd", "power-manager/events"],
  });
  try {
    const bus = new PortBus({ service: "writer", publishes: ["s/a"], subscribes: [] }, memoryLog("writer"));
    const [serviceEnd, linkEnd] = portPair();
    bus.attach(serviceEnd);
    link.attach({ service: "writer", publishes: ["s/a"], subscribes: [] }, linkEnd);
    for (let i = 0; i < 3; i++) await assert.rejects(bus.publish("s/a", "x", { qos: 1 }), /Not authorized/);
    const text = () => health.list().find(({ code }) => code === REFUSED_CODE)?.text ?? "";
    await until("both topics", () => /orchestrator\/status/.test(text()) && /s\/a/.test(text()));
    assert.equal(log.text().split("\n").filter((line) => /BROKER REFUSES.*topic=s\/a/.test(line)).length, 1);
    await until("the event", () => seen.some(({ topic }) => topic === TOPICS.events));
  } finally {
    await stop();
  }
});

Deno.test("BrokerLink says of an MQTT 3.1.1 broker that rights cannot be proven, and sends nothing", async () => {
  const { log, health, seen, stop } = await site({ publishes: ["#"], protocolVersion: 4 });
  try {
    await until("the line", () => /RIGHTS UNPROVEN.*drill/.test(log.text()));
    await until("the presence", () => seen.some(({ topic }) => topic === TOPICS.orchestratorStatus));
    assert.deepEqual(seen.filter(({ topic }) => topic.endsWith("/cmd")), []);
    assert.deepEqual(health.list(), []);
  } finally {
    await stop();
  }
});
