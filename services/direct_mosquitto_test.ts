/** What services hear of each other beside a real Mosquitto: once, also after an older program's session, and when it hangs. */
import assert from "node:assert/strict";
import { freePort, startMosquitto, startMosquittoWith } from "../scripts/simulate/mosquitto.ts";
import { systemClock } from "../lib/time/clock.ts";
import { createHealth } from "../lib/health.ts";
import type { MqttClient } from "../lib/mqtt/client.ts";
import { connectMqtt } from "../lib/mqtt/npm_client.ts";
import { DEFAULT_ROOTS } from "../lib/mqtt/topics.ts";
import { PortBus } from "../lib/workers/port_bus.ts";
import { memoryLog } from "../lib/testing.ts";
import { BrokerLink } from "./broker_link/service.ts";

const CLIENT_ID = "direct-test";
const WRITER = { service: "writer", publishes: ["s/+"], subscribes: ["s/+"] };
const READER = { service: "reader", publishes: [], subscribes: ["s/+"] };

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (isTrue()) return;
    await pause(50);
  }
  throw new Error(`waited 30 s in vain: ${what}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A connection of its own; `heard` is what came, as text. */
async function client(port: number, clientId: string, cleanSession: boolean) {
  const up = Promise.withResolvers<void>();
  const heard: string[] = [];
  const connection: MqttClient = connectMqtt({
    host: "127.0.0.1",
    port,
    clientId,
    protocolVersion: 5,
    cleanSession,
    sessionExpirySec: 3600,
    keepAliveSec: 60,
    connectTimeoutMs: 10_000,
  }, {
    onUp: () => up.resolve(),
    onDown: ({ text }) => up.reject(new Error(text)),
    onMessage: ({ payload }) => void heard.push(new TextDecoder().decode(payload)),
  });
  await up.promise;
  return { connection, heard };
}

/**
 * A writer and a reader on one link; `heard` is what the reader heard, `own` what the writer heard of itself.
 *
 * @param qos How the reader subscribes
 * @param onUp What the writer says as soon as it may
 */
async function services(
  port: number,
  clientId = CLIENT_ID,
  { qos = 1, whenAttached, onUp }: {
    readonly qos?: 0 | 1;
    readonly whenAttached?: () => Promise<void>;
    readonly onUp?: (writer: PortBus) => void;
  } = {},
) {
  const log = memoryLog();
  const link = new BrokerLink(
    { roots: DEFAULT_ROOTS, broker: { host: "127.0.0.1", port }, embeddedPort: 0, clientId },
    { clock: systemClock(), log, health: createHealth(), random: () => 0.5 },
    { connect: connectMqtt, startEmbedded: () => Promise.reject(new Error("none")) },
  );
  const ends: MessagePort[] = [];
  const attach = (capability: typeof WRITER | typeof READER) => {
    const bus = new PortBus(capability, log);
    const { port1, port2 } = new MessageChannel();
    ends.push(port1, port2);
    bus.attach(port1);
    link.attach(capability, port2);
    return bus;
  };
  const [writer, reader] = [attach(WRITER), attach(READER)];
  const heard: string[] = [];
  const own: string[] = [];
  let isUp = false;
  writer.onLink((up) => {
    isUp = up;
    if (up) onUp?.(writer);
  });
  writer.subscribe("s/+", ({ payload }) => own.push(new TextDecoder().decode(payload)), {
    qos: 0,
    noLocal: true,
  });
  reader.subscribe("s/+", ({ payload }) => heard.push(new TextDecoder().decode(payload)), { qos });
  await link.start();
  if (whenAttached) {
    await pause(100);
    await whenAttached();
  }
  await until("the link is up", () => isUp);
  return {
    log,
    writer,
    heard,
    own,
    isUp: () => isUp,
    async stop() {
      await link.stop();
      for (const end of ends) end.close();
    },
  };
}

/** Says so many words, QoS 0 and 1 in turns, and waits until the broker has them. */
async function say(writer: PortBus, from: number, to: number): Promise<string[]> {
  const said = Array.from({ length: to - from }, (_, i) => String(from + i));
  await Promise.all(said.map((word, i) => writer.publish(`s/${i % 3}`, word, { qos: i % 2 === 0 ? 0 : 1 })));
  return said;
}

const inOrder = (words: readonly string[]) => words.toSorted((a, b) => Number(a) - Number(b));

Deno.test("services hear each other once over Mosquitto, also where an older program's session knew no No Local, and after it was started again", async () => {
  const broker = await startMosquitto();
  const older = await client(broker.port, CLIENT_ID, false);
  await older.connection.subscribe("s/+", 1);
  await older.connection.close();
  const watcher = await client(broker.port, "watcher", true);
  await watcher.connection.subscribe("s/+", 1);
  const { writer, heard, own, log, isUp, stop } = await services(broker.port);

  const said = await say(writer, 0, 100);
  await until("all is heard", () => heard.length >= 100);
  await pause(300);
  assert.deepEqual(inOrder(heard), said);
  await until("the broker has it all", () => watcher.heard.length >= 100);
  assert.deepEqual(inOrder(watcher.heard), said);
  // The first echoes were left out, and the subscriptions made anew with success.
  assert.doesNotMatch(log.text(), /BROKER ECHOES/);

  // What others say is heard as ever, by both.
  own.length = 0;
  await watcher.connection.publish("s/0", "100", { qos: 1 });
  await until("a stranger is heard", () => heard.includes("100") && own.includes("100"));
  assert.deepEqual(own, ["100"]);

  await watcher.connection.close();
  await broker.goDown();
  await until("the link is down", () => !isUp());
  await broker.goUp();
  await until("the link is up again", isUp);
  const more = await say(writer, 101, 150);
  await until("all of it is heard", () => heard.length >= 150);
  await pause(300);
  assert.deepEqual(inOrder(heard), [...said, "100", ...more]);
  assert.deepEqual(own, ["100"]);
  await stop();
  await broker.stop();
});

Deno.test("services go on hearing each other beside a second daemon that says the same, and when that one is gone", async () => {
  const broker = await startMosquitto();
  const one = await services(broker.port);
  const other = await services(broker.port, "direct-test-2");
  // Both hear the same payloads of the cloud.
  for (let i = 0; i < 20; i++) {
    for (const { writer } of [one, other]) void writer.publish("s/0", `same ${i}`);
    await pause(20);
  }
  await until("one has found it out", () => one.log.text().includes("BROKER ECHOES"));
  await other.stop();
  await pause(200);
  one.heard.length = 0;
  const said = await say(one.writer, 0, 100);
  await until("all is heard", () => one.heard.length >= 100);
  await pause(300);
  assert.deepEqual(inOrder(one.heard), said);
  await one.stop();
  await broker.stop();
});

Deno.test("an older program that is put in finds a session at Mosquitto in which it hears itself", async () => {
  const broker = await startMosquitto();
  const { writer, stop } = await services(broker.port);
  await say(writer, 0, 10);
  await stop();
  const outsider = await client(broker.port, "outsider", true);
  await outsider.connection.publish("s/1", "while nobody was there", { qos: 1 });
  const older = await client(broker.port, CLIENT_ID, false);
  await older.connection.subscribe("s/+", 1);
  await older.connection.publish("s/0", "its own", { qos: 1 });
  await until("it hears both", () => older.heard.length >= 2);
  assert.deepEqual(older.heard.toSorted(), ["its own", "while nobody was there"]);
  for (const one of [older, outsider]) await one.connection.close();
  await broker.stop();
});

Deno.test("services behind a broker that was late hear what is said then, and after it nothing that Mosquitto had kept", async () => {
  const broker = await startMosquitto();
  const before = await client(broker.port, "before", true);
  const topics = Array.from({ length: 100 }, (_, i) => `s/${i}`);
  for (const topic of topics) {
    await before.connection.publish(topic, `${topic} old`, { retain: true, qos: 1 });
  }
  await before.connection.close();
  for (const qos of [0, 1] as const) {
    await broker.goDown();
    const { heard, stop } = await services(broker.port, `late-${qos}`, {
      qos,
      whenAttached: () => broker.goUp(),
      onUp: (writer) => {
        for (const topic of topics) void writer.publish(topic, `${topic} new ${qos}`, { retain: true, qos });
      },
    });
    const last = new Map<string, string>();
    await until("all is heard", () => {
      for (const text of heard) last.set(text.split(" ")[0] as string, text);
      return [...last.values()].filter((text) => text.endsWith(`new ${qos}`)).length === topics.length;
    });
    await pause(500);
    for (const text of heard) last.set(text.split(" ")[0] as string, text);
    assert.deepEqual([...last.values()].toSorted(), topics.map((topic) => `${topic} new ${qos}`).toSorted());
    await stop();
  }
  await broker.stop();
});

Deno.test("services hear each other while Mosquitto hangs, before anybody can know that it does", async () => {
  const port = freePort();
  const broker = await startMosquittoWith(`listener ${port} 127.0.0.1\nallow_anonymous true\n`, port);
  const { writer, heard, isUp, stop } = await services(port);
  await say(writer, 0, 1);
  Deno.kill(broker.pid, "SIGSTOP");
  void writer.publish("s/0", "1");
  await until("it is heard", () => heard.includes("1"));
  assert.equal(isUp(), true);
  Deno.kill(broker.pid, "SIGCONT");
  await stop();
  await broker.stop();
});
