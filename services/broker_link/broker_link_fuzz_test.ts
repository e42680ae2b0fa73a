/** Random hours of a link: brokers that echo or keep odd sessions, words that others repeat, cuts, workers that end. Nobody grows deaf. */
import assert from "node:assert/strict";
import { createHealth } from "../../lib/health.ts";
import { MemoryBroker } from "../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS } from "../../lib/mqtt/topics.ts";
import { memoryLog } from "../../lib/testing.ts";
import { settle, TestClock } from "../../lib/time/test_clock.ts";
import type { BusMessage, TopicCapability } from "../../lib/workers/bus.ts";
import { type BusPort, PortBus } from "../../lib/workers/port_bus.ts";
import { BrokerLink } from "./service.ts";

const TOPICS = ["s/0", "s/1", "s/2"];
const CLIENT_ID = "fuzz";

function randomOf(seed: number) {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    random,
    below: (most: number) => Math.floor(random() * most),
    one: <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T,
  };
}

/** Two ends of a port; each posting is a task of its own, as between workers, or is lost when an end was closed. */
function portPair(): [BusPort, BusPort] {
  const make = (): BusPort => ({ onmessage: null, postMessage() {}, close() {} });
  const [a, b] = [make(), make()];
  let isOpen = true;
  const join = (from: BusPort, to: BusPort) => {
    from.postMessage = (data: unknown) => {
      const copy = structuredClone(data);
      queueMicrotask(() => isOpen && to.onmessage?.call(undefined as never, { data: copy } as MessageEvent));
    };
    from.close = () => isOpen = false;
  };
  join(a, b);
  join(b, a);
  return [a, b];
}

const text = ({ payload }: BusMessage) => new TextDecoder().decode(payload);

async function leaveSession(broker: MemoryBroker, noLocal: boolean): Promise<void> {
  const up = Promise.withResolvers<void>();
  const options = {
    host: "h",
    port: 1,
    clientId: CLIENT_ID,
    protocolVersion: 5,
    cleanSession: false,
    keepAliveSec: 15,
    connectTimeoutMs: 1,
  } as const;
  const older = broker.connect(options, { onUp: () => up.resolve(), onDown() {}, onMessage() {} });
  await up.promise;
  await older.subscribe("s/+", 1, noLocal);
  await older.close();
}

async function play(seed: number): Promise<void> {
  const { random, below, one } = randomOf(seed);
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  broker.echoes = random() < 0.2;
  const isOld = random() < 0.2;
  if (random() < 0.5) await leaveSession(broker, random() < 0.5);
  for (const topic of TOPICS) if (random() < 0.5) broker.publish(topic, "of before", { retain: true });
  const link = new BrokerLink(
    { roots: DEFAULT_ROOTS, broker: { host: "h", port: 1 }, embeddedPort: 0, clientId: CLIENT_ID },
    { clock, log: memoryLog(), health: createHealth(), random },
    {
      connect: (options, events) => {
        if (!isOld || options.protocolVersion === 4) return broker.connect(options, events);
        const down = { kind: "refused", code: 132, text: "unsupported version", wasUp: false } as const;
        queueMicrotask(() => events.onDown(down));
        return broker.connect({ ...options, clientId: "none" }, { onUp() {}, onDown() {}, onMessage() {} });
      },
      startEmbedded: () => Promise.reject(new Error("none")),
    },
  );
  /** What each reader heard last of each topic. */
  const readers = Array.from({ length: 3 }, () => new Map<string, string>());
  const attach = (capability: TopicCapability) => {
    const bus = new PortBus(capability, memoryLog());
    const [serviceEnd, linkEnd] = portPair();
    bus.attach(serviceEnd);
    link.attach(capability, linkEnd);
    return bus;
  };
  const attachReader = (at: number) => {
    const heard = readers[at] as Map<string, string>;
    heard.clear();
    attach({ service: `reader-${at}`, publishes: [], subscribes: ["s/+"] })
      .subscribe("s/+", (message) => heard.set(message.topic, text(message)), { qos: at === 0 ? 0 : 1 });
  };
  const writer = attach({ service: "writer", publishes: ["s/+"], subscribes: [] });
  for (const at of readers.keys()) attachReader(at);
  await link.start();
  let isUp = true;
  let said = 0;
  const last = new Map<string, string>();
  const say = (topic: string, qos: 0 | 1) => {
    const word = `${++said}`;
    last.set(topic, word);
    writer.publish(topic, word, { retain: true, qos }).catch(() => {});
  };
  for (let step = 0; step < 200; step++) {
    const dice = random();
    const topic = one(TOPICS);
    if (dice < 0.5) say(topic, topic === "s/0" ? 1 : 0);
    else if (dice < 0.65 && isUp) {
      broker.publish(topic, last.get(topic) ?? "first", { retain: random() < 0.5 });
    } else if (dice < 0.7 && isUp) broker.publish(topic, `by hand ${step}`, { retain: random() < 0.5 });
    else if (dice < 0.73) {
      const at = below(readers.length);
      link.detach(`reader-${at}`);
      if (random() < 0.5) await clock.advance(below(2000));
      attachReader(at);
    } else if (dice < 0.75 && isUp) {
      broker.goDown();
      isUp = false;
    } else if (dice < 0.8 && !isUp) {
      broker.goUp();
      isUp = true;
    } else if (dice < 0.9) await clock.advance(below(3000));
    if (random() < 0.5) await settle();
  }
  if (!isUp) broker.goUp();
  await clock.advance(30_000);
  await settle();
  // Whatever was before: what is said now is what everybody knows.
  const now = new Map(TOPICS.map((topic) => {
    say(topic, topic === "s/0" ? 1 : 0);
    return [topic, last.get(topic)];
  }));
  await clock.advance(5000);
  for (const [at, heard] of readers.entries()) {
    assert.deepEqual(new Map([...heard].toSorted()), now, `seed ${seed}, reader ${at}`);
  }
  for (const topic of TOPICS) assert.equal(broker.retained(topic), last.get(topic), `seed ${seed}, ${topic}`);
  // And so does one that comes late.
  attachReader(1);
  await clock.advance(1000);
  assert.deepEqual(new Map([...readers[1] ?? []].toSorted()), now, `seed ${seed}, a late reader`);
  await link.stop();
}

Deno.test("BrokerLink: after random hours everybody hears what is said, and knows it at once or when he comes", async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] as number;
  for (let round = 0; round < 150; round++) await play(seed + round);
});
