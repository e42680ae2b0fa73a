/** One host floods a real Mosquitto; the others are heard as ever, and the log stays short. */
import assert from "node:assert/strict";
import { systemClock } from "../../lib/time/clock.ts";
import { createHealth } from "../../lib/health.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { PortBus } from "../../lib/workers/port_bus.ts";
import { memoryLog } from "../../lib/testing.ts";
import { startMosquitto } from "../../scripts/simulate/mosquitto.ts";
import { HELD_ANSWERS, HOST_SHARE } from "./flood_guard.ts";
import { FLOOD_CODE } from "./flood_watch.ts";
import { BrokerLink } from "./service.ts";

const TOPICS = topicsUnder(DEFAULT_ROOTS);
const MESSAGES = 30_000;

Deno.test("BrokerLink hears a healthy host within a second while another one floods, and names that one", async () => {
  const broker = await startMosquitto({ saves: "seldom" });
  const log = memoryLog("broker_link");
  const health = createHealth();
  const clock = systemClock();
  const link = new BrokerLink(
    {
      roots: DEFAULT_ROOTS,
      broker: { host: "127.0.0.1", port: broker.port },
      embeddedPort: 0,
      clientId: "ecoflow-power",
    },
    { clock, log, health, random: () => 0.5 },
    { connect: connectMqtt, startEmbedded: () => Promise.reject(new Error("no embedded broker here")) },
  );
  const bus = new PortBus({ service: "reader", publishes: [], subscribes: ["power-manager/#"] }, memoryLog());
  const { port1, port2 } = new MessageChannel();
  bus.attach(port1);
  const heard = { evil: 0, good: 0 };
  let onGood = () => {};
  bus.subscribe(TOPICS.ack("+"), ({ topic }) => {
    if (topic === TOPICS.ack("evil")) heard.evil++;
    else (heard.good++, onGood());
  });
  link.attach({ service: "reader", publishes: [], subscribes: ["power-manager/#"] }, port2);
  await link.start();
  const publish = (topic: string, ...more: string[]) =>
    new Deno.Command("mosquitto_pub", {
      args: ["-p", String(broker.port), "-t", topic, ...more],
      stdin: more.includes("-l") ? "piped" : "null",
    }).spawn();
  try {
    const begunMs = performance.now();
    const flood = publish(TOPICS.ack("evil"), "-l");
    const writer = flood.stdin.getWriter();
    const line = new TextEncoder().encode('{"id":"x","agent":"evil","status":"accepted"}\n'.repeat(100));
    const writing = (async () => {
      for (let i = 0; i < MESSAGES / 100; i++) await writer.write(line);
      await writer.close();
    })();
    const times: number[] = [];
    let late: ReturnType<typeof setTimeout> | undefined;
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { promise, resolve } = Promise.withResolvers<void>();
      onGood = resolve;
      const sentMs = performance.now();
      const { success } = await publish(TOPICS.ack("good"), "-q", "1", "-m", "{}").status;
      assert.ok(success);
      await Promise.race([
        promise,
        new Promise<never>((_, reject) =>
          late = setTimeout(() => reject(new Error("not heard in 10 s")), 10_000)
        ),
      ]);
      clearTimeout(late);
      times.push(performance.now() - sentMs);
    }
    await writing;
    await flood.status;
    await new Promise((resolve) => setTimeout(resolve, 500));
    const passedMs = performance.now() - begunMs;
    assert.ok(Math.max(...times) < 2000, `healthy answers took ${times.map(Math.round).join(", ")} ms`);
    const share = HOST_SHARE.burst + HELD_ANSWERS + passedMs / HOST_SHARE.everyMs + 5;
    assert.ok(heard.evil <= share, `${heard.evil} of ${MESSAGES} heard, a share is ${Math.round(share)}`);
    assert.ok(heard.evil >= HOST_SHARE.burst);
    assert.match(
      health.list().find(({ code }) => code === FLOOD_CODE)?.text ?? "",
      /^"host evil" sends more/,
    );
    assert.equal(log.text().split("\n").filter((one) => /FLOOD/.test(one)).length, 1);
  } finally {
    await link.stop();
    port1.close();
    await broker.stop();
  }
});
