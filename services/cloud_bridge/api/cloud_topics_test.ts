import assert from "node:assert/strict";
import type { MqttClient } from "../../../lib/mqtt/client.ts";
import { decodeFrame } from "../../../proto/frame.ts";
import {
  appTopics,
  checkedGetAllTopic,
  formOf,
  jsonGetAllRequest,
  openTopics,
  readOnly,
} from "./cloud_topics.ts";

const USER = "1234567890123456789";
const SN = "R651ZEB400000000";

Deno.test("checkedGetAllTopic() passes the get topic", () => {
  const topic = `/app/${USER}/${SN}/thing/property/get`;
  assert.equal(appTopics.get(USER, SN), topic);
  assert.equal(checkedGetAllTopic(topic), topic);
});

for (
  const topic of [
    `/app/${USER}/${SN}/thing/property/set`,
    `/app/${USER}/${SN}/thing/property/get/../set`,
    `/app/${USER}/${SN}/thing/property/get\n/set`,
    `/app/${USER}/${SN}/thing/property/get_reply`,
    `/app/${USER}/${SN}/thing/property/get `,
    `/app/${USER}/+/thing/property/get`,
    `/app/${USER}/#`,
    `/app//${SN}/thing/property/get`,
    `/app/x/${SN}/thing/property/get`,
    `/app/device/property/${SN}`,
    `/open/account/${SN}/set`,
    "",
  ]
) {
  Deno.test(`checkedGetAllTopic() refuses ${JSON.stringify(topic)}`, () => {
    assert.throws(() => checkedGetAllTopic(topic), RangeError);
  });
}

function recordingClient() {
  const published: [topic: string, payload: string | Uint8Array][] = [];
  const subscribed: [filter: string, qos: number][] = [];
  const client: MqttClient = {
    publish: (topic, payload) => (published.push([topic, payload]), Promise.resolve()),
    subscribe: (filter, qos) => (subscribed.push([filter, qos]), Promise.resolve()),
    unsubscribe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { client, published, subscribed };
}

Deno.test("readOnly() leaves nothing that publishes but the request for the whole state", async () => {
  const { client, published, subscribed } = recordingClient();
  const cloud = readOnly(client);
  assert.deepEqual(Object.keys(cloud).sort(), ["askForAll", "close", "subscribe"]);
  await cloud.subscribe(appTopics.property(SN));
  await cloud.askForAll({ userId: USER, sn: SN, form: "json", id: 1 });
  await cloud.askForAll({ userId: USER, sn: SN, form: "protobuf", id: 1700000000 });
  assert.deepEqual(subscribed, [[`/app/device/property/${SN}`, 1]]);
  assert.deepEqual(published.map(([topic]) => topic), [appTopics.get(USER, SN), appTopics.get(USER, SN)]);
  assert.deepEqual(JSON.parse(String(published[0]?.[1])), {
    from: "Android",
    id: "000000001",
    version: "1.1",
    moduleType: 0,
    operateType: "latestQuotas",
    params: {},
  });
  assert.deepEqual(decodeFrame(published[1]?.[1] as Uint8Array), [
    { src: 32, dest: 32, seq: 1700000000, from: "Android" },
  ]);
});

Deno.test("readOnly() cannot be led to another topic by a serial number or user id", () => {
  const { client, published } = recordingClient();
  for (
    const [userId, sn] of [[USER, `${SN}/thing/property/set`], [`1/${SN}/thing/property/set#`, SN], ["", SN]]
  ) {
    assert.throws(() =>
      readOnly(client).askForAll({ userId: userId ?? "", sn: sn ?? "", form: "json", id: 1 })
    );
  }
  assert.deepEqual(published, []);
});

/** Every file of the service, in all its rooms, but tests. */
function filesOf(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? filesOf(new URL(`${name}/`, folder))
      : name.endsWith(".ts") && !name.endsWith("_test.ts")
      ? [new URL(name, folder)]
      : []
  );
}

Deno.test("only cloud_topics.ts can publish to the cloud", () => {
  const publishers = filesOf(new URL("../", import.meta.url)).flatMap((url) =>
    [...Deno.readTextFileSync(url).matchAll(/(\w+)\s*\.\s*publish\(/g)]
      .filter((match) => match[1] !== "bus")
      .map(() => url.pathname.replace(/^.*\//, ""))
  );
  assert.ok(filesOf(new URL("../", import.meta.url)).length > 20);
  assert.deepEqual(publishers, ["cloud_topics.ts"]);
});

Deno.test("openTopics builds the developer API's topics", () => {
  assert.equal(openTopics.quota("open-1", SN), `/open/open-1/${SN}/quota`);
  assert.equal(openTopics.status("open-1", SN), `/open/open-1/${SN}/status`);
});

for (
  const [name, bytes, form] of [
    ["JSON", [0x7b, 0x7d], "json"],
    ["JSON after blanks", [0x20, 0x0d, 0x09, 0x7b], "json"],
    ["a frame", [0x0a, 0x7b], "protobuf"],
    ["text", [0x41], undefined],
    ["nothing", [], undefined],
  ] as const
) {
  Deno.test(`formOf() recognises ${name}`, () => assert.equal(formOf(Uint8Array.from(bytes)), form));
}

Deno.test("jsonGetAllRequest() has an id of at least nine digits", () => {
  assert.equal(JSON.parse(jsonGetAllRequest(7)).id, "000000007");
  assert.equal(JSON.parse(jsonGetAllRequest(1700000000123)).id, "1700000000123");
});
