/** The cloud bridge against the emulated cloud: real HTTPS, real MQTT over TLS, verified. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { cpSync } from "node:fs";
import type { TopicCapability } from "../../lib/workers/bus.ts";
import { systemClock } from "../../lib/time/clock.ts";
import type { FromWorker, ToWorker } from "../../lib/workers/control.ts";
import { createHealth } from "../../lib/health.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { MemoryBroker } from "../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import type { BusRequest } from "../../lib/workers/port_bus.ts";
import { memoryLog } from "../../lib/testing.ts";
import { outsideFacts } from "../../lib/testdata/outside_facts.ts";
import {
  type CloudOptions,
  type EmulatedCloud,
  type EmulatedStation,
  startCloud,
  USER_ID,
} from "../../scripts/simulate/cloud/cloud.ts";
import { createFetchHttp } from "./api/fetch_http.ts";
import { CloudBridge, type CloudBridgeConfig } from "./service.ts";

const TOPICS = topicsUnder(DEFAULT_ROOTS);
const CAPABILITY: TopicCapability = {
  service: "cloud_bridge",
  publishes: [TOPICS.raw("+"), TOPICS.cloudStatus, TOPICS.stationList, TOPICS.events],
  subscribes: [TOPICS.refresh("+")],
};
const ACCOUNT = { user: "simulation@example.com", pass: "simulated-pass-wörd" };
const KEYS = { accessKey: "SIMULATEDACCESSKEY", secretKey: "SIMULATEDSECRETKEY" };
const FRAME_REPLY = Uint8Array.of(0x0a, 0x02, 0x10, 0x02, 0xff, 0x00, 0x80);
const JSON_REPLY = new TextEncoder().encode('{"operateType":"latestQuotas","data":{"quotaMap":{}}}');
const RIVER = "R651SIM000000001";
const DELTA = "DCEBSIM000000001";
const STATIONS: readonly EmulatedStation[] = [
  { sn: RIVER, name: "Study", productName: "", family: "protobuf", getAllReply: () => FRAME_REPLY },
  {
    sn: DELTA,
    name: "Cellar",
    productName: "DELTA Pro",
    family: "json",
    getAllReply: () => JSON_REPLY,
    quotaAll: () => ({ "bmsMaster.soc": 71 }),
  },
];

interface House {
  readonly cloud: EmulatedCloud;
  readonly bridge: CloudBridge;
  readonly raw: { readonly sn: string; readonly payload: Uint8Array }[];
  readonly lines: () => string;
  readonly status: () => { link: string; detail: string };
  readonly list: () => unknown;
  conditions(): string[];
  /** Waits until this is so; a test that waits for longer than 20 s has failed. */
  until(what: string, isSo: () => boolean): Promise<void>;
}

interface HouseOptions extends Partial<CloudBridgeConfig> {
  readonly cloud?: EmulatedCloud;
  readonly cloudOptions?: Partial<CloudOptions>;
  /** Scaled seconds in a real one. */
  readonly speed?: number;
  readonly trusts?: boolean;
}

async function inHouse(options: HouseOptions, run: (house: House) => Promise<void>): Promise<void> {
  const { cloud: given, cloudOptions, speed = 1, trusts = true, ...config } = options;
  const cloud = given ?? await startCloud({ ...ACCOUNT, open: KEYS, stations: STATIONS, ...cloudOptions });
  const stateDir = config.stateDir ?? Deno.makeTempDirSync();
  const clock = systemClock({ speed, originWallMs: Date.now() });
  const broker = new MemoryBroker(clock);
  const log = memoryLog("cloud_bridge");
  const health = createHealth();
  const raw: { sn: string; payload: Uint8Array }[] = [];
  broker.watch(({ topic, payload }) => {
    const [, sn = "", kind] = topic.split("/");
    if (kind === "data") raw.push({ sn, payload });
  });
  const caPem = trusts ? cloud.caPem : undefined;
  const bridge = new CloudBridge({
    name: "cloud_bridge",
    config: {
      roots: DEFAULT_ROOTS,
      enabled: true,
      ...(config.open ? {} : { app: ACCOUNT }),
      devices: [],
      apiHosts: [cloud.apiHost],
      brokerHosts: [cloud.brokerHost],
      caPem,
      keepAliveSec: 45,
      stateDir,
      ...config,
    },
    bus: broker.bus(CAPABILITY),
    clock,
    log,
    health,
    random: Math.random,
  }, { connect: connectMqtt, ...createFetchHttp({ caPem }) });
  try {
    await bridge.start();
    await run({
      cloud,
      bridge,
      raw,
      lines: () => log.text(),
      status: () => JSON.parse(broker.retained(TOPICS.cloudStatus) ?? "{}"),
      list: () => JSON.parse(broker.retained(TOPICS.stationList) ?? "{}"),
      conditions: () => health.list().map(({ code }) => code),
      until: async (what, isSo) => {
        const endMs = performance.now() + 20_000;
        while (!isSo()) {
          assert.ok(performance.now() < endMs, `waited 20 s for: ${what}\n${log.text()}`);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      },
    });
  } finally {
    await bridge.stop();
    if (!given) await cloud.stop();
    if (config.stateDir === undefined) Deno.removeSync(stateDir, { recursive: true });
  }
  assert.deepEqual(cloud.record.forbiddenPublishes, []);
  assert.doesNotMatch(log.text(), /simulation@example\.com|simulated-pass|SECRETKEY|ACCESSKEY/);
}

const heard = ({ raw }: House, sn: string) => raw.filter((message) => message.sn === sn);

Deno.test("CloudBridge brings both families from the emulated cloud, byte for byte", () =>
  inHouse({}, async (house) => {
    const { cloud, until, status, list, raw } = house;
    await until("both stations", () => heard(house, RIVER).length > 0 && heard(house, DELTA).length > 0);
    assert.equal(status().link, "up");
    assert.deepEqual(list(), {
      stations: [
        { sn: RIVER, name: "Study", online: true },
        { sn: DELTA, name: "Cellar", product_name: "DELTA Pro", online: true },
      ],
    });
    assert.deepEqual(heard(house, RIVER)[0]?.payload, FRAME_REPLY);
    assert.deepEqual(heard(house, DELTA)[0]?.payload, JSON_REPLY);
    assert.deepEqual(cloud.record.getAllRequests, [
      { sn: RIVER, form: "protobuf" },
      { sn: RIVER, form: "json" },
      { sn: DELTA, form: "protobuf" },
      { sn: DELTA, form: "json" },
    ]);
    raw.length = 0;
    const bytes = Uint8Array.from({ length: 4096 }, (_, i) => i * 7);
    cloud.publishFrom(RIVER, "property", bytes);
    await until("the push", () => raw.length === 1);
    assert.deepEqual(raw[0], { sn: RIVER, payload: bytes });
    assert.match(cloud.record.clientIds[0] ?? "", new RegExp(`^ANDROID_[0-9A-F-]{36}_${USER_ID}$`));
  }));

const recording = outsideFacts("protocol/captures/river3-get-reply-full.json");
Deno.test("CloudBridge brings a recorded payload unchanged", { ignore: recording.ignore }, async () => {
  const capture = JSON.parse(Deno.readTextFileSync(recording.url)) as { payload: string; encoding: string };
  const bytes = new Uint8Array(
    Buffer.from(capture.payload, capture.encoding.startsWith("hex") ? "hex" : "base64"),
  );
  assert.ok(bytes.length > 100);
  const stations = [{ ...STATIONS[0] as EmulatedStation, getAllReply: () => bytes }];
  await inHouse({ cloudOptions: { stations } }, async ({ until, raw }) => {
    await until("the reply", () => raw.length > 0);
    assert.deepEqual(raw[0]?.payload, bytes);
  });
});

Deno.test("CloudBridge asks in the form that the station speaks, every 45 s", () =>
  inHouse({ speed: 60, devices: [{ sn: RIVER }] }, async ({ cloud, until }) => {
    await until("some turns", () => cloud.record.getAllRequests.length >= 5);
    assert.deepEqual(cloud.record.getAllRequests.slice(0, 5).map(({ form }) => form), [
      "protobuf",
      "json",
      "protobuf",
      "protobuf",
      "protobuf",
    ]);
  }));

Deno.test("CloudBridge joins with developer keys: signed requests, polls, pushes", () =>
  inHouse(
    { open: KEYS, devices: [{ sn: DELTA }, { sn: RIVER }, { sn: "XXXXSIM000000001" }] },
    async (house) => {
      const { cloud, until, conditions, raw, status } = house;
      await until("the poll", () => heard(house, DELTA).length > 0);
      assert.deepEqual(JSON.parse(new TextDecoder().decode(raw[0]?.payload)).data, { "bmsMaster.soc": 71 });
      await until("the broker", () => status().link === "up");
      cloud.publishFrom(DELTA, "quota", '{"params":{"bmsMaster.soc":70}}');
      await until("the push", () => heard(house, DELTA).length === 2);
      await until("the refusals", () => conditions().length === 3);
      assert.deepEqual(conditions().toSorted(), [
        "station_missing",
        "station_not_linked",
        "station_not_opened",
      ]);
      assert.deepEqual(cloud.record.getAllRequests, []);
    },
  ));

Deno.test("CloudBridge signs so that a wrong secret key is found out, and says so", () =>
  inHouse({ speed: 60, open: { ...KEYS, secretKey: "WRONGSECRETKEY" } }, async ({ until, conditions }) => {
    await until("the refusal", () => conditions().includes("cloud_signature_refused"));
  }));

const HOUR_MS = 3_600_000;
const EXPIRED = { notBeforeMs: Date.now() - 2 * HOUR_MS, notAfterMs: Date.now() - HOUR_MS };
const ELSEWHERE = { names: ["other.example"] };
const certificates: readonly { name: string; options: HouseOptions; logIns: number }[] = [
  { name: "an API with another name", options: { cloudOptions: { apiCertificate: ELSEWHERE } }, logIns: 0 },
  { name: "an API that has expired", options: { cloudOptions: { apiCertificate: EXPIRED } }, logIns: 0 },
  { name: "an API of an unknown authority", options: { trusts: false }, logIns: 0 },
  {
    name: "a broker with another name",
    options: { cloudOptions: { brokerCertificate: ELSEWHERE } },
    logIns: 1,
  },
  { name: "a broker that has expired", options: { cloudOptions: { brokerCertificate: EXPIRED } }, logIns: 1 },
];

for (const { name, options, logIns } of certificates) {
  Deno.test(`CloudBridge gives nothing to ${name}`, () =>
    inHouse(options, async ({ cloud, until, conditions, status }) => {
      await until("the verdict", () => conditions().length > 0);
      assert.deepEqual(conditions(), ["cloud_certificate"]);
      assert.match(status().detail, /certificate cannot be verified: check this machine's clock/);
      assert.equal(cloud.record.logIns, logIns);
      assert.deepEqual(cloud.record.clientIds, []);
    }));
}

const faults: readonly { name: string; set: (cloud: EmulatedCloud) => void; condition: string }[] = [
  {
    name: "refused credentials",
    set: (c) => c.faults.refuseCredentials = true,
    condition: "cloud_credentials_refused",
  },
  { name: "a rate limit", set: (c) => c.faults.rateLimit = true, condition: "cloud_rate_limited" },
  { name: "a server fault", set: (c) => c.faults.httpStatus = 502, condition: "cloud_server_error" },
  {
    name: "a page instead of JSON",
    set: (c) => c.faults.httpStatus = 403,
    condition: "cloud_reply_unreadable",
  },
  { name: "a redirect", set: (c) => c.faults.httpStatus = 302, condition: "cloud_reply_unreadable" },
  {
    name: "a broker elsewhere",
    set: (c) => c.faults.brokerHost = "evil.example",
    condition: "cloud_broker_forbidden",
  },
  { name: "CONNACK 5", set: (c) => c.faults.notAuthorised = true, condition: "cloud_not_authorised" },
  {
    name: "a broker that hangs up",
    set: (c) => c.faults.closeBeforeConnack = true,
    condition: "cloud_wrong_region",
  },
];

for (const { name, set, condition } of faults) {
  Deno.test(`CloudBridge names ${name} of the emulated cloud`, async () => {
    const cloud = await startCloud({ ...ACCOUNT, stations: STATIONS });
    set(cloud);
    await inHouse({ cloud }, async ({ until, conditions, status, lines }) => {
      await until(condition, () => conditions().includes(condition));
      assert.ok(["down", "refused"].includes(status().link));
      assert.match(lines(), /CLOUD FAULT/);
      assert.ok(cloud.record.logIns <= 1);
    });
    await cloud.stop();
  });
}

Deno.test("CloudBridge comes back after a cut, and renews credentials that have expired", () =>
  inHouse({ speed: 60 }, async ({ cloud, until, status }) => {
    await until("up", () => status().link === "up");
    cloud.cutConnections();
    await until("down", () => status().link !== "up");
    await until("up again", () => status().link === "up");
    assert.equal(cloud.record.logIns, 1);
    cloud.expireCredentials();
    cloud.cutConnections();
    await until("down", () => status().link !== "up");
    await until("up with new credentials", () => status().link === "up");
    assert.equal(cloud.record.logIns, 2);
    assert.equal(new Set(cloud.record.clientIds).size, 1);
  }));

Deno.test("CloudBridge reconnects when no station of the emulated cloud answers any more", async () => {
  const cloud = await startCloud({ ...ACCOUNT, stations: STATIONS });
  cloud.faults.silent = true;
  await inHouse({ cloud, speed: 60 }, async ({ until, conditions }) => {
    await until("a second connection", () => cloud.record.clientIds.length === 2);
    assert.equal(cloud.record.logIns, 1);
    cloud.faults.silent = false;
    await until("well again", () => conditions().length === 0);
  });
  await cloud.stop();
});

Deno.test("CloudBridge finds out that a copy of its state directory runs elsewhere", async () => {
  const cloud = await startCloud({ ...ACCOUNT, stations: STATIONS });
  const [one, two] = [Deno.makeTempDirSync(), Deno.makeTempDirSync()];
  await inHouse({ cloud, stateDir: one, speed: 60 }, async (first) => {
    await first.until("up", () => first.status().link === "up");
    cpSync(one, two, { recursive: true });
    await inHouse({ cloud, stateDir: two, speed: 60 }, async (second) => {
      const duel = () => [...first.conditions(), ...second.conditions()];
      await first.until("the duel to be named", () => duel().includes("cloud_kicked_out"));
    });
  });
  assert.equal(new Set(cloud.record.clientIds).size, 1);
  assert.ok(cloud.record.logIns <= 2);
  await cloud.stop();
  for (const dir of [one, two]) Deno.removeSync(dir, { recursive: true });
});

Deno.test("worker.ts of cloud_bridge works with its permissions only", async () => {
  const cloud = await startCloud({ ...ACCOUNT, stations: STATIONS });
  const stateDir = Deno.makeTempDirSync();
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    type: "module",
    deno: {
      permissions: {
        net: [cloud.apiHost, cloud.brokerHost],
        read: [stateDir],
        write: [stateDir],
        env: false,
        run: false,
        ffi: false,
        sys: false,
        import: false,
      },
    },
  });
  const said = new Map<FromWorker["kind"], PromiseWithResolvers<FromWorker>>();
  const answer = (kind: FromWorker["kind"]) => {
    const known = said.get(kind) ?? Promise.withResolvers<FromWorker>();
    said.set(kind, known);
    return known;
  };
  worker.onmessage = ({ data }) => answer(data.kind).resolve(data);
  const { port1, port2 } = new MessageChannel();
  const published = new Map<string, string | Uint8Array>();
  const river = Promise.withResolvers<Uint8Array>();
  port1.onmessage = ({ data }: MessageEvent<BusRequest>) => {
    if (data.kind !== "publish") return;
    published.set(data.topic, data.payload);
    if (data.topic === TOPICS.raw(RIVER)) river.resolve(data.payload as Uint8Array);
  };
  const post = (message: ToWorker, transfer: Transferable[] = []) => worker.postMessage(message, transfer);
  post({
    kind: "init",
    service: "cloud_bridge",
    config: {
      roots: DEFAULT_ROOTS,
      enabled: true,
      app: ACCOUNT,
      devices: [{ sn: RIVER, name: "Study" }],
      apiHosts: [cloud.apiHost],
      brokerHosts: [cloud.brokerHost],
      caPem: cloud.caPem,
      keepAliveSec: 45,
      stateDir,
    } satisfies CloudBridgeConfig,
    capability: CAPABILITY,
    log: { level: "crit", style: "plain" },
    time: { speed: 1, originWallMs: 0 },
    busPort: port2,
  }, [port2]);
  await answer("ready").promise;
  port1.postMessage({ kind: "link", up: true });
  assert.deepEqual(await river.promise, FRAME_REPLY);
  post({ kind: "ping", seq: 1 });
  assert.deepEqual(await answer("pong").promise, { kind: "pong", seq: 1 });
  assert.equal(said.has("health"), false, "nothing is wrong");
  assert.equal(JSON.parse(String(published.get(TOPICS.cloudStatus))).link, "up");
  assert.deepEqual([...Deno.readDirSync(stateDir)].map(({ name }) => name).sort(), [
    "identity.json",
    "log_ins.json",
  ]);
  post({ kind: "stop" });
  await answer("stopped").promise;
  worker.terminate();
  port1.close();
  await cloud.stop();
  Deno.removeSync(stateDir, { recursive: true });
});
