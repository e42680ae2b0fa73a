import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import type { MqttClient, MqttConnectOptions, MqttDown } from "../../../lib/mqtt/client.ts";
import { connectMqtt } from "../../../lib/mqtt/npm_client.ts";
import { encodeFrame } from "../../../proto/frame.ts";
import { encodeGetAllRequest } from "../../../proto/get_all.ts";
import { type EmulatedCloud, type EmulatedStation, startCloud, USER_ID } from "./cloud.ts";

const ACCOUNT = { user: "simulation@example.com", pass: "wörd" };
const KEYS = { accessKey: "AK", secretKey: "SK" };
const RIVER = "R651SIM000000001";
const DELTA = "DCEBSIM000000001";
const JSON_GET =
  '{"from":"Android","id":"123456789","version":"1.1","moduleType":0,"operateType":"latestQuotas","params":{}}';
const STATIONS: readonly EmulatedStation[] = [
  {
    sn: RIVER,
    name: "Study",
    productName: "",
    family: "protobuf",
    getAllReply: () => Uint8Array.of(0x0a, 0),
  },
  {
    sn: DELTA,
    name: "Cellar",
    productName: "DELTA Pro",
    family: "json",
    getAllReply: () => new TextEncoder().encode("{}"),
    quotaAll: () => ({ soc: 1 }),
  },
];

interface Desk {
  readonly cloud: EmulatedCloud;
  ask(
    path: string,
    init?: RequestInit,
  ): Promise<{ code: string; message: string; data: Record<string, unknown> }>;
  logIn(pass?: string): Promise<string>;
  join(options?: Partial<MqttConnectOptions>): Promise<Guest | MqttDown>;
}

interface Guest {
  readonly client: MqttClient;
  readonly heard: string[];
  readonly down: Promise<MqttDown>;
  until(count: number): Promise<void>;
}

async function atDesk(run: (desk: Desk) => Promise<void>): Promise<void> {
  const cloud = await startCloud({ ...ACCOUNT, open: KEYS, stations: STATIONS });
  const client = Deno.createHttpClient({ caCerts: [cloud.caPem] });
  const clients: MqttClient[] = [];
  const ask: Desk["ask"] = async (path, init) =>
    await (await fetch(`https://${cloud.apiHost}${path}`, { ...init, client })).json();
  const logIn = async (pass = ACCOUNT.pass) => {
    const password = Buffer.from(pass, "utf8").toString("base64");
    const body = JSON.stringify({ email: ACCOUNT.user, password, scene: "IOT_APP", userType: "ECOFLOW" });
    const { code, data } = await ask("/auth/login", { method: "POST", headers: { lang: "en_US" }, body });
    return code === "0" ? String(data.token) : `refused ${code}`;
  };
  const join: Desk["join"] = async (options) => {
    const headers = { authorization: `Bearer ${await logIn()}` };
    const { data } = await ask(`/iot-auth/app/certification?userId=${USER_ID}`, { headers });
    const [up, down] = [Promise.withResolvers<void>(), Promise.withResolvers<MqttDown>()];
    const heard: string[] = [];
    const mqtt = connectMqtt({
      host: String(data.url),
      port: Number(data.port),
      tls: { ca: cloud.caPem },
      username: String(data.certificateAccount),
      password: String(data.certificatePassword),
      clientId: `ANDROID_${crypto.randomUUID().toUpperCase()}_${USER_ID}`,
      protocolVersion: 4,
      cleanSession: true,
      keepAliveSec: 30,
      connectTimeoutMs: 5000,
      ...options,
    }, {
      onUp: () => up.resolve(),
      onDown: (reason) => down.resolve(reason),
      onMessage: ({ topic, payload }) => heard.push(`${topic} ${Buffer.from(payload).toString("hex")}`),
    });
    clients.push(mqtt);
    const until = async (count: number) => {
      while (heard.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    return await Promise.race([
      up.promise.then(() => ({ client: mqtt, heard, down: down.promise, until })),
      down.promise,
    ]);
  };
  try {
    await run({ cloud, ask, logIn, join });
  } finally {
    for (const mqtt of clients) await mqtt.close();
    client.close();
    await cloud.stop();
    await cloud.stop();
  }
}

function guest(joined: Guest | MqttDown): Guest {
  if ("client" in joined) return joined;
  throw new Error(`not let in: ${joined.text}`);
}

Deno.test("startCloud() gives a token for the right password only, and the rest for the token only", () =>
  atDesk(async ({ cloud, ask, logIn }) => {
    assert.match(await logIn("word"), /^refused/);
    const headers = { authorization: `Bearer ${await logIn()}` };
    assert.equal((await ask(`/iot-auth/app/certification?userId=${USER_ID}`)).code, "401");
    assert.equal((await ask("/iot-auth/app/certification?userId=1", { headers })).code, "401");
    assert.equal((await ask("/iot-service/user/device")).code, "401");
    const { data } = await ask("/iot-service/user/device", { headers });
    assert.deepEqual(Object.keys(data.bound as object), [RIVER, DELTA]);
    assert.equal(cloud.record.logIns, 2);
  }));

const signatures: readonly {
  name: string;
  secretKey?: string;
  accessKey?: string;
  ageMs?: number;
  headers?: Record<string, string>;
  code: string;
}[] = [
  { name: "a right signature", code: "0" },
  { name: "another secret key", secretKey: "other", code: "8521" },
  { name: "another access key", accessKey: "other", code: "8513" },
  { name: "a clock that is ten minutes late", ageMs: 600_000, code: "8521" },
  { name: "a content type on a GET", headers: { "content-type": "application/json" }, code: "8521" },
];

for (const { name, secretKey = "SK", accessKey = "AK", ageMs = 0, headers, code } of signatures) {
  Deno.test(`startCloud() answers ${code} to ${name}`, () =>
    atDesk(async ({ ask }) => {
      const timestamp = String(Date.now() - ageMs);
      const text = `sn=${DELTA}&accessKey=${accessKey}&nonce=123456&timestamp=${timestamp}`;
      const sign = createHmac("sha256", secretKey).update(text).digest("hex");
      const signed = { headers: { accessKey, nonce: "123456", timestamp, sign, ...headers } };
      const path = `/iot-open/sign/device/quota/all?sn=${DELTA}`;
      assert.equal((await ask(path, signed)).code, code);
      // The same request again is a replay.
      if (code === "0") assert.equal((await ask(path, signed)).code, "8521");
    }));
}

Deno.test("startCloud() lets stations answer the form of their family only, and reach who subscribed", () =>
  atDesk(async ({ cloud, join }) => {
    const { client, heard, until } = guest(await join());
    for (const sn of [RIVER, DELTA]) {
      await client.subscribe(`/app/${USER_ID}/${sn}/thing/property/get_reply`, 1);
      for (
        const request of [
          encodeGetAllRequest(7),
          JSON_GET,
          "",
          "{}",
          encodeFrame([{ seq: 1, cmd_func: 254 }]),
        ]
      ) {
        await client.publish(`/app/${USER_ID}/${sn}/thing/property/get`, request, { qos: 1 });
      }
    }
    await client.subscribe(`/app/device/property/${RIVER}`, 1);
    cloud.publishFrom(RIVER, "property", Uint8Array.of(1, 2, 3));
    await until(3);
    assert.deepEqual(heard, [
      `/app/${USER_ID}/${RIVER}/thing/property/get_reply 0a00`,
      `/app/${USER_ID}/${DELTA}/thing/property/get_reply 7b7d`,
      `/app/device/property/${RIVER} 010203`,
    ]);
    assert.equal(cloud.record.getAllRequests.length, 4);
    cloud.faults.silent = true;
    await client.publish(`/app/${USER_ID}/${DELTA}/thing/property/get`, JSON_GET, { qos: 1 });
    cloud.publishFrom(RIVER, "property", Uint8Array.of(4));
    await until(4);
    assert.equal(heard.at(-1), `/app/device/property/${RIVER} 04`);
  }));

Deno.test("startCloud() throws out whoever writes to a station, and grants no foreign topic", () =>
  atDesk(async ({ cloud, join }) => {
    const { client, down } = guest(await join());
    await assert.rejects(client.subscribe("#", 1));
    await assert.rejects(client.subscribe(`/app/${USER_ID}/+/thing/property/get_reply`, 1));
    const topic = `/app/${USER_ID}/${RIVER}/thing/property/set`;
    await client.publish(topic, "{}").catch(() => {});
    assert.equal((await down).kind, "closed");
    assert.deepEqual(cloud.record.forbiddenPublishes, [topic]);
  }));

const UUID = "0B0C7E2A-5A6F-4C3D-9E1F-0123456789AB";
const guests: readonly [name: string, options: Partial<MqttConnectOptions>, isIn: boolean][] = [
  ["a client id of the right form", { clientId: `ANDROID_${UUID}_${USER_ID}` }, true],
  ["a client id without the user's id", { clientId: `ANDROID_${UUID}` }, false],
  ["a client id of another user", { clientId: `ANDROID_${UUID}_1` }, false],
  ["a wrong password", { password: "x" }, false],
  ["no password", { username: undefined, password: undefined }, false],
];

for (const [name, options, isIn] of guests) {
  Deno.test(`startCloud() ${isIn ? "lets in" : "refuses"} ${name}`, () =>
    atDesk(async ({ join }) => {
      const joined = await join(options);
      if (isIn) return void guest(joined);
      assert.deepEqual({ ...joined, text: "" }, { kind: "refused", code: 5, text: "", wasUp: false });
    }));
}

Deno.test("startCloud() kicks out the older of two equal client ids", () =>
  atDesk(async ({ cloud, join }) => {
    const clientId = `ANDROID_${UUID}_${USER_ID}`;
    const first = guest(await join({ clientId }));
    guest(await join({ clientId }));
    assert.deepEqual({ ...await first.down, text: "" }, { kind: "closed", text: "", wasUp: true });
    assert.equal(cloud.connectedClients(), 1);
  }));

Deno.test("startCloud() refuses the eleventh client id", () =>
  atDesk(async ({ join }) => {
    for (let i = 0; i < 10; i++) await guest(await join()).client.close();
    assert.equal((await join() as MqttDown).code, 5);
  }));

Deno.test("EmulatedCloud.cutConnections() and expireCredentials() end what was", () =>
  atDesk(async ({ cloud, join }) => {
    const { down } = guest(await join());
    cloud.expireCredentials();
    cloud.cutConnections();
    assert.equal((await down).wasUp, true);
    guest(await join());
    cloud.faults.closeBeforeConnack = true;
    const unanswered = { kind: "closed", text: "", wasUp: false, isUnanswered: true };
    assert.deepEqual({ ...await join(), text: "" }, unanswered);
  }));
