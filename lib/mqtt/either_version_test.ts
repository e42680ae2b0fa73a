import assert from "node:assert/strict";
import type { MqttClient, MqttConnectOptions, MqttDown, MqttEvents } from "./client.ts";
import { connectEitherVersion, olderVersionText, type Spoken } from "./either_version.ts";

const down = (change: Partial<MqttDown>): MqttDown => ({
  kind: "closed",
  text: "closed early",
  wasUp: false,
  ...change,
});
const UNANSWERED = down({ isUnanswered: true });
const NOT_5 = down({ kind: "refused", code: 132, text: "not 5" });
const NOT_4 = down({ kind: "refused", code: 1, text: "not 3.1.1" });
const LOGIN = down({ kind: "refused", code: 4, text: "login" });

/** What one attempt makes of what a broker does at each try. */
function attempt(answers: readonly (MqttDown | "up" | "nothing")[]) {
  const tried: MqttConnectOptions[] = [];
  const inner: MqttEvents[] = [];
  const closed: number[] = [];
  const ups: Spoken[] = [];
  const downs: MqttDown[] = [];
  const published: string[] = [];
  const client = connectEitherVersion(
    (options, events): MqttClient => {
      const at = tried.push(options) - 1;
      inner.push(events);
      queueMicrotask(() => {
        const answer = answers[at];
        if (answer === "up") events.onUp(false);
        else if (answer !== undefined && answer !== "nothing") events.onDown(answer);
      });
      return {
        publish: (topic) => Promise.resolve(void published.push(`${options.protocolVersion} ${topic}`)),
        subscribe: () => Promise.resolve(),
        unsubscribe: () => Promise.resolve(),
        close: () => Promise.resolve(void closed.push(options.protocolVersion)),
      };
    },
    { host: "h", port: 1, clientId: "c", cleanSession: false, keepAliveSec: 1, connectTimeoutMs: 1 },
    {
      onUp: (_hasSession, spoken) => ups.push(spoken),
      onDown: (reason) => downs.push(reason),
      onMessage: () => {},
    },
  );
  return { client, tried, inner, closed, ups, downs, published };
}

const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

const rows: readonly {
  readonly name: string;
  readonly answers: readonly (MqttDown | "up")[];
  readonly tried: readonly number[];
  readonly ups?: readonly Spoken[];
  readonly downs?: readonly MqttDown[];
}[] = [
  { name: "5 taken", answers: ["up"], tried: [5], ups: [{ version: 5, isUnanswered: false }] },
  {
    name: "5 refused as a version",
    answers: [NOT_5, "up"],
    tried: [5, 4],
    ups: [{ version: 4, isUnanswered: false }],
  },
  {
    name: "5 refused in the old way",
    answers: [NOT_4, "up"],
    tried: [5, 4],
    ups: [{ version: 4, isUnanswered: false }],
  },
  {
    name: "5 closed without an answer",
    answers: [UNANSWERED, "up"],
    tried: [5, 4],
    ups: [{ version: 4, isUnanswered: true }],
  },
  {
    name: "both closed without an answer",
    answers: [UNANSWERED, UNANSWERED],
    tried: [5, 4],
    downs: [UNANSWERED],
  },
  { name: "5 unanswered, then a wrong login", answers: [UNANSWERED, LOGIN], tried: [5, 4], downs: [LOGIN] },
  {
    name: "5 unanswered by one that speaks 5 alone: not a word of versions",
    answers: [UNANSWERED, NOT_4],
    tried: [5, 4],
    downs: [UNANSWERED],
  },
  {
    name: "a wrong login",
    answers: [down({ kind: "refused", code: 135 })],
    tried: [5],
    downs: [down({ kind: "refused", code: 135 })],
  },
  { name: "wrong TLS", answers: [down({ kind: "tls" })], tried: [5], downs: [down({ kind: "tls" })] },
  {
    name: "nobody there",
    answers: [down({ kind: "network" })],
    tried: [5],
    downs: [down({ kind: "network" })],
  },
  { name: "closed in the middle of an answer", answers: [down({})], tried: [5], downs: [down({})] },
];

for (const { name, answers, tried, ups = [], downs = [] } of rows) {
  Deno.test(`connectEitherVersion() with ${name}`, async () => {
    const made = attempt(answers);
    await settled();
    assert.deepEqual(made.tried.map(({ protocolVersion }) => protocolVersion), tried);
    assert.deepEqual(made.ups, ups);
    assert.deepEqual(made.downs, downs);
  });
}

Deno.test("connectEitherVersion() gives one client, which speaks by the connection that stands, and tells its end", async () => {
  const { client, inner, downs, published, closed } = attempt([UNANSWERED, "up"]);
  await settled();
  await client.publish("t", "x");
  assert.deepEqual(published, ["4 t"]);
  const end = down({ wasUp: true });
  inner[1]?.onDown(end);
  assert.deepEqual(downs, [end]);
  await client.close();
  assert.deepEqual(closed, [4]);
});

Deno.test("connectEitherVersion() begins nothing more once it is closed", async () => {
  const { client, inner, tried } = attempt(["nothing"]);
  await client.close();
  inner[0]?.onDown(UNANSWERED);
  await settled();
  assert.equal(tried.length, 1);
});

Deno.test("olderVersionText() says nothing of MQTT 5, and tells what was seen from what was said", () => {
  assert.equal(olderVersionText(undefined), "");
  assert.equal(olderVersionText({ version: 5, isUnanswered: false }), "");
  assert.match(olderVersionText({ version: 4, isUnanswered: true }), /closes the connection at MQTT 5/);
  assert.match(olderVersionText({ version: 4, isUnanswered: false }), /does not speak MQTT 5/);
});
