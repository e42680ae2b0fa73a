import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encodeFrame } from "../../proto/frame.ts";
import { LOG_INS_PER_DAY, LOG_INS_PER_HOUR } from "./api/login_budget.ts";
import { inHouse, SN } from "./testdata/bridge_house.ts";
import { FakeCloud, USER_ID } from "./testdata/fake_cloud.ts";

const SECOND_SN = "DCEBZEB400000000";
const GET = `/app/${USER_ID}/${SN}/thing/property/get`;
const PROPERTY = `/app/device/property/${SN}`;
const MIN = 60_000;
const HOUR = 60 * MIN;

Deno.test("CloudBridge logs in anew, once, when three connections in a row stay silent", () =>
  inHouse({}, async ({ clock, cloud, logIns }) => {
    // Silent after 105 s, then after 10 and 20 min.
    await clock.advance(105_000 + 1000 + 10 * MIN + 1000 + 20 * MIN + 999);
    assert.deepEqual([cloud.connects.length, logIns()], [3, 1]);
    await clock.advance(1);
    assert.deepEqual([cloud.connects.length, logIns()], [4, 2]);
    await clock.advance(24 * HOUR);
    assert.ok(cloud.connects.length > 20);
    assert.equal(logIns(), 2, "stations that are switched off cost no log-ins");
    assert.equal(new Set(cloud.connects.map(({ clientId }) => clientId)).size, 1);
    // A word, and the next silence is a new one.
    cloud.deliver(PROPERTY, "{}");
    await clock.advance(6 * HOUR);
    assert.equal(logIns(), 3);
  }));

Deno.test("CloudBridge does nothing but say so when it is switched off", () =>
  inHouse({ enabled: false, app: undefined }, async ({ status, list, clock, cloud, context, bridge }) => {
    await clock.advance(HOUR);
    assert.equal(status().link, "off");
    assert.deepEqual(list(), { stations: [{ sn: SN, name: "Study" }] });
    assert.deepEqual(cloud.requests, []);
    assert.deepEqual(cloud.connects, []);
    assert.deepEqual([...Deno.readDirSync(context.config.stateDir)], []);
    await bridge.stop();
    assert.equal(status().link, "off");
  }));

Deno.test("CloudBridge logs in, subscribes, and asks each station in both forms until it has spoken", () => {
  const cloud = new FakeCloud();
  cloud.devices = {
    bound: { [SN]: { sn: SN, deviceName: "ignored", productName: "RIVER 3", online: 1 } },
    share: { group: [{ sn: SECOND_SN, deviceName: "Cellar", productName: "" }] },
  };
  return inHouse({ devices: [{ sn: SN, name: "Study" }, { sn: SECOND_SN }] }, async (house) => {
    await house.clock.advance(2000);
    assert.deepEqual(house.status(), {
      link: "up",
      api: "app",
      detail: "2 stations at mqtt-e.ecoflow.com:8883",
      ts: house.status().ts,
    });
    assert.deepEqual(house.list(), {
      stations: [
        { sn: SN, name: "Study", product_name: "RIVER 3", online: true },
        { sn: SECOND_SN, name: "Cellar" },
      ],
    });
    assert.deepEqual(
      cloud.subscribed.sort(),
      [
        `/app/${USER_ID}/${SECOND_SN}/thing/property/get_reply`,
        `/app/${USER_ID}/${SN}/thing/property/get_reply`,
        `/app/device/property/${SECOND_SN}`,
        PROPERTY,
      ].sort(),
    );
    assert.deepEqual(cloud.published.map(({ topic, form }) => `${topic === GET} ${form}`), [
      "true protobuf",
      "true json",
      "false protobuf",
      "false json",
    ]);
    const [login] = cloud.requests;
    assert.deepEqual(JSON.parse(login?.body ?? ""), {
      email: "me@example.com",
      password: "cGFzcy13w7ZyZC1zZWNyZXQ=",
      scene: "IOT_APP",
      userType: "ECOFLOW",
    });
    assert.deepEqual(login?.headers, { lang: "en_US", "content-type": "application/json" });
    assert.equal(
      cloud.requests[1]?.url,
      `https://api.ecoflow.com/iot-auth/app/certification?userId=${USER_ID}`,
    );
    assert.equal(cloud.requests[1]?.headers.authorization, "Bearer token-secret");
    const [connect] = cloud.connects;
    assert.equal(connect?.protocolVersion, 4);
    assert.equal(connect?.cleanSession, true);
    assert.deepEqual(connect?.tls, { ca: undefined });
    assert.match(
      connect?.clientId ?? "",
      new RegExp(`^ANDROID_[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}_${USER_ID}$`),
    );
    cloud.published.length = 0;
    cloud.deliver(PROPERTY, Uint8Array.of(0x0a, 0x00));
    cloud.deliver(`/app/device/property/${SECOND_SN}`, '{"params":{}}');
    await house.clock.advance(45_000);
    assert.deepEqual(cloud.published.map(({ form }) => form), ["protobuf", "json"]);
  }, cloud);
});

Deno.test("CloudBridge mirrors every byte, and nothing that is retained or of an unknown topic", () =>
  inHouse({}, async ({ clock, cloud, raw }) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    cloud.deliver(PROPERTY, bytes);
    cloud.deliver(`/app/${USER_ID}/${SN}/thing/property/get_reply`, "not even JSON");
    cloud.deliver(PROPERTY, new Uint8Array());
    cloud.deliver(PROPERTY, "old", true);
    cloud.deliver("/app/device/property/OTHER", "x");
    await clock.advance(0);
    assert.deepEqual(raw.map(({ topic }) => topic), Array(3).fill(`bridge-ecoflow/${SN}/data`));
    assert.deepEqual(raw[0]?.payload, bytes);
    assert.deepEqual(raw[1]?.payload, new TextEncoder().encode("not even JSON"));
    assert.equal(raw[2]?.payload.length, 0);
  }));

Deno.test("CloudBridge asks a station at once when the house wants fresh values, but not twice in 5 s", () =>
  inHouse({}, async ({ clock, cloud, broker }) => {
    cloud.deliver(PROPERTY, Uint8Array.of(0x0a));
    const asked = async (afterMs: number) => {
      await clock.advance(afterMs);
      cloud.published.length = 0;
      broker.publish(`bridge-ecoflow/${SN}/refresh`, "");
      broker.publish("bridge-ecoflow/UNKNOWN/refresh", "");
      await clock.advance(0);
      return cloud.published.length;
    };
    assert.equal(await asked(4999), 0);
    assert.equal(await asked(1), 1);
    assert.equal(await asked(4999), 0);
    assert.equal(await asked(1), 1);
  }));

Deno.test("CloudBridge in silence asks again at 90 s, reconnects at 105 s without a log-in, and then is patient", () =>
  inHouse({}, async ({ clock, cloud, logIns, conditions, status }) => {
    assert.deepEqual(cloud.published.length, 2);
    await clock.advance(89_999);
    assert.equal(cloud.published.length, 4, "asked at 0 and 45 s, in both forms");
    await clock.advance(1);
    assert.equal(cloud.published.length, 6, "asked again at 90 s");
    await clock.advance(14_999);
    assert.equal(cloud.connects.length, 1);
    await clock.advance(1);
    assert.equal(status().link, "connecting");
    assert.deepEqual(conditions(), ["cloud_silent"]);
    await clock.advance(1000);
    assert.equal(cloud.connects.length, 2);
    assert.equal(status().link, "up");
    await clock.advance(599_999);
    assert.equal(cloud.connects.length, 2);
    await clock.advance(1001);
    assert.equal(cloud.connects.length, 3);
    cloud.deliver(PROPERTY, "{}");
    await clock.advance(105_000 + 1000);
    assert.equal(cloud.connects.length, 3, "the patience that holds was set when the connection was made");
    assert.equal(logIns(), 1);
    assert.equal(new Set(cloud.connects.map(({ clientId }) => clientId)).size, 1);
  }));

const OFFLINE_REPLIES = [
  ["code -2", encodeFrame([{ code: "-2", seq: 1 }])],
  ["online 0", '{"operateType":"latestQuotas","data":{"online":0,"quotaMap":{}}}'],
  ["code 6012", '{"code":"6012","message":"device is offline"}'],
] as const;

for (const [name, reply] of OFFLINE_REPLIES) {
  Deno.test(`CloudBridge takes the cloud's answer with ${name} for its word, and for no word of the station`, () =>
    inHouse({}, async ({ clock, cloud, list, raw }) => {
      const online = () => list().stations[0].online;
      const answer = (payload: Uint8Array | string) =>
        cloud.deliver(`/app/${USER_ID}/${SN}/thing/property/get_reply`, payload);
      cloud.onGet = () => queueMicrotask(() => answer(reply));
      answer(reply);
      await clock.advance(10 * MIN);
      assert.equal(online(), false);
      assert.equal(cloud.connects.length, 1, "whoever answers, the connection works");
      assert.equal(
        cloud.published.length,
        28,
        "asked in both forms: nobody knows yet which is the station's",
      );
      assert.ok(raw.length > 0, "soc_bridge hears it, too");
      cloud.deliver(PROPERTY, Uint8Array.of(0x0a));
      await clock.advance(0);
      assert.equal(online(), true);
    }));
}

Deno.test("CloudBridge does not reconnect while one station of two answers", () =>
  inHouse({ devices: [{ sn: SN }, { sn: SECOND_SN }] }, async ({ clock, cloud }) => {
    cloud.onGet = (sn) => sn === SN && queueMicrotask(() => cloud.deliver(PROPERTY, "{}"));
    await clock.advance(HOUR);
    assert.equal(cloud.connects.length, 1);
  }));

Deno.test("CloudBridge reconnects after a lost connection with the credentials at hand, and calls it down after 30 s", () =>
  inHouse({}, async ({ clock, cloud, logIns, status, conditions, seen }) => {
    await clock.advance(MIN);
    cloud.connack = { kind: "network", text: "no route" };
    cloud.drop();
    await clock.advance(0);
    assert.equal(status().link, "connecting");
    // Tries at 1 s, 6 s, 16 s and 36 s.
    await clock.advance(29_000);
    assert.equal(status().link, "connecting");
    await clock.advance(7_000);
    assert.equal(status().link, "down");
    assert.deepEqual(conditions(), ["cloud_unreachable"]);
    cloud.connack = undefined;
    await clock.advance(40_000);
    assert.equal(status().link, "up");
    assert.deepEqual(conditions(), []);
    assert.equal(logIns(), 1);
    const journal = seen.filter((line) => line.startsWith("power-manager/events")).map((line) =>
      JSON.parse(line.slice(line.indexOf("{"))).data.link
    );
    assert.deepEqual(journal, ["up", "down", "up"]);
  }));

Deno.test("CloudBridge renews its credentials when the broker does not accept them, slower each time", () =>
  inHouse({}, async ({ clock, cloud, logIns, status, conditions }) => {
    await clock.advance(MIN);
    cloud.connack = { kind: "refused", code: 5, text: "Not authorized" };
    cloud.drop();
    await clock.advance(1000);
    assert.equal(status().link, "refused");
    assert.deepEqual(conditions(), ["cloud_not_authorised"]);
    assert.equal(logIns(), 1);
    await clock.advance(9_999);
    assert.equal(logIns(), 1);
    await clock.advance(1);
    assert.equal(logIns(), 2);
    await clock.advance(99_999);
    assert.equal(logIns(), 2);
    cloud.connack = undefined;
    await clock.advance(1);
    assert.equal(logIns(), 3);
    assert.equal(status().link, "up");
    assert.deepEqual(conditions(), []);
  }));

Deno.test("CloudBridge tries the other region when the broker hangs up before it accepts us", () => {
  const cloud = new FakeCloud();
  cloud.connack = { kind: "closed", text: "the connection was closed before it was accepted" };
  return inHouse({}, async ({ clock, status, conditions }) => {
    assert.equal(status().link, "refused");
    assert.match(status().detail, /another region.*ECOFLOW_API_HOSTS/);
    assert.deepEqual(conditions(), ["cloud_wrong_region"]);
    await clock.advance(10_000);
    await clock.advance(30_000);
    assert.deepEqual(cloud.hostsAsked("/auth/login"), [
      "api.ecoflow.com",
      "api-e.ecoflow.com",
      "api.ecoflow.com",
    ]);
    cloud.connack = undefined;
    await clock.advance(90_000);
    assert.equal(cloud.hostsAsked("/iot-auth/app/certification").at(-1), "api-e.ecoflow.com");
    assert.equal(status().link, "up");
  }, cloud);
});

Deno.test("CloudBridge is back within minutes of a line that was flaky for hours, and does not doubt its region", () =>
  inHouse({}, async ({ clock, cloud, status, conditions, logIns }) => {
    await clock.advance(MIN);
    cloud.connack = { kind: "closed", text: "the connection was closed before it was accepted" };
    cloud.drop();
    await clock.advance(3 * HOUR);
    assert.equal(status().link, "down");
    assert.match(status().detail, /has accepted us before/);
    assert.deepEqual(conditions(), ["cloud_unreachable"]);
    assert.deepEqual(new Set(cloud.hostsAsked("/auth/login")), new Set(["api.ecoflow.com"]));
    assert.ok(logIns() <= 5, `${logIns()} log-ins`);
    cloud.connack = undefined;
    await clock.advance(2.4 * MIN);
    assert.equal(status().link, "up");
    assert.deepEqual(conditions(), []);
    assert.equal(new Set(cloud.connects.map(({ clientId }) => clientId)).size, 1);
  }));

Deno.test("CloudBridge doubts its region when the API names a broker that never accepted it, and is back in half an hour", () =>
  inHouse({}, async ({ clock, cloud, status, conditions }) => {
    await clock.advance(MIN);
    cloud.brokerAddress.url = "mqtt.ecoflow.com";
    cloud.connack = { kind: "refused", code: 5, text: "Not authorized" };
    cloud.drop();
    await clock.advance(1000);
    cloud.connack = { kind: "closed", text: "the connection was closed before it was accepted" };
    await clock.advance(3 * HOUR);
    assert.deepEqual(conditions(), ["cloud_wrong_region"]);
    cloud.connack = undefined;
    await clock.advance(36 * MIN);
    assert.equal(status().link, "up");
  }));

Deno.test("CloudBridge names a duel of two equal client ids and leaves it for minutes, without a log-in", () =>
  inHouse({}, async ({ clock, cloud, logIns, status, conditions }) => {
    for (const waitMs of [1000, 2000]) {
      cloud.drop();
      await clock.advance(waitMs);
      assert.ok(cloud.isConnected);
    }
    cloud.drop();
    await clock.advance(299_999);
    assert.deepEqual(conditions(), ["cloud_kicked_out"]);
    assert.equal(status().link, "down");
    assert.match(status().detail, /same client id.*identity\.json/);
    assert.equal(cloud.connects.length, 3);
    await clock.advance(1);
    assert.equal(cloud.connects.length, 4);
    assert.equal(logIns(), 1);
  }));

Deno.test("CloudBridge keeps the API host that accepted it", () => {
  const cloud = new FakeCloud();
  cloud.deadHosts.add("api.ecoflow.com");
  return inHouse({}, async ({ clock, status }) => {
    assert.equal(status().link, "up");
    assert.deepEqual(cloud.hostsAsked("/iot-service/user/device"), ["api-e.ecoflow.com"]);
    cloud.deadHosts.clear();
    cloud.connack = { kind: "refused", code: 5, text: "Not authorized" };
    await clock.advance(MIN);
    cloud.drop();
    await clock.advance(20_000);
    assert.deepEqual(cloud.hostsAsked("/auth/login"), ["api-e.ecoflow.com", "api-e.ecoflow.com"]);
  }, cloud);
});

Deno.test("CloudBridge waits for the network, quickly and without end", () => {
  const cloud = new FakeCloud();
  cloud.deadHosts.add("api.ecoflow.com").add("api-e.ecoflow.com");
  return inHouse({}, async ({ clock, status, conditions }) => {
    assert.equal(status().link, "down");
    assert.deepEqual(conditions(), ["cloud_unreachable"]);
    await clock.advance(24 * HOUR);
    cloud.deadHosts.clear();
    await clock.advance(2 * MIN);
    assert.equal(status().link, "up");
  }, cloud);
});

const refusals: readonly {
  name: string;
  path: string;
  answer: { code: string; message: string; data?: unknown };
  condition: string;
  advice: RegExp;
  hostsAsked: number;
  noRetryBeforeMs: number;
}[] = [
  {
    name: "a wrong password",
    path: "/auth/login",
    answer: { code: "2026", message: "account me@example.com: wrong password pass-wörd-secret" },
    condition: "cloud_credentials_refused",
    advice: /ECOFLOW_USER and ECOFLOW_PASS/,
    hostsAsked: 2,
    noRetryBeforeMs: 5 * MIN,
  },
  {
    name: "too many log-ins",
    path: "/auth/login",
    answer: { code: "500", message: "Server is too busy" },
    condition: "cloud_rate_limited",
    advice: /asks too often/,
    hostsAsked: 1,
    noRetryBeforeMs: 15 * MIN,
  },
  {
    name: "a log-in without a token",
    path: "/auth/login",
    answer: { code: "0", message: "Success", data: { token: 7, user: { userId: "x/+" } } },
    condition: "cloud_reply_unreadable",
    advice: /"token" must be string/,
    hostsAsked: 2,
    noRetryBeforeMs: MIN,
  },
  {
    name: "a refused certification",
    path: "/iot-auth/app/certification",
    answer: { code: "401", message: "no" },
    condition: "cloud_api_refused",
    advice: /certification: code "401", "no"/,
    hostsAsked: 1,
    noRetryBeforeMs: MIN,
  },
];

Deno.test("CloudBridge tells no secret when the API echoes what it was sent, in whatever spelling, whole or cut", () => {
  const cloud = new FakeCloud();
  const base64 = Buffer.from("pass-wörd-secret").toString("base64");
  const echoes = [
    `{"email":"me@example.com","password":"${base64}"}`,
    `invalid: ${base64.replace(/=+$/, "")}`,
    `${"x".repeat(85)} ${base64}`,
    encodeURIComponent("pass-wörd-secret"),
  ];
  let turn = 0;
  cloud.answers.set("/auth/login", () => ({ code: base64, message: echoes[turn++ % echoes.length] ?? "" }));
  return inHouse({}, async ({ clock, context, seen, conditions }) => {
    for (let i = 0; i < 6; i++) {
      const told = `${context.log.text()} ${seen.join(" ")} ${JSON.stringify(context.health.list())}`;
      assert.ok(!told.includes(base64.slice(0, 9)), told);
      assert.ok(!told.includes("w%C3%B6rd"), told);
      await clock.advance(HOUR);
    }
    assert.deepEqual(conditions(), ["cloud_credentials_refused"]);
    assert.match(context.log.text(), /\*\*\*/);
  }, cloud);
});

for (const { name, path, answer, condition, advice, hostsAsked, noRetryBeforeMs } of refusals) {
  Deno.test(`CloudBridge says what to do about ${name}, and waits`, () => {
    const cloud = new FakeCloud();
    cloud.answers.set(path, answer);
    return inHouse({}, async ({ clock, status, conditions, context, logIns }) => {
      assert.deepEqual(conditions(), [condition]);
      assert.match(status().detail, advice);
      assert.match(context.log.text(), /CLOUD FAULT/);
      assert.equal(logIns(), hostsAsked);
      await clock.advance(noRetryBeforeMs - 1);
      assert.equal(logIns(), hostsAsked);
      await clock.advance(1);
      assert.equal(logIns(), 2 * hostsAsked);
      assert.deepEqual(cloud.connects, []);
    }, cloud);
  });
}

for (
  const [named, found] of [
    [
      { url: "mqtt.evil.example" },
      /must be one of \*\.ecoflow\.com, found "mqtts" at "mqtt\.evil\.example:8883"/,
    ],
    [{ url: "evilecoflow.com" }, /must be one of/],
    [{ protocol: "mqtt" }, /must be "mqtts"/],
    [{ port: "0" }, /must be "mqtts" with a host and a port/],
    [{ url: "user@mqtt.ecoflow.com" }, /must be "mqtts" with a host/],
  ] as const
) {
  Deno.test(`CloudBridge does not go to ${JSON.stringify(named)}`, () => {
    const cloud = new FakeCloud();
    Object.assign(cloud.brokerAddress, named);
    return inHouse({}, ({ status, conditions }) => {
      assert.deepEqual(conditions(), ["cloud_broker_forbidden"]);
      assert.match(status().detail, found);
      assert.match(status().detail, /ECOFLOW_BROKER_HOSTS/);
      assert.deepEqual(cloud.connects, []);
      return Promise.resolve();
    }, cloud);
  });
}

for (
  const kind of ["a wrong password", "a broker that refuses", "connections that are cut at once"] as const
) {
  Deno.test(`CloudBridge stays within the log-in budget in a day of ${kind}, restarts included`, async () => {
    const stateDir = Deno.makeTempDirSync();
    const times: number[] = [];
    const clientIds = new Set<string>();
    for (let run = 0; run < 48; run++) {
      const cloud = new FakeCloud();
      if (kind === "a wrong password") cloud.answers.set("/auth/login", { code: "2026", message: "no" });
      if (kind === "a broker that refuses") {
        cloud.connack = {
          kind: "refused",
          code: 5,
          text: "Not authorized",
        };
      }
      await inHouse({ stateDir }, async ({ clock }) => {
        const begunMs = run * 30 * MIN;
        clock.jumpWall(begunMs);
        for (let passedMs = 0; passedMs < 30 * MIN; passedMs += MIN) {
          const before = cloud.hostsAsked("/auth/login").length;
          await clock.advance(MIN);
          if (kind === "connections that are cut at once") cloud.drop();
          const after = cloud.hostsAsked("/auth/login").length;
          for (let i = before; i < after; i++) times.push(begunMs + passedMs);
        }
      }, cloud);
      for (const { clientId } of cloud.connects) clientIds.add(clientId);
    }
    Deno.removeSync(stateDir, { recursive: true });
    const inHour = Math.max(
      ...times.map((from) => times.filter((at) => at >= from && at < from + HOUR).length),
    );
    // One more, for the times are cut to whole minutes.
    assert.ok(inHour <= LOG_INS_PER_HOUR + 1, `${inHour} in an hour`);
    assert.ok(times.length <= LOG_INS_PER_DAY + 1, `${times.length} in a day`);
    assert.ok(clientIds.size <= 1, `${clientIds.size} client ids`);
  });
}

Deno.test("CloudBridge pauses when the log-in budget is spent, and says until when", async () => {
  const stateDir = Deno.makeTempDirSync();
  for (let run = 0; run <= LOG_INS_PER_HOUR; run++) {
    await inHouse({ stateDir }, async ({ clock, status, conditions, logIns }) => {
      const isSpent = run === LOG_INS_PER_HOUR;
      assert.equal(logIns(), isSpent ? 0 : 1);
      assert.equal(status().link, isSpent ? "refused" : "up");
      if (!isSpent) return;
      assert.deepEqual(conditions(), ["cloud_login_paused"]);
      assert.match(status().detail, /allowed in 60 min/);
      await clock.advance(HOUR - 1);
      assert.equal(logIns(), 0);
      await clock.advance(1);
      assert.equal(status().link, "up");
    });
  }
  Deno.removeSync(stateDir, { recursive: true });
});

Deno.test("CloudBridge has the same client id after a restart", async () => {
  const stateDir = Deno.makeTempDirSync();
  const ids = new Set<string | undefined>();
  for (let run = 0; run < 3; run++) {
    const cloud = new FakeCloud();
    await inHouse({ stateDir }, () => Promise.resolve(void ids.add(cloud.connects[0]?.clientId)), cloud);
  }
  Deno.removeSync(stateDir, { recursive: true });
  assert.equal(ids.size, 1);
});

Deno.test("CloudBridge.start() refuses to run without a place for its client id", async () => {
  await assert.rejects(
    inHouse({ stateDir: "/nonexistent/state" }, () => Promise.resolve()),
    /Cannot store "\/nonexistent\/state\/identity\.json"/,
  );
});

Deno.test("CloudBridge watches all stations of the account when none is configured, and says when there is none", () => {
  const cloud = new FakeCloud();
  return inHouse({ devices: [] }, async ({ clock, list, status, conditions }) => {
    assert.deepEqual(conditions(), ["cloud_no_stations"]);
    assert.match(status().detail, /ECOFLOW_DEVICE_LIST.*\(the account has no station\)/);
    cloud.devices = {
      bound: { [SN]: { sn: SN, name: "Study" }, bad: { sn: "a/b" }, worse: null },
      share: null,
    };
    await clock.advance(5 * MIN);
    assert.deepEqual(list(), { stations: [{ sn: SN, name: "Study" }] });
    assert.equal(status().link, "up");
  }, cloud);
});

Deno.test("CloudBridge goes on without the device list, and says once which stations are not watched", () => {
  const cloud = new FakeCloud();
  cloud.answers.set("/iot-service/user/device", { code: "500", message: "no list for me@example.com" });
  return inHouse({}, async ({ clock, status, context, list, conditions, seen }) => {
    assert.equal(status().link, "up");
    assert.match(context.log.text(), /DEVICE LIST UNREADABLE/);
    assert.deepEqual(list(), { stations: [{ sn: SN, name: "Study" }] });
    cloud.answers.clear();
    cloud.devices = { bound: { [SECOND_SN]: { sn: SECOND_SN, deviceName: "Cellar" } }, share: {} };
    for (let i = 0; i < 2; i++) {
      cloud.connack = { kind: "refused", code: 5, text: "Not authorized" };
      await clock.advance(MIN);
      cloud.drop();
      await clock.advance(2000);
      cloud.connack = undefined;
      await clock.advance(MIN);
      assert.equal(status().link, "up");
    }
    const lines = context.log.text().split("\n");
    assert.equal(lines.filter((line) => /STATION NOT WATCHED.*sn=DCEB.*name=Cellar/.test(line)).length, 1);
    assert.equal(lines.filter((line) => /STATION NOT IN THE ACCOUNT.*sn=R651/.test(line)).length, 1);
    assert.ok(conditions().includes("station_missing"));
    assert.equal(seen.filter((line) => /"kind":"station_missing".*Study \(R651/.test(line)).length, 1);
    assert.deepEqual(list(), {
      not_watched: [{ sn: "DCEBZEB400000000", name: "Cellar" }],
      stations: [{ sn: SN, name: "Study", in_account: false }],
    });
  }, cloud);
});

Deno.test("CloudBridge takes a broker that refuses every subscription for one that does not accept us", () => {
  const cloud = new FakeCloud();
  cloud.grantsSubscriptions = false;
  return inHouse({}, ({ conditions }) => {
    assert.deepEqual(conditions(), ["cloud_not_authorised"]);
    return Promise.resolve();
  }, cloud);
});

Deno.test("CloudBridge says its retained words again when the local broker is back", () =>
  inHouse({}, async ({ broker, clock, status, list }) => {
    broker.goDown();
    broker.goUp();
    broker.publish("bridge-ecoflow/status", "", { retain: true });
    broker.publish("bridge-ecoflow/devices", "", { retain: true });
    assert.equal(broker.retained("bridge-ecoflow/status"), undefined);
    broker.goDown();
    broker.goUp();
    await clock.advance(0);
    assert.equal(status().link, "up");
    assert.deepEqual(list(), { stations: [{ sn: SN, name: "Study" }] });
  }));

Deno.test("CloudBridge.stop() takes back the word that the cloud is there", () =>
  inHouse({}, async ({ bridge, status }) => {
    assert.equal(status().link, "up");
    await bridge.stop();
    assert.equal(status().link, "down");
  }));
