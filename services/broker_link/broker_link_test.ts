import assert from "node:assert/strict";
import type { TopicCapability } from "../../lib/workers/bus.ts";
import { createHealth } from "../../lib/health.ts";
import type { BusMessage, PublishOptions } from "../../lib/workers/bus.ts";
import type { MqttClient, MqttConnectOptions } from "../../lib/mqtt/client.ts";
import { MemoryBroker } from "../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS } from "../../lib/mqtt/topics.ts";
import { type BusPort, PortBus } from "../../lib/workers/port_bus.ts";
import { settle, TestClock } from "../../lib/time/test_clock.ts";
import { memoryLog } from "../../lib/testing.ts";
import { OUTBOX_LIMIT } from "./outbox.ts";
import { BrokerLink } from "./service.ts";
import { UNHEARD_LIFE_MS } from "./unheard.ts";

const PRESENCE = "power-manager/orchestrator/status";
const READER: TopicCapability = { service: "reader", publishes: [], subscribes: ["s/+"] };
const WRITER: TopicCapability = { service: "writer", publishes: ["s/a", "s/b"], subscribes: [] };

/**
 * A house with one broker link whose ports are plain objects: what is sent arrives at once.
 *
 * @param before The house that stood here before: same clock, same broker
 * @param early A service that is attached before the broker is reached, as the supervisor does
 * @param refuses Topics whose messages the broker refuses, while the connection stays
 */
async function house(
  {
    refuseVersion5 = false,
    before,
    refuses = new Set(),
    early,
    onUnsubscribe = () => {},
    forgets = (forget) => forget(),
  }: {
    readonly refuseVersion5?: boolean;
    /** How the broker gives a subscription up. */
    readonly forgets?: (forget: () => Promise<void>) => Promise<void>;
    readonly onUnsubscribe?: (filter: string) => void;
    readonly before?: { readonly clock: TestClock; readonly broker: MemoryBroker };
    readonly refuses?: ReadonlySet<string>;
    readonly early?: TopicCapability;
  } = {},
) {
  const { clock, broker } = before ?? memoryHouse();
  const log = memoryLog();
  const health = createHealth();
  const connects: MqttConnectOptions[] = [];
  const link = new BrokerLink(
    { roots: DEFAULT_ROOTS, broker: { host: "h", port: 1 }, embeddedPort: 0, clientId: "ecoflow-power" },
    { clock, log, health, random: () => 0.5 },
    {
      connect: (options, events) => {
        connects.push(options);
        if (!refuseVersion5 || options.protocolVersion === 4) {
          const client = refusing(broker.connect(options, events), refuses);
          return {
            ...client,
            unsubscribe(filter) {
              onUnsubscribe(filter);
              return forgets(() => client.unsubscribe(filter));
            },
          };
        }
        const down = { kind: "refused", code: 132, text: "unsupported version", wasUp: false } as const;
        queueMicrotask(() => events.onDown(down));
        return broker.connect({ ...options, clientId: "none" }, { onUp() {}, onDown() {}, onMessage() {} });
      },
      startEmbedded: () => Promise.reject(new Error("no embedded broker here")),
    },
  );
  const attach = (capability: TopicCapability) => {
    const busLog = memoryLog(capability.service);
    const bus = new PortBus(capability, busLog);
    const [serviceEnd, linkEnd] = portPair();
    bus.attach(serviceEnd);
    link.attach(capability, linkEnd);
    return { bus, busLog, rawPort: serviceEnd };
  };
  const { bus: earlyBus } = early ? attach(early) : {};
  await link.start();
  await settle();
  return { clock, broker, log, health, link, connects, attach, earlyBus };
}

function memoryHouse() {
  const clock = new TestClock();
  return { clock, broker: new MemoryBroker(clock) };
}

/** As with a PUBACK of 128 and up: the message is refused and the connection stays. */
function refusing(client: MqttClient, topics: ReadonlySet<string>): MqttClient {
  return {
    ...client,
    publish: (topic, payload, options) =>
      topics.has(topic)
        ? Promise.reject(new Error("Publish error: Quota exceeded"))
        : client.publish(topic, payload, options),
  };
}

function portPair(): [BusPort, BusPort] {
  const make = (): BusPort & { peer?: BusPort } => ({ onmessage: null, postMessage() {}, close() {} });
  const [a, b] = [make(), make()];
  const join = (from: BusPort, to: BusPort) => {
    from.postMessage = (data: unknown) =>
      to.onmessage?.call(undefined as never, { data: structuredClone(data) } as MessageEvent);
  };
  join(a, b);
  join(b, a);
  return [a, b];
}

const text = ({ payload }: BusMessage) => new TextDecoder().decode(payload);

Deno.test("BrokerLink.attach() carries messages from one service to another through the broker", async () => {
  const { link, attach } = await house();
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(`${m.topic}=${text(m)}`));
  const { bus } = attach(WRITER);
  await bus.publish("s/a", "0");
  await bus.publish("s/b", "1", { qos: 1 });
  await settle();
  assert.deepEqual(heard, ["s/a=0", "s/b=1"]);
  await link.stop();
});

Deno.test("BrokerLink hands over once what a service publishes: QoS 0 before the broker has it, QoS 1 when it has, refused never", async () => {
  const refuses = new Set(["s/b"]);
  const { link, attach } = await house({ refuses });
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(`${m.topic}=${text(m)}`));
  const { bus } = attach(WRITER);
  void bus.publish("s/a", "now");
  assert.deepEqual(heard, ["s/a=now"]);
  const acknowledged = bus.publish("s/a", "sure", { qos: 1 });
  assert.deepEqual(heard, ["s/a=now"]);
  await acknowledged;
  await assert.rejects(bus.publish("s/b", "refused", { qos: 1 }), /Quota exceeded/);
  await settle();
  assert.deepEqual(heard, ["s/a=now", "s/a=sure"]);
  await link.stop();
});

Deno.test("BrokerLink hands over nothing while the broker is away, and what waited for it once", async () => {
  const { link, attach, broker, clock } = await house();
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
  const { bus } = attach(WRITER);
  await settle();
  broker.goDown();
  void bus.publish("s/a", "passing");
  const sure = bus.publish("s/a", "sure", { qos: 1 });
  await clock.advance(1000);
  assert.deepEqual(heard, []);
  broker.goUp();
  await clock.advance(20_000);
  await sure;
  assert.deepEqual(heard, ["sure"]);
  await link.stop();
});

Deno.test("BrokerLink: every message is heard once from a broker that echoes in spite of No Local, and from MQTT 3.1.1", async () => {
  for (const refuseVersion5 of [false, true]) {
    const before = memoryHouse();
    before.broker.echoes = true;
    const { link, attach, log } = await house({ before, refuseVersion5 });
    const heard: string[] = [];
    attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
    const { bus } = attach(WRITER);
    await settle();
    const said: string[] = [];
    for (let i = 0; i < 100; i++) {
      said.push(String(i));
      void bus.publish("s/a", String(i), { qos: i % 3 === 0 ? 1 : 0 });
      if (i % 7 === 0) await settle();
    }
    await settle();
    assert.deepEqual(heard.toSorted((a, b) => Number(a) - Number(b)), said);
    assert.equal(log.text().includes("BROKER ECHOES"), !refuseVersion5);
    await link.stop();
  }
});

Deno.test("BrokerLink makes the subscriptions of an older session anew: each message is heard once, and directly in the end", async () => {
  const before = memoryHouse();
  await leaveSession(before.broker, { noLocal: false });
  const { link, attach, log } = await house({ before });
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
  const { bus } = attach(WRITER);
  await settle();
  void bus.publish("s/a", "1");
  await settle();
  void bus.publish("s/a", "2");
  assert.deepEqual(heard, ["1", "2"]);
  await settle();
  assert.deepEqual(heard, ["1", "2"]);
  assert.doesNotMatch(log.text(), /BROKER ECHOES/);
  await link.stop();
});

/** Leaves a session behind in which `s/+` is subscribed to, as an earlier program did. */
async function leaveSession(
  broker: MemoryBroker,
  { protocolVersion = 5, noLocal }: { readonly protocolVersion?: 4 | 5; readonly noLocal: boolean },
): Promise<void> {
  const up = Promise.withResolvers<void>();
  const older = broker.connect({
    host: "h",
    port: 1,
    clientId: "ecoflow-power",
    protocolVersion,
    cleanSession: false,
    keepAliveSec: 15,
    connectTimeoutMs: 1,
  }, { onUp: () => up.resolve(), onDown() {}, onMessage() {} });
  await up.promise;
  await older.subscribe("s/+", 1, noLocal);
  await older.close();
}

Deno.test("BrokerLink: services go on hearing each other where somebody repeats their words, and when that one is gone", async () => {
  const { link, attach, broker, clock } = await house();
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
  const { bus } = attach(WRITER);
  await settle();
  // As a second daemon on the same account, which says each payload of the cloud too.
  for (const word of ["1", "2", "3"]) {
    void bus.publish("s/a", word);
    broker.publish("s/a", word);
    await settle();
  }
  // It is gone.
  heard.length = 0;
  const said: string[] = [];
  for (let i = 10; i < 40; i++) {
    said.push(String(i));
    void bus.publish("s/a", String(i), { qos: i % 2 === 0 ? 1 : 0 });
    await settle();
  }
  assert.deepEqual(heard, said);
  // The next connection begins anew.
  broker.goDown();
  await settle();
  broker.goUp();
  await clock.advance(20_000);
  heard.length = 0;
  void bus.publish("s/a", "50");
  assert.deepEqual(heard, ["50"]);
  await settle();
  assert.deepEqual(heard, ["50"]);
  await link.stop();
});

Deno.test("BrokerLink: a word that was said before is heard again once the services hear each other by way of the broker", async () => {
  const { link, attach, broker } = await house();
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
  const { bus } = attach(WRITER);
  await settle();
  void bus.publish("s/b", "again");
  void bus.publish("s/a", "1");
  broker.publish("s/a", "1");
  await settle();
  void bus.publish("s/b", "again");
  void bus.publish("s/a", "2");
  broker.publish("s/a", "2");
  await settle();
  heard.length = 0;
  void bus.publish("s/b", "again");
  await settle();
  assert.deepEqual(heard, ["again"]);
  await link.stop();
});

Deno.test("BrokerLink hears itself at a broker that speaks MQTT 3.1.1 alone and kept a session with No Local", async () => {
  const before = memoryHouse();
  await leaveSession(before.broker, { noLocal: true });
  const { link, attach } = await house({ before, refuseVersion5: true });
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
  const { bus } = attach(WRITER);
  await settle();
  void bus.publish("s/a", "1");
  await bus.publish("s/a", "2", { qos: 1 });
  await settle();
  assert.deepEqual(heard, ["1", "2"]);
  await link.stop();
});

for (
  const [name, forgets] of [
    [
      "gives a subscription up late, after what it was told since",
      (clock: TestClock) => (forget: () => Promise<void>) => clock.sleep(500).then(forget),
    ],
    ["never says that it gave one up", () => () => new Promise<void>(() => {})],
  ] as const
) {
  Deno.test(`BrokerLink hears itself at a broker with an older session that ${name}`, async () => {
    const before = memoryHouse();
    await leaveSession(before.broker, { protocolVersion: 4, noLocal: false });
    const { clock, link, attach } = await house({
      before,
      refuseVersion5: true,
      forgets: forgets(before.clock),
    });
    const heard: string[] = [];
    attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
    const { bus } = attach(WRITER);
    await clock.advance(1000);
    void bus.publish("s/a", "1");
    await bus.publish("s/a", "2", { qos: 1 });
    await settle();
    assert.deepEqual(heard, ["1", "2"]);
    await link.stop();
  });
}

Deno.test("BrokerLink.stop() leaves a session in which an older program hears itself, and nothing of it is lost", async () => {
  const { link, attach, broker } = await house();
  attach(READER).bus.subscribe("s/+", () => {});
  attach(WRITER);
  await settle();
  await link.stop();
  broker.publish("s/b", "kept", { qos: 1 });
  const heard: string[] = [];
  const up = Promise.withResolvers<void>();
  const older = broker.connect({
    host: "h",
    port: 1,
    clientId: "ecoflow-power",
    protocolVersion: 5,
    cleanSession: false,
    keepAliveSec: 15,
    connectTimeoutMs: 1,
  }, { onUp: () => up.resolve(), onDown() {}, onMessage: (m) => heard.push(text(m)) });
  await up.promise;
  await older.subscribe("s/+", 1);
  await older.publish("s/a", "its own");
  await settle();
  assert.deepEqual(heard, ["kept", "its own"]);
  await older.close();
});

Deno.test("BrokerLink gives up no subscription under which only others speak, and begins No Local with the first service that does", async () => {
  const before = memoryHouse();
  await leaveSession(before.broker, { noLocal: false });
  const given: string[] = [];
  const { link, attach } = await house({ before, onUnsubscribe: (filter) => given.push(filter) });
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
  await settle();
  attach({ service: "crossing", publishes: ["+/x"], subscribes: [] });
  before.broker.publish("s/a", "of a host", { qos: 1 });
  await settle();
  assert.deepEqual(given, []);
  const { bus } = attach(WRITER);
  await settle();
  assert.deepEqual(given, ["s/+"]);
  void bus.publish("s/a", "1");
  assert.deepEqual(heard, ["of a host", "1"]);
  await settle();
  assert.deepEqual(heard, ["of a host", "1"]);
  await link.stop();
  assert.deepEqual(given, ["s/+", "s/+"]);
});

Deno.test("BrokerLink: what the broker kept is not heard after what was handed over since, at the start and later", async () => {
  const before = memoryHouse();
  before.broker.publish("s/a", "old", { retain: true });
  const { link, attach } = await house({ before });
  const heard: string[] = [];
  const reader = attach(READER).bus;
  const { bus } = attach(WRITER);
  reader.subscribe("s/+", (m) => heard.push(text(m)));
  void bus.publish("s/a", "new", { retain: true });
  await settle();
  assert.deepEqual(heard, ["new"]);

  // One that comes later hears it from the broker.
  heard.length = 0;
  const later: string[] = [];
  const other: TopicCapability = { service: "other", publishes: [], subscribes: ["s/#"] };
  attach(other).bus.subscribe("s/#", (m) => later.push(`${text(m)} ${m.retained}`));
  await settle();
  assert.deepEqual(later, ["new true"]);

  // What somebody else put there meanwhile, too.
  before.broker.publish("s/a", "by hand", { retain: true });
  await settle();
  const last: string[] = [];
  attach({ ...other, service: "third" }).bus.subscribe("s/#", (m) => last.push(`${text(m)} ${m.retained}`));
  await settle();
  assert.deepEqual(last, ["by hand true"]);
  await link.stop();
});

Deno.test("BrokerLink: of a kept word that was taken back nothing comes again", async () => {
  const before = memoryHouse();
  before.broker.publish("s/a", "old", { retain: true });
  const { link, attach } = await house({ before });
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
  void attach(WRITER).bus.publish("s/a", "", { retain: true });
  await settle();
  assert.deepEqual(heard, [""]);
  await link.stop();
});

Deno.test("BrokerLink hears what the broker kept where what was said since was refused", async () => {
  const before = memoryHouse();
  before.broker.publish("s/a", "old", { retain: true });
  const { link, attach } = await house({ before, refuses: new Set(["s/a"]) });
  const heard: string[] = [];
  const { bus } = attach(WRITER);
  attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
  await assert.rejects(bus.publish("s/a", "new", { retain: true, qos: 1 }));
  await settle();
  assert.deepEqual(heard, ["old"]);
  await link.stop();
});

Deno.test("BrokerLink spares a service its own messages where it wants none, and it alone", async () => {
  const { link, attach } = await house();
  const heard: string[] = [];
  const both: TopicCapability = { service: "both", publishes: ["s/a"], subscribes: ["s/+"] };
  const { bus } = attach(both);
  bus.subscribe("s/a", (m) => heard.push(`itself ${text(m)}`), { noLocal: true });
  attach(READER).bus.subscribe("s/+", (m) => heard.push(`reader ${text(m)}`));
  const writer = attach(WRITER).bus;
  await settle();
  await bus.publish("s/a", "1");
  assert.deepEqual(heard.splice(0), ["reader 1"]);
  bus.subscribe("s/+", (m) => heard.push(`all ${text(m)}`));
  await bus.publish("s/a", "2");
  assert.deepEqual(heard.splice(0).sort(), ["all 2", "itself 2", "reader 2"]);
  await writer.publish("s/b", "3");
  assert.deepEqual(heard.splice(0).sort(), ["all 3", "reader 3"]);
  await link.stop();
});

Deno.test("PortBus.publish() outside the capability fails at the offender, and nothing is sent", async () => {
  const { link, attach, broker } = await house();
  const seen: string[] = [];
  broker.watch(({ topic }) => seen.push(topic));
  const { bus } = attach(WRITER);
  await assert.rejects(
    bus.publish("power-manager/nas/cmd", "x"),
    /Cannot publish "power-manager\/nas\/cmd" from writer/,
  );
  await assert.rejects(bus.publish("s/+", "x"), /TopicForbidden|Cannot publish/);
  assert.throws(() => bus.subscribe("#", () => {}), /Cannot subscribe "#" from writer: allowed are none/);
  assert.deepEqual(seen, []);
  await link.stop();
});

Deno.test("BrokerLink refuses a worker that goes around its own check, tells it, and names it in the log", async () => {
  const { link, attach, broker, log } = await house();
  const seen: string[] = [];
  broker.watch(({ topic }) => seen.push(topic));
  const { rawPort, busLog } = attach(WRITER);
  rawPort.postMessage({
    kind: "publish",
    id: 9,
    topic: "power-manager/nas/cmd",
    payload: "x",
    options: { qos: 1 },
  });
  rawPort.postMessage({ kind: "publish", topic: "s/#", payload: "x", options: {} });
  rawPort.postMessage({ kind: "subscribe", filter: "power-manager/#" });
  await settle();
  assert.deepEqual(seen, []);
  assert.equal(log.entries.filter(({ text }) => text === "TOPIC REFUSED").length, 3);
  assert.match(log.text(), /service=writer direction=publish topic=power-manager\/nas\/cmd/);
  assert.equal(busLog.entries.filter(({ text }) => text === "REFUSED BY BROKER LINK").length, 3);
  await link.stop();
});

Deno.test("BrokerLink keeps QoS 1 messages while the broker is away, in order, and drops QoS 0", async () => {
  const { link, attach, broker, clock } = await house();
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
  const { bus } = attach(WRITER);
  broker.goDown();
  await settle();
  let delivered = 0;
  void bus.publish("s/a", "one", { qos: 1 }).then(() => delivered++);
  void bus.publish("s/a", "lost");
  void bus.publish("s/b", "two", { qos: 1 }).then(() => delivered++);
  await clock.advance(10_000);
  assert.equal(delivered, 0);
  broker.goUp();
  await clock.advance(20_000);
  assert.deepEqual(heard, ["one", "two"]);
  assert.equal(delivered, 2);
  await link.stop();
});

for (const [awayMs, delivered] of [[59_000, true], [75_000, false]] as const) {
  Deno.test(`BrokerLink ${delivered ? "delivers" : "drops"} a message of 60 s expiry after ${awayMs} ms`, async () => {
    const { link, attach, broker, clock } = await house();
    const heard: string[] = [];
    attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
    const { bus } = attach(WRITER);
    broker.goDown();
    await settle();
    let outcome = "waiting";
    bus.publish("s/a", "cmd", { qos: 1, expirySec: 60 }).then(
      () => outcome = "sent",
      (e) => outcome = e.message,
    );
    await clock.advance(delivered ? awayMs - 15_000 : awayMs);
    broker.goUp();
    await clock.advance(15_000);
    assert.deepEqual(heard, delivered ? ["cmd"] : []);
    assert.match(outcome, delivered ? /^sent$/ : /expired before the broker was back/);
    await link.stop();
  });
}

Deno.test("BrokerLink tells its services when the broker goes and comes, and raises a condition meanwhile", async () => {
  const { link, attach, broker, clock, health } = await house();
  const states: boolean[] = [];
  attach(READER).bus.onLink((up) => states.push(up));
  broker.goDown();
  await settle();
  assert.deepEqual(health.list().map(({ code }) => code), ["broker_unreachable"]);
  broker.goUp();
  await clock.advance(20_000);
  assert.deepEqual(states, [true, false, true]);
  assert.deepEqual(health.list(), []);
  await link.stop();
});

Deno.test("BrokerLink.setPresence() is retained, said again after a reconnect, and offline on stop", async () => {
  const { link, broker, clock } = await house();
  link.setPresence('{"online":true,"version":"9"}');
  await settle();
  assert.equal(broker.retained(PRESENCE), '{"online":true,"version":"9"}');
  broker.drop("ecoflow-power");
  assert.equal(broker.retained(PRESENCE), '{"online":false}');
  await clock.advance(20_000);
  assert.equal(broker.retained(PRESENCE), '{"online":true,"version":"9"}');
  await link.stop();
  await link.stop();
  assert.equal(broker.retained(PRESENCE), '{"online":false}');
  assert.equal(clock.pending, 0);
});

Deno.test("BrokerLink falls back to MQTT 3.1.1 when the broker does not speak 5", async () => {
  const { link, connects, log } = await house({ refuseVersion5: true });
  assert.deepEqual(connects.map(({ protocolVersion }) => protocolVersion), [5, 4]);
  assert.match(log.text(), /BROKER CONNECTED mqtt=3.1.1/);
  await link.stop();
});

Deno.test("PortBus.attach() to a new broker link subscribes anew and repeats what was not acknowledged", async () => {
  const first = await house();
  const { bus } = first.attach(WRITER);
  const reader = first.attach(READER);
  const heard: string[] = [];
  reader.bus.subscribe("s/+", (m) => heard.push(text(m)));
  first.broker.goDown();
  await settle();
  let delivered = false;
  void bus.publish("s/a", "kept", { qos: 1 }).then(() => delivered = true);
  await settle();

  const second = await house();
  for (const [b, capability] of [[bus, WRITER], [reader.bus, READER]] as const) {
    const [serviceEnd, linkEnd] = portPair();
    b.attach(serviceEnd);
    second.link.attach(capability, linkEnd);
    b.attach(serviceEnd);
  }
  await settle();
  assert.equal(delivered, true);
  bus.close();
  await first.link.stop();
  await second.link.stop();
});

Deno.test("BrokerLink tells the sender what the broker refused, and never delivers it later", async () => {
  const refuses = new Set(["s/a"]);
  const { link, attach, broker, clock } = await house({ refuses });
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
  const { bus } = attach(WRITER);
  await assert.rejects(bus.publish("s/a", "shutdown", { qos: 1, expirySec: 300 }), /Quota exceeded/);
  refuses.clear();
  await bus.publish("s/a", "abort", { qos: 1, expirySec: 300 });
  broker.goDown();
  await settle();
  broker.goUp();
  await clock.advance(20_000);
  assert.deepEqual(heard, ["abort"]);
  await link.stop();
});

Deno.test("BrokerLink delivers a command after hours without the broker, whatever else was said meanwhile", async () => {
  const { link, attach, broker, clock } = await house();
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(text(m)));
  const { bus } = attach(WRITER);
  broker.goDown();
  await settle();
  const lost: string[] = [];
  const say = (topic: string, payload: string, options: PublishOptions) =>
    void bus.publish(topic, payload, { qos: 1, ...options }).catch(({ message }) => lost.push(message));
  for (let i = 0; i < OUTBOX_LIMIT; i++) {
    say("s/b", `status ${i}`, { retain: true });
    say("s/b", `entry ${i}`, {});
  }
  say("s/a", "shutdown", { expirySec: 300 });
  broker.goUp();
  await clock.advance(20_000);
  assert.ok(heard.includes("shutdown"));
  assert.equal(heard.filter((one) => one.startsWith("status")).join(), `status ${OUTBOX_LIMIT - 1}`);
  assert.equal(heard.filter((one) => one.startsWith("entry")).length, OUTBOX_LIMIT - 1);
  assert.deepEqual(lost, [`Cannot queue "s/b": ${OUTBOX_LIMIT} messages wait for the broker already`]);
  await link.stop();
});

for (const [loadsForMs, hears] of [[UNHEARD_LIFE_MS - 1, true], [UNHEARD_LIFE_MS, false]] as const) {
  Deno.test(
    `BrokerLink ${
      hears ? "hands on" : "forgets"
    } what the broker kept for a service that loads for ${loadsForMs} ms`,
    async () => {
      const first = await house();
      first.attach(READER).bus.subscribe("s/+", () => {});
      await settle();
      first.broker.drop("ecoflow-power");
      first.broker.publish("s/a", "accepted", { qos: 1 });
      first.broker.publish("s/b", "passing", { qos: 0 });

      const second = await house({ before: first, early: READER });
      await second.clock.advance(loadsForMs);
      const heard: string[] = [];
      second.earlyBus?.subscribe("s/b", (m) => heard.push(text(m)));
      second.earlyBus?.subscribe("s/+", (m) => heard.push(text(m)));
      await settle();
      assert.deepEqual(heard, hears ? ["accepted"] : []);
      await first.link.stop();
      await second.link.stop();
    },
  );
}

Deno.test("BrokerLink: one that is being restarted hears once what the others say meanwhile, of kept words the last", async () => {
  const { link, attach, clock } = await house();
  const heard: string[] = [];
  attach(READER).bus.subscribe("s/+", (m) => heard.push(`before: ${text(m)}`));
  const { bus: writer } = attach(WRITER);
  await settle();
  link.detach("reader");
  for (const word of ["a 1", "a 2"]) void writer.publish("s/a", word, { qos: 1 });
  for (const word of ["b 1", "b 2"]) void writer.publish("s/b", word, { qos: 1, retain: true });
  void writer.publish("s/a", "passing");
  await clock.advance(30_000);
  attach(READER).bus.subscribe("s/+", (m) => heard.push(`${text(m)}${m.retained ? ", kept" : ""}`));
  await settle();
  assert.deepEqual(heard, ["a 1", "a 2", "b 2, kept"]);
  await link.stop();
});

Deno.test("BrokerLink.detach() keeps for a service that is being restarted what comes meanwhile, once", async () => {
  const { link, attach, broker, clock } = await house();
  const heard: string[] = [];
  const before = attach(READER);
  before.bus.subscribe("s/+", (m) => heard.push(`before: ${text(m)}`));
  await settle();
  link.detach("reader");
  broker.publish("s/a", "accepted", { qos: 1 });
  await clock.advance(30_000);
  const { bus } = attach(READER);
  broker.publish("s/a", "running", { qos: 1 });
  await settle();
  bus.subscribe("s/+", (m) => heard.push(text(m)));
  broker.publish("s/a", "shutting_down", { qos: 1 });
  await settle();
  bus.subscribe("s/a", (m) => heard.push(`again: ${text(m)}`));
  await settle();
  assert.deepEqual(heard, ["accepted", "running", "shutting_down"]);
  await link.stop();
});
