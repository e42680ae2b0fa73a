import assert from "node:assert/strict";
import { createHealth } from "../../lib/health.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { MAX_PACKET_BYTES } from "../../lib/mqtt/packet_filter.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { memoryLog } from "../../lib/testing.ts";
import { systemClock } from "../../lib/time/clock.ts";
import { PortBus } from "../../lib/workers/port_bus.ts";
import { startMosquitto } from "../../scripts/simulate/mosquitto.ts";
import { LEFT_OUT_CODE, LeftOut } from "./left_out.ts";
import { BrokerLink } from "./service.ts";

const TOPICS = topicsUnder(DEFAULT_ROOTS);

Deno.test("LeftOut tells of a topic once, over connections too, until it says something that can be read", () => {
  const log = memoryLog("broker_link");
  const health = createHealth();
  const told: string[] = [];
  const leftOut = new LeftOut({ log, health }, ({ text }) => told.push(text));
  for (let i = 0; i < 3; i++) {
    leftOut.connected();
    assert.deepEqual(health.list(), []);
    leftOut.note("a", 2_000_000);
    leftOut.note("x".repeat(60_000), 3_000_000);
    assert.deepEqual(health.list().map(({ code }) => code), [LEFT_OUT_CODE]);
  }
  assert.equal(told.length, 2);
  assert.match(told[0] ?? "", /clear the topic .*"a" \(2000000 bytes\)$/);
  for (let i = 0; i < 1000; i++) leftOut.note(`${i}${"y".repeat(1000)}`, 2_000_000);
  assert.equal(told.length, 100);
  assert.ok((health.list()[0]?.text.length ?? 0) <= 500);
  leftOut.connected();
  leftOut.note("a", 2_000_000);
  leftOut.taken("a");
  assert.deepEqual(health.list(), []);
  leftOut.note("a", 2_000_000);
  assert.equal(told.length, 101);
});

Deno.test("BrokerLink stays connected at a broker that keeps a packet of 3 MiB for each of a host's and a station's topics", async () => {
  const broker = await startMosquitto({ saves: "seldom" });
  const publish = async (topic: string, bytes: Uint8Array, ...more: string[]) => {
    const args = ["-p", String(broker.port), "-q", "1", "-t", topic, "-s", ...more];
    const child = new Deno.Command("mosquitto_pub", { args, stdin: "piped" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(bytes);
    await writer.close();
    assert.ok((await child.status).success);
  };
  for (const topic of [TOPICS.state("Study"), TOPICS.agentStatus("pc")]) {
    await publish(topic, new Uint8Array(3 * MAX_PACKET_BYTES).fill(0x20), "-r");
  }
  const log = memoryLog("broker_link");
  const health = createHealth();
  const link = new BrokerLink(
    {
      roots: DEFAULT_ROOTS,
      broker: { host: "127.0.0.1", port: broker.port },
      embeddedPort: 0,
      clientId: "ecoflow-power",
    },
    { clock: systemClock(), log, health, random: () => 0.5 },
    {
      // As a broker that knows no MQTT 5, which would let us name our limit.
      connect: (options, events) => connectMqtt({ ...options, protocolVersion: 4 }, events),
      startEmbedded: () => Promise.reject(new Error("no embedded broker here")),
    },
  );
  const reader = { service: "reader", publishes: [], subscribes: ["#"] };
  const bus = new PortBus(reader, memoryLog());
  const { port1, port2 } = new MessageChannel();
  bus.attach(port1);
  const heard: string[] = [];
  bus.subscribe(TOPICS.state("+"), ({ payload }) => heard.push(new TextDecoder().decode(payload)));
  bus.subscribe(TOPICS.agentStatus("+"), ({ payload }) => heard.push(new TextDecoder().decode(payload)));
  link.attach(reader, port2);
  await link.start();
  const until = async (what: string, isTrue: () => boolean) => {
    for (let tries = 0; tries < 400 && !isTrue(); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    assert.ok(isTrue(), what);
  };
  try {
    await until("both are named", () => /Study.*pc|pc.*Study/.test(health.list()[0]?.text ?? ""));
    await publish(TOPICS.state("Study"), new TextEncoder().encode("now"));
    await until("what comes later is heard", () => heard.includes("now"));
    assert.deepEqual(heard.filter((text) => !text.startsWith("{")), ["now"]);
    assert.deepEqual(log.text().split("\n").filter((line) => line.includes("BROKER DOWN")), []);
    assert.doesNotMatch(health.list()[0]?.text ?? "", /Study/);
  } finally {
    await link.stop();
    port1.close();
    port2.close();
    await broker.stop();
  }
});
