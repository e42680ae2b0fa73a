/** One connection to the cloud's broker, on a scripted client and the test clock. */
import assert from "node:assert/strict";
import type { MqttClient, MqttConnectOptions, MqttDown, MqttEvents } from "../../../lib/mqtt/client.ts";
import { TEST_WALL_MS, TestClock } from "../../../lib/time/test_clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import { decodeFrame, encodeFrame } from "../../../proto/frame.ts";
import type { CloudAccess } from "../api/cloud_api.ts";
import { appTopics, openTopics } from "../api/cloud_topics.ts";
import { faultOf, Session, type SessionEnd } from "./session.ts";
import { StationAccess } from "./station_access.ts";
import { WatchedStations } from "./watched_stations.ts";

const USER_ID = "42424242";
const ONE = "R651ZEB400000000";
const TWO = "DCEBZEB400000000";
const KEEP_ALIVE_MS = 45_000;
const PATIENCE_MS = 105_000;
const FRAME = Uint8Array.of(0x0a, 0x00);
const OFFLINE = encodeFrame([{ code: "-2", seq: 1 }]);

const push = (sn: string) => appTopics.property(sn);
const reply = (sn: string) => appTopics.getReply(USER_ID, sn);

/** The client of one connection: the test says what happens on it. */
class ScriptedClient implements MqttClient {
  readonly subscribed: { readonly filter: string; readonly qos: number }[] = [];
  readonly published: { readonly topic: string; readonly payload: Uint8Array | string }[] = [];
  closes = 0;
  /** The broker's answer to a subscription; a promise that stays open: none. */
  answer: (filter: string) => Promise<void> = () => Promise.resolve();
  sending: () => Promise<void> = () => Promise.resolve();

  constructor(readonly options: MqttConnectOptions, readonly events: MqttEvents) {}

  publish(topic: string, payload: Uint8Array | string): Promise<void> {
    this.published.push({ topic, payload });
    return this.sending();
  }

  subscribe(filter: string, qos: 0 | 1): Promise<void> {
    this.subscribed.push({ filter, qos });
    return this.answer(filter);
  }

  unsubscribe(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closes++;
    return Promise.resolve();
  }
}

interface Scene {
  readonly session: Session;
  readonly client: ScriptedClient;
  readonly clock: TestClock;
  readonly stations: WatchedStations;
  readonly permits: StationAccess;
  /** What the session told its owner, in order. */
  readonly told: string[];
  readonly logged: () => string;
  /** How it ended; undefined as long as it has not. */
  readonly end: () => SessionEnd | "stopped" | undefined;
  readonly stop: () => void;
  /** Brings a message. */
  readonly deliver: (topic: string, payload: Uint8Array | string, retained?: boolean) => void;
}

interface SceneOptions {
  readonly sns?: readonly string[];
  readonly access?: Partial<CloudAccess>;
  readonly permits?: StationAccess;
  readonly patienceMs?: number;
  readonly clock?: TestClock;
  readonly controller?: AbortController;
}

/** Starts a session, hands it over before it is up, and stops it: no timer may be left. */
async function inSession(options: SceneOptions, play: (scene: Scene) => Promise<void>): Promise<void> {
  const { sns = [ONE], permits = new StationAccess(), clock = new TestClock() } = options;
  const stations = new WatchedStations(sns.map((sn) => ({ sn })));
  const told: string[] = [];
  const log = memoryLog();
  let client: ScriptedClient | undefined;
  const session = new Session({
    access: {
      broker: { host: "mqtt.example", port: 8883, username: "app-1", password: "p" },
      clientId: "ANDROID_1",
      apiHost: "api.ecoflow.com",
      userId: USER_ID,
      topicsOf: (sn) => [push(sn), reply(sn)],
      ...options.access,
    },
    stations,
    permits,
    clock,
    log,
    connect: (to, events) => client = new ScriptedClient(to, events),
    caPem: "PEM",
    keepAliveMs: KEEP_ALIVE_MS,
    patienceMs: options.patienceMs ?? PATIENCE_MS,
    onUp: () => told.push("up"),
    onPayload: (sn, payload) => told.push(`payload ${sn} ${payload.length}`),
    onList: () => told.push("list"),
    onRefusal: (sn, kind) => told.push(`refusal ${sn} ${kind}`),
  });
  const { controller = new AbortController() } = options;
  let end: SessionEnd | "stopped" | undefined;
  const running = session.run(controller.signal).then((how) => end = how ?? "stopped");
  assert.ok(client);
  const { events } = client;
  try {
    await play({
      session,
      client,
      clock,
      stations,
      permits,
      told,
      logged: () => log.text(),
      end: () => end,
      stop: () => controller.abort(),
      deliver: (topic, payload, retained = false) =>
        events.onMessage({
          topic,
          payload: typeof payload === "string" ? new TextEncoder().encode(payload) : payload,
          retained,
          qos: 0,
        }),
    });
  } finally {
    controller.abort();
    await running;
  }
  assert.equal(client.closes, 1, "the connection is closed once");
  assert.equal(clock.pending, 0, "a timer is left");
}

/** The broker accepts the connection, and answers what it is asked. */
async function rise({ client, clock }: Scene): Promise<void> {
  client.events.onUp(false);
  await clock.advance(0);
}

const never = () => new Promise<void>(() => {});
const refuse = () => Promise.reject(new Error("refused"));
const lost: MqttDown = { kind: "closed", text: "the connection was closed", wasUp: true };

/** The ids of the requests, JSON and frames alike. */
function idsOf({ client }: Scene): number[] {
  return client.published.map(({ payload }) =>
    typeof payload === "string" ? Number(JSON.parse(payload).id) : Number(decodeFrame(payload)[0]?.seq)
  );
}

Deno.test("Session connects clean, by MQTT 3.1.1, with the certificates that it was given", () =>
  inSession({}, (scene) => {
    assert.deepEqual(scene.client.options, {
      host: "mqtt.example",
      port: 8883,
      username: "app-1",
      password: "p",
      tls: { ca: "PEM" },
      clientId: "ANDROID_1",
      protocolVersion: 4,
      cleanSession: true,
      keepAliveSec: 30,
      connectTimeoutMs: 15_000,
    });
    return Promise.resolve();
  }));

Deno.test("Session is up when every subscription is answered, not before", () =>
  inSession({}, async (scene) => {
    const answers: (() => void)[] = [];
    scene.client.answer = () => new Promise((resolve) => answers.push(resolve));
    await rise(scene);
    assert.deepEqual(scene.client.subscribed, [{ filter: push(ONE), qos: 1 }, {
      filter: reply(ONE),
      qos: 1,
    }]);
    answers[0]?.();
    await scene.clock.advance(14_999);
    assert.deepEqual([scene.told, scene.client.published], [[], []]);
    assert.equal(scene.session.silenceMs(ONE), undefined);
    answers[1]?.();
    await scene.clock.advance(0);
    assert.deepEqual(scene.told, ["up"]);
    assert.equal(scene.client.published.length, 2);
    // The time limit was for the subscriptions only.
    await scene.clock.advance(15_000);
    assert.equal(scene.end(), undefined);
    assert.equal(scene.session.silenceMs(ONE), 15_000);
  }));

Deno.test("Session gives the broker 15 s to answer the subscriptions, and not a millisecond more", () =>
  inSession({}, async (scene) => {
    scene.client.answer = (filter) => filter === push(ONE) ? Promise.resolve() : never();
    await rise(scene);
    await scene.clock.advance(14_999);
    assert.equal(scene.end(), undefined);
    await scene.clock.advance(1);
    assert.deepEqual(scene.end(), {
      kind: "server",
      text: "the broker did not confirm the subscriptions",
    });
    assert.deepEqual([scene.told, scene.client.published], [[], []]);
  }));

Deno.test("Session that ended takes no late answer to a subscription for a start", () =>
  inSession({}, async (scene) => {
    let answer = () => {};
    scene.client.answer = (filter) =>
      filter === push(ONE) ? Promise.resolve() : new Promise((resolve) => answer = resolve);
    await rise(scene);
    await scene.clock.advance(15_000);
    answer();
    await scene.clock.advance(60_000);
    assert.deepEqual([scene.told, scene.client.published], [[], []]);
    scene.session.refresh(ONE);
    assert.equal(scene.session.silenceMs(ONE), undefined);
  }));

Deno.test("Session that is stopped before it began makes no connection", async () => {
  const controller = new AbortController();
  controller.abort();
  let connects = 0;
  const session = new Session({
    access: {
      broker: { host: "h", port: 1, username: "u", password: "p" },
      clientId: "c",
      apiHost: "a",
      topicsOf: () => [],
    },
    stations: new WatchedStations([]),
    permits: new StationAccess(),
    clock: new TestClock(),
    log: memoryLog(),
    connect: (to, events) => (connects++, new ScriptedClient(to, events)),
    keepAliveMs: 1,
    patienceMs: 1,
    onUp() {},
    onPayload() {},
    onList() {},
    onRefusal() {},
  });
  assert.equal(await session.run(controller.signal), undefined);
  assert.equal(connects, 0);
});

Deno.test("Session that is stopped ends without a fault", () =>
  inSession({}, async (scene) => {
    await rise(scene);
    scene.stop();
    await scene.clock.advance(0);
    assert.equal(scene.end(), "stopped");
    // What still comes from the dead connection has no effect.
    scene.client.events.onDown(lost);
    await scene.clock.advance(600_000);
    assert.equal(scene.end(), "stopped");
    assert.equal(scene.client.published.length, 2);
  }));

Deno.test("Session leaves no listener on the signal that outlives it", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (type: string, run: EventListenerOrEventListenerObject) => {
    listeners++;
    add(type, run);
  };
  signal.removeEventListener = (type: string, run: EventListenerOrEventListenerObject) => {
    listeners--;
    remove(type, run);
  };
  await inSession({ controller }, async (scene) => {
    await rise(scene);
    assert.equal(listeners, 1);
    scene.client.events.onDown(lost);
    await scene.clock.advance(0);
    assert.equal(listeners, 0);
  });
});

Deno.test("Session says how long it was up when the connection is lost", () =>
  inSession({}, async (scene) => {
    await scene.clock.advance(5000);
    await rise(scene);
    await scene.clock.advance(1234);
    scene.client.events.onDown(lost);
    assert.equal(scene.session.silenceMs(ONE), undefined, "at once");
    await scene.clock.advance(0);
    assert.deepEqual(scene.end(), { kind: "dropped", text: "the connection was closed", upMs: 1234 });
  }));

Deno.test("Session that the broker did not accept has no time up, and blames no station", () =>
  inSession({ sns: [ONE, TWO] }, async (scene) => {
    scene.client.events.onDown({ kind: "refused", code: 5, text: "not authorised", wasUp: false });
    await scene.clock.advance(0);
    assert.deepEqual(scene.end(), { kind: "not_authorised", text: "not authorised" });
    assert.deepEqual([scene.permits.isFree(ONE), scene.permits.isFree(TWO)], [true, true]);
  }));

const downs: readonly [down: Omit<MqttDown, "text">, kind: ReturnType<typeof faultOf>][] = [
  [{ kind: "refused", code: 1, wasUp: false }, "server"],
  [{ kind: "refused", code: 2, wasUp: false }, "client_id_refused"],
  [{ kind: "refused", code: 3, wasUp: false }, "server"],
  [{ kind: "refused", code: 4, wasUp: false }, "not_authorised"],
  [{ kind: "refused", code: 5, wasUp: false }, "not_authorised"],
  [{ kind: "refused", code: 6, wasUp: false }, "server"],
  [{ kind: "refused", wasUp: false }, "server"],
  [{ kind: "closed", code: 2, wasUp: false }, "closed_early"],
  [{ kind: "closed", wasUp: true }, "dropped"],
  [{ kind: "network", wasUp: false }, "network"],
  [{ kind: "network", wasUp: true }, "dropped"],
  [{ kind: "tls", wasUp: false }, "tls"],
  [{ kind: "tls", wasUp: true }, "tls"],
];
for (const [down, kind] of downs) {
  Deno.test(`faultOf() calls ${JSON.stringify(down)} ${kind}`, () =>
    assert.equal(faultOf({ ...down, text: "" }), kind));
}

Deno.test("Session ends with the client id refused at CONNACK 2", () =>
  inSession({}, async (scene) => {
    scene.client.events.onDown({ kind: "refused", code: 2, text: "identifier rejected", wasUp: false });
    await scene.clock.advance(0);
    assert.deepEqual(scene.end(), { kind: "client_id_refused", text: "identifier rejected" });
  }));

Deno.test("Session asks in both forms with an id of its own each time, first the time in seconds", () =>
  inSession({ sns: [ONE, TWO] }, async (scene) => {
    await rise(scene);
    await scene.clock.advance(KEEP_ALIVE_MS + 1000);
    const first = Math.floor(TEST_WALL_MS / 1000);
    assert.deepEqual(idsOf(scene), Array.from({ length: 8 }, (_, index) => first + index));
    assert.deepEqual(
      scene.client.published.map(({ topic, payload }) => [topic, typeof payload === "string"]),
      [ONE, TWO, ONE, TWO].flatMap((sn) =>
        [false, true].map((isJson) => [appTopics.get(USER_ID, sn), isJson])
      ),
    );
  }));

Deno.test("Session of a later second begins with another id", async () => {
  const clock = new TestClock();
  const firsts: (number | undefined)[] = [];
  for (let i = 0; i < 2; i++) {
    await inSession({ clock }, async (scene) => {
      await rise(scene);
      firsts.push(idsOf(scene)[0]);
      await clock.advance(1000);
    });
  }
  assert.equal((firsts[1] ?? 0) - (firsts[0] ?? 0), 1);
});

Deno.test("Session asks in the form that the station spoke, and goes on after a request that was lost", () =>
  inSession({}, async (scene) => {
    scene.client.sending = refuse;
    await rise(scene);
    assert.match(scene.logged(), /request lost.*refused/);
    scene.deliver(push(ONE), FRAME);
    scene.client.published.length = 0;
    await scene.clock.advance(KEEP_ALIVE_MS);
    assert.deepEqual(scene.client.published.map(({ payload }) => typeof payload), ["object"]);
    assert.equal(scene.end(), undefined);
  }));

const words: readonly [
  name: string,
  topic: string,
  payload: Uint8Array | string,
  before: boolean | undefined,
  online: boolean | undefined,
][] = [
  ["an offline reply on the topic of replies", reply(ONE), OFFLINE, undefined, false],
  ["an offline reply of a station that was there", reply(ONE), OFFLINE, true, false],
  ["an offline reply of a station that was away", reply(ONE), OFFLINE, false, false],
  ["the same bytes among the pushes", push(ONE), OFFLINE, undefined, undefined],
  ["the same bytes among the pushes of a station that was away", push(ONE), OFFLINE, false, true],
  ["JSON with online 0 among the pushes", push(ONE), '{"data":{"online":0}}', true, true],
  ["JSON with online 0 among the replies", reply(ONE), '{"data":{"online":0}}', true, false],
  ["a reply of its own", reply(ONE), FRAME, false, true],
];
for (const [name, topic, payload, before, online] of words) {
  Deno.test(`Session takes ${name} for ${online === undefined ? "no word" : online ? "there" : "away"}`, () =>
    inSession({}, async (scene) => {
      if (before !== undefined) scene.stations.setOnline(ONE, before);
      await rise(scene);
      scene.told.length = 0;
      scene.deliver(topic, payload);
      assert.equal(scene.stations.toList().stations[0]?.online, online);
      assert.deepEqual(scene.told, [
        ...(before === online ? [] : ["list"]),
        `payload ${ONE} ${payload.length}`,
      ]);
    }));
}

Deno.test("Session takes nothing from unknown topics and nothing that the broker had kept", () =>
  inSession({ sns: [ONE, TWO] }, async (scene) => {
    await rise(scene);
    await scene.clock.advance(1000);
    scene.told.length = 0;
    scene.deliver(push("R651ZEB499999999"), FRAME);
    scene.deliver(reply(ONE), OFFLINE, true);
    scene.deliver(push(ONE), FRAME, true);
    assert.deepEqual(scene.told, []);
    assert.equal(scene.stations.toList().stations[0]?.online, undefined);
    assert.equal(scene.session.silenceMs(ONE), 1000);
    assert.match(scene.logged(), /unknown topic/);
    assert.match(scene.logged(), /retained message/);
    scene.deliver(push(ONE), FRAME);
    assert.deepEqual([scene.session.silenceMs(ONE), scene.session.silenceMs(TWO)], [0, 1000]);
  }));

Deno.test("Session says of which station a message was too large to be read, and takes it for no word of it", () =>
  inSession({}, async (scene) => {
    await rise(scene);
    await scene.clock.advance(1000);
    scene.told.length = 0;
    scene.client.events.onLeftOut?.(push(ONE), 300_000);
    scene.client.events.onLeftOut?.("somewhere/else", 300_001);
    const lines = scene.logged().split("\n").filter((line) => line.includes("MESSAGE LEFT OUT"));
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", new RegExp(`warn .*sn=${ONE} bytes=300000`));
    assert.doesNotMatch(lines[1] ?? "", /sn=/);
    assert.deepEqual([scene.told, scene.session.silenceMs(ONE)], [[], 1000]);
  }));

const open: Partial<CloudAccess> = {
  userId: undefined,
  topicsOf: (sn) => [openTopics.quota("open-1", sn)],
  statusTopicOf: (sn) => openTopics.status("open-1", sn),
};

Deno.test("Session of a developer key hears pushes and the cloud's word, asks nobody and never doubts silence", () =>
  inSession({ access: open }, async (scene) => {
    await rise(scene);
    assert.deepEqual(scene.client.subscribed.map(({ filter }) => filter), [
      openTopics.quota("open-1", ONE),
      openTopics.status("open-1", ONE),
    ]);
    await scene.clock.advance(86_400_000);
    assert.deepEqual([scene.end(), scene.client.published], [undefined, []]);
    assert.equal(scene.session.silenceMs(ONE), 86_400_000);
    const online = () => scene.stations.toList().stations[0]?.online;
    scene.told.length = 0;
    scene.deliver(openTopics.status("open-1", ONE), '{"params":{"status":0}}');
    assert.equal(online(), false);
    scene.deliver(openTopics.status("open-1", ONE), '{"params":{"status":0}}');
    scene.deliver(openTopics.status("open-1", ONE), '{"params":{"status":2}}');
    scene.deliver(openTopics.status("open-1", ONE), "no JSON");
    assert.equal(online(), false);
    assert.deepEqual(scene.told.filter((one) => one === "list"), ["list"]);
    assert.equal(scene.session.silenceMs(ONE), 86_400_000, "the cloud's word is no stream");
    scene.deliver(openTopics.status("open-1", ONE), '{"params":{"status":1}}');
    assert.equal(online(), true);
    scene.deliver(openTopics.status("open-1", ONE), '{"params":{"status":0}}');
    scene.deliver(openTopics.quota("open-1", ONE), '{"params":{}}');
    assert.deepEqual([online(), scene.session.silenceMs(ONE)], [true, 0]);
  }));

Deno.test("Session ends silent at 105 s when nobody answers, and later where more patience is asked for", async () => {
  for (
    const [patienceMs, atMs] of [[0, 105_000], [105_000, 105_000], [105_001, 105_001], [600_000, 600_000]]
  ) {
    await inSession({ patienceMs }, async (scene) => {
      await scene.clock.advance(7000);
      await rise(scene);
      await scene.clock.advance((atMs ?? 0) - 1);
      assert.equal(scene.end(), undefined, `patience ${patienceMs}`);
      await scene.clock.advance(1);
      assert.deepEqual(scene.end(), {
        kind: "silent",
        text: "no station answered although each was asked again",
        upMs: atMs,
      });
    });
  }
});

Deno.test("Session puts its end off by 105 s at each word of any station", () =>
  inSession({ sns: [ONE, TWO] }, async (scene) => {
    await rise(scene);
    await scene.clock.advance(104_000);
    scene.deliver(push(TWO), FRAME);
    await scene.clock.advance(104_999);
    assert.equal(scene.end(), undefined);
    await scene.clock.advance(1);
    assert.equal((scene.end() as SessionEnd).kind, "silent");
  }));

Deno.test("Session asks at once for whoever wants fresh values, and nobody else", () =>
  inSession({ sns: [ONE, TWO] }, async (scene) => {
    scene.session.refresh(ONE);
    await rise(scene);
    await scene.clock.advance(10_000);
    scene.client.published.length = 0;
    scene.session.refresh(TWO);
    scene.session.refresh("R651ZEB499999999");
    await scene.clock.advance(0);
    assert.deepEqual(
      new Set(scene.client.published.map(({ topic }) => topic)),
      new Set([appTopics.get(USER_ID, TWO)]),
    );
  }));

Deno.test("Session ends when the broker refuses every subscription, and refuses no station for it", () =>
  inSession({ sns: [ONE, TWO] }, async (scene) => {
    scene.client.answer = refuse;
    await rise(scene);
    assert.deepEqual(scene.end(), {
      kind: "not_authorised",
      text: `the broker refused every subscription (${ONE}, ${TWO})`,
    });
    assert.deepEqual([scene.told, scene.permits.refused], [[], []]);
  }));

Deno.test("Session goes on without the station of which one topic is refused", () =>
  inSession({ sns: [ONE, TWO] }, async (scene) => {
    scene.client.answer = (filter) => filter === reply(ONE) ? refuse() : Promise.resolve();
    await rise(scene);
    assert.deepEqual(scene.told, [`refusal ${ONE} subscription`, "up"]);
    assert.deepEqual(scene.permits.refused, [{ sn: ONE, kind: "subscription" }]);
    scene.deliver(push(TWO), FRAME);
    await scene.clock.advance(90_000);
    assert.equal(scene.client.published.some(({ topic }) => topic === appTopics.get(USER_ID, ONE)), false);
    assert.equal(scene.client.published.some(({ topic }) => topic === appTopics.get(USER_ID, TWO)), true);
    assert.equal(scene.session.silenceMs(ONE), Infinity);
  }));

/** One station is in doubt: it is subscribed and asked alone, after the others. */
function doubted(): StationAccess {
  const permits = new StationAccess();
  permits.doubt(ONE);
  return permits;
}

Deno.test("Session subscribes a station in doubt alone, when the others have had 10 s to answer, and then asks it", () =>
  inSession({ sns: [ONE, TWO], permits: doubted() }, async (scene) => {
    await rise(scene);
    assert.deepEqual(scene.client.subscribed.map(({ filter }) => filter), [push(TWO), reply(TWO)]);
    scene.deliver(push(TWO), FRAME);
    await scene.clock.advance(9999);
    assert.equal(scene.client.subscribed.length, 2);
    await scene.clock.advance(1);
    assert.deepEqual(scene.client.subscribed.slice(2).map(({ filter }) => filter), [push(ONE), reply(ONE)]);
    assert.deepEqual(scene.client.published.slice(-2).map(({ topic }) => topic), [
      appTopics.get(USER_ID, ONE),
      appTopics.get(USER_ID, ONE),
    ]);
    assert.deepEqual([scene.permits.isFree(ONE), scene.permits.isHeardFreely(ONE)], [false, true]);
    // On the next turn it is heard already.
    scene.deliver(push(ONE), FRAME);
    await scene.clock.advance(KEEP_ALIVE_MS);
    assert.equal(scene.client.subscribed.length, 4);
    assert.equal(scene.permits.isFree(ONE), true);
  }));

Deno.test("Session whose only heard stations are none but doubted ones is up, and tries them", () =>
  inSession({ sns: [ONE], permits: doubted() }, async (scene) => {
    await rise(scene);
    await scene.clock.advance(0);
    assert.equal(scene.end(), undefined);
    assert.deepEqual(scene.told, ["up"]);
    assert.equal(scene.client.published.length, 2);
  }));

Deno.test("Session refuses a station in doubt whose late subscription is refused, and does not ask it", () =>
  inSession({ sns: [ONE, TWO], permits: doubted() }, async (scene) => {
    await rise(scene);
    scene.deliver(push(TWO), FRAME);
    scene.client.answer = refuse;
    await scene.clock.advance(10_000);
    assert.ok(scene.told.includes(`refusal ${ONE} subscription`));
    assert.equal(scene.client.published.some(({ topic }) => topic === appTopics.get(USER_ID, ONE)), false);
    // It is left alone: its trial is over, and it does not count as passed.
    const tries = scene.client.subscribed.length;
    scene.deliver(push(TWO), FRAME);
    await scene.clock.advance(60_000);
    assert.equal(scene.client.subscribed.length, tries);
    assert.deepEqual(scene.permits.refused, [{ sn: ONE, kind: "subscription" }]);
    assert.equal(scene.end(), undefined);
  }));

Deno.test("Session neither asks nor refuses a station whose late subscription is answered after the end", async () => {
  for (const isGranted of [true, false]) {
    await inSession({ sns: [ONE, TWO], permits: doubted() }, async (scene) => {
      await rise(scene);
      scene.deliver(push(TWO), FRAME);
      const answers: (() => void)[] = [];
      scene.client.answer = () =>
        new Promise((resolve, reject) => answers.push(isGranted ? resolve : () => reject(new Error("gone"))));
      await scene.clock.advance(10_000);
      scene.stop();
      await scene.clock.advance(0);
      const [asked, told] = [scene.client.published.length, scene.told.length];
      for (const answer of answers) answer();
      await scene.clock.advance(0);
      assert.deepEqual([scene.client.published.length, scene.told.length], [asked, told]);
      assert.deepEqual(scene.permits.refused, []);
      assert.equal(scene.permits.isHeardFreely(ONE), false, "an answer after the end grants nothing");
    });
  }
});

Deno.test("Session calls a station refused when the broker hangs up at its trial and another was heard", () =>
  inSession({ sns: [ONE, TWO], permits: doubted() }, async (scene) => {
    await rise(scene);
    scene.deliver(push(TWO), FRAME);
    await scene.clock.advance(10_000 + 9999);
    scene.client.events.onDown(lost);
    await scene.clock.advance(0);
    assert.deepEqual(scene.end(), {
      kind: "hung_up_on_station",
      text: `${ONE}: the connection was closed`,
      upMs: 19_999,
    });
    assert.equal(scene.told.at(-1), `refusal ${ONE} hang_up`);
    assert.deepEqual(scene.permits.refused, [{ sn: ONE, kind: "hang_up" }]);
  }));

Deno.test("Session only doubts a station more when the broker hangs up at its trial and nobody was heard", () =>
  inSession({ sns: [ONE, TWO], permits: doubted() }, async (scene) => {
    await rise(scene);
    await scene.clock.advance(10_000);
    scene.client.events.onDown(lost);
    await scene.clock.advance(0);
    assert.equal((scene.end() as SessionEnd).kind, "hung_up_on_station");
    assert.deepEqual([scene.permits.doubtsOf(ONE), scene.permits.refused], [2, []]);
  }));

const hangUps: readonly [sns: readonly string[], doubts: number][] = [[[ONE], 0], [[ONE, TWO], 1]];
for (const [sns, doubts] of hangUps) {
  Deno.test(`Session of ${sns.length} doubts ${doubts === 0 ? "nobody" : "those"} at whose subscriptions the broker hangs up`, () =>
    inSession({ sns }, async (scene) => {
      scene.client.answer = never;
      await rise(scene);
      scene.client.events.onDown(lost);
      await scene.clock.advance(0);
      assert.deepEqual(scene.end(), { kind: "dropped", text: "the connection was closed" });
      assert.deepEqual(sns.map((sn) => scene.permits.doubtsOf(sn)), sns.map(() => doubts));
    }));
}

Deno.test("Session blames no station, not even one on trial, for an end that is no hang-up", () =>
  inSession({ sns: [ONE, TWO], permits: doubted() }, async (scene) => {
    await rise(scene);
    scene.deliver(push(TWO), FRAME);
    await scene.clock.advance(10_000);
    scene.client.events.onDown({ kind: "tls", text: "the certificate", wasUp: true });
    await scene.clock.advance(0);
    assert.deepEqual(scene.end(), { kind: "tls", text: "the certificate", upMs: 10_000 });
    assert.deepEqual([scene.permits.refused, scene.permits.doubtsOf(ONE), scene.permits.doubtsOf(TWO)], [
      [],
      1,
      0,
    ]);
  }));

Deno.test("Session that is up blames no subscription when the line breaks much later", () =>
  inSession({ sns: [ONE, TWO] }, async (scene) => {
    await rise(scene);
    await scene.clock.advance(2000);
    scene.deliver(push(ONE), FRAME);
    scene.deliver(push(TWO), FRAME);
    scene.client.events.onDown(lost);
    await scene.clock.advance(0);
    assert.equal((scene.end() as SessionEnd).kind, "dropped");
    assert.deepEqual([scene.permits.doubtsOf(ONE), scene.permits.doubtsOf(TWO)], [0, 0]);
  }));
