import assert from "node:assert/strict";
import { CERTIFICATION_GAP_MS, SIGNATURE_RETRIES } from "./open_api.ts";
import { POLL_GAP_MS } from "../session/quota_poll.ts";
import { sign } from "./signature.ts";
import { inHouse, SN } from "../testdata/bridge_house.ts";
import { FakeCloud, KEYS } from "../testdata/fake_cloud.ts";

const OTHER_SN = "R631ZEB400000000";
const QUOTA = "/iot-open/sign/device/quota/all";
const CERTIFICATION = "/iot-open/sign/certification";
const PUSH_TOPIC = `/open/open-1/${SN}/quota`;
const STATUS_TOPIC = `/open/open-1/${SN}/status`;
const MIN = 60_000;

function openCloud(): FakeCloud {
  const cloud = new FakeCloud();
  cloud.devices = [{ sn: SN, deviceName: "Study", productName: "DELTA Pro", online: 1 }];
  return cloud;
}

Deno.test("OpenApi joins with signed requests, and polls each station once at the start", () => {
  const cloud = openCloud();
  return inHouse({ open: KEYS, devices: [{ sn: SN }] }, async ({ clock, status, list, raw, logIns }) => {
    await clock.advance(1000);
    assert.equal(status().link, "up");
    assert.equal(status().api, "open");
    assert.deepEqual(list(), {
      stations: [{ sn: SN, name: "Study", product_name: "DELTA Pro", online: true }],
    });
    assert.deepEqual(cloud.subscribed, [PUSH_TOPIC, STATUS_TOPIC]);
    assert.deepEqual(cloud.published, [], "stations cannot be asked here");
    assert.match(cloud.connects[0]?.clientId ?? "", /^ecoflow-power-[0-9A-F-]{36}$/);
    assert.equal(logIns(), 0);
    assert.deepEqual(raw.map(({ topic, payload }) => [topic, new TextDecoder().decode(payload)]), [
      [`bridge-ecoflow/${SN}/data`, '{"code":"0","message":"Success","data":{"bms.soc":50}}'],
    ]);
    const poll = cloud.requests.find(({ url }) => url.includes(QUOTA));
    assert.equal(poll?.url, `https://api.ecoflow.com${QUOTA}?sn=${SN}`);
    const { nonce = "", timestamp, sign: found, accessKey } = poll?.headers ?? {};
    assert.match(nonce, /^\d{6}$/);
    assert.equal(accessKey, KEYS.accessKey);
    assert.equal(found, sign({ ...KEYS, params: { sn: SN }, nonce, timestampMs: Number(timestamp) }));
    assert.ok(
      cloud.requests.every(({ headers }) => !Object.keys(headers).some((k) => /content-type/i.test(k))),
    );
  }, cloud);
});

Deno.test("OpenApi mirrors pushes and the cloud's word on a station, and knows both apart", () =>
  inHouse({ open: KEYS }, async ({ clock, cloud, raw, list }) => {
    await clock.advance(1000);
    raw.length = 0;
    cloud.deliver(PUSH_TOPIC, '{"typeCode":"pdStatus","params":{"soc":3}}');
    cloud.deliver(STATUS_TOPIC, '{"params":{"status":0}}');
    await clock.advance(0);
    assert.equal(raw.length, 2);
    assert.equal(list().stations[0].online, false);
    cloud.deliver(STATUS_TOPIC, "nonsense");
    cloud.deliver(STATUS_TOPIC, '{"params":{"status":7}}');
    await clock.advance(0);
    assert.equal(list().stations[0].online, false);
    cloud.deliver(PUSH_TOPIC, "{}");
    await clock.advance(0);
    assert.equal(list().stations[0].online, true);
  }, openCloud()));

Deno.test("QuotaPoll leaves a station alone while the broker brings it, and polls it in its silence", () => {
  const cloud = openCloud();
  return inHouse({ open: KEYS }, async ({ clock }) => {
    const polls = () => cloud.hostsAsked(QUOTA).length;
    for (let passed = 0; passed < 10 * MIN; passed += 20_000) {
      cloud.deliver(PUSH_TOPIC, "{}");
      await clock.advance(20_000);
    }
    assert.equal(polls(), 1);
    await clock.advance(5 * MIN);
    assert.ok(polls() >= 5 && polls() <= 7, `${polls()} polls`);
  }, cloud);
});

/** A station that the broker brings, asked for by the house; `atMs` of each poll since then. */
async function wishes(
  { clock, cloud, broker }: Parameters<Parameters<typeof inHouse>[1]>[0],
  { untilMs, asksEveryMs = Infinity }: { untilMs: number; asksEveryMs?: number },
): Promise<number[]> {
  const polls: number[] = [];
  const beganMs = clock.monoMs();
  const before = cloud.answers.get(QUOTA);
  cloud.answers.set(QUOTA, (request) => {
    polls.push(clock.monoMs() - beganMs);
    return typeof before === "function" ? before(request) : before;
  });
  for (let passed = 0; passed < untilMs; passed += 1000) {
    if (passed === 0 || passed % asksEveryMs === 0) broker.publish(`bridge-ecoflow/${SN}/refresh`, "");
    cloud.deliver(PUSH_TOPIC, "{}");
    await clock.advance(1000);
  }
  return polls;
}

Deno.test("QuotaPoll.refresh() asks a station that the broker brings, once a wish", () =>
  inHouse({ open: KEYS }, async (house) => {
    await house.clock.advance(MIN);
    house.cloud.deliver(PUSH_TOPIC, "{}");
    assert.deepEqual(await wishes(house, { untilMs: 5 * MIN }), [0]);
  }, openCloud()));

for (const [afterMs, atMs] of [[POLL_GAP_MS - 1, 1], [POLL_GAP_MS, 0]] as const) {
  Deno.test(`QuotaPoll.refresh() ${afterMs} ms after a poll asks ${atMs === 0 ? "at once" : "1 ms later"}`, () =>
    inHouse({ open: KEYS }, async (house) => {
      // The first poll was at the start.
      await house.clock.advance(afterMs);
      assert.deepEqual(await wishes(house, { untilMs: MIN }), [atMs]);
    }, openCloud()));
}

Deno.test("QuotaPoll.refresh() keeps to the shortest time between two requests, however often it is called", () =>
  inHouse({ open: KEYS }, async (house) => {
    await house.clock.advance(MIN);
    const polls = await wishes(house, { untilMs: 55_000, asksEveryMs: 5000 });
    assert.deepEqual(polls, [0, 10_000, 20_000, 30_000, 40_000, 50_000]);
  }, openCloud()));

Deno.test("QuotaPoll.refresh() is still carried out after a fault, although the broker brings the station", () =>
  inHouse({ open: KEYS }, async (house) => {
    const { clock, cloud } = house;
    await clock.advance(MIN);
    cloud.deadHosts.add("api.ecoflow.com");
    assert.deepEqual(await wishes(house, { untilMs: 30_000 }), []);
    cloud.deadHosts.clear();
    const before = cloud.hostsAsked(QUOTA).length;
    for (let passed = 0; passed < 5 * MIN; passed += 1000) {
      cloud.deliver(PUSH_TOPIC, "{}");
      await clock.advance(1000);
    }
    assert.equal(cloud.hostsAsked(QUOTA).length - before, 1);
  }, openCloud()));

Deno.test("QuotaPoll goes on while the broker refuses us: values flow, and the condition is a warning", () => {
  const cloud = openCloud();
  cloud.connack = { kind: "refused", code: 5, text: "Not authorized" };
  return inHouse({ open: KEYS }, async ({ clock, status, conditions, raw, context }) => {
    await clock.advance(10 * MIN);
    assert.equal(status().link, "up");
    assert.match(status().detail, /polling every 45 s, without the broker: .*new developer key/);
    assert.deepEqual(conditions(), ["cloud_not_authorised"]);
    assert.equal(context.health.list()[0]?.severity, "warning");
    assert.ok(raw.length >= 13, `${raw.length} bodies`);
    // Nor does the network's end leave the word standing that values flow.
    cloud.deadHosts.add("api.ecoflow.com").add("api-e.ecoflow.com");
    await clock.advance(MIN);
    assert.equal(status().link, "refused");
    assert.equal(context.health.list()[0]?.severity, "error");
  }, cloud);
});

Deno.test("QuotaPoll keeps its distances, however often the house wants fresh values", () => {
  const cloud = openCloud();
  const times: [string, number][] = [];
  return inHouse({ open: KEYS, devices: [{ sn: SN }, { sn: OTHER_SN }] }, async ({ clock, broker }) => {
    cloud.answers.set(QUOTA, ({ url }) => {
      times.push([new URL(url).searchParams.get("sn") ?? "", clock.monoMs()]);
      return undefined;
    });
    for (let passed = 0; passed < 5 * MIN; passed += 500) {
      broker.publish(`bridge-ecoflow/${SN}/refresh`, "");
      await clock.advance(500);
    }
    const gaps = (of: readonly number[]) => of.slice(1).map((at, i) => at - (of[i] ?? 0));
    const own = times.filter(([sn]) => sn === SN).map(([, at]) => at);
    assert.ok(own.length >= 25, `${own.length} polls`);
    assert.ok(Math.min(...gaps(own)) >= POLL_GAP_MS);
    assert.ok(Math.min(...gaps(times.map(([, at]) => at))) >= 1000);
  }, cloud);
});

const refusals = [
  {
    name: "not linked",
    answer: { code: "1006", message: "no" },
    condition: "station_not_linked",
    advice: /R631ZEB400000000 is not linked/,
    againMs: 60 * MIN,
  },
  {
    name: "of a model that is not opened",
    answer: { code: "1008", message: "current device is not allowed to get device info" },
    condition: "station_not_opened",
    advice: /app account/,
    againMs: 360 * MIN,
  },
] as const;

for (const { name, answer, condition, advice, againMs } of refusals) {
  Deno.test(`QuotaPoll says that one station is ${name}, leaves it alone, and serves the others`, () => {
    const cloud = openCloud();
    const asked: string[] = [];
    cloud.answers.set(QUOTA, ({ url }) => {
      const sn = new URL(url).searchParams.get("sn") ?? "";
      asked.push(sn);
      return sn === OTHER_SN ? answer : undefined;
    });
    return inHouse({ open: KEYS, devices: [{ sn: OTHER_SN }, { sn: SN }] }, async (house) => {
      const { clock, conditions, context, raw } = house;
      await clock.advance(againMs - 1000);
      // The account's list does not have it either.
      assert.deepEqual(conditions().toSorted(), ["station_missing", condition]);
      assert.match(context.health.list().find(({ code }) => code === condition)?.text ?? "", advice);
      assert.equal(asked.filter((sn) => sn === OTHER_SN).length, 1);
      assert.ok(raw.length > 10 && raw.every(({ topic }) => topic.includes(SN)));
      cloud.answers.clear();
      await clock.advance(2 * MIN);
      assert.deepEqual(conditions(), []);
      assert.ok(raw.some(({ topic }) => topic.includes(OTHER_SN)));
    }, cloud);
  });
}

Deno.test("QuotaPoll passes on the cloud's word that a station is offline", () => {
  const cloud = openCloud();
  cloud.answers.set(QUOTA, { code: "6012", message: "device is offline" });
  return inHouse({ open: KEYS }, async ({ clock, raw, conditions }) => {
    await clock.advance(1000);
    assert.deepEqual(raw.map(({ payload }) => JSON.parse(new TextDecoder().decode(payload)).code), ["6012"]);
    assert.deepEqual(conditions(), []);
  }, cloud);
});

for (const faults of [SIGNATURE_RETRIES, SIGNATURE_RETRIES + 1]) {
  const isTold = faults > SIGNATURE_RETRIES;
  Deno.test(`OpenApi ${isTold ? "tells" : "keeps to itself"} that 8521 came ${faults} times`, () => {
    const cloud = openCloud();
    let left = faults;
    const nonces = new Set<string | undefined>();
    cloud.answers.set(CERTIFICATION, ({ headers }) => {
      nonces.add(`${headers.nonce} ${headers.timestamp}`);
      return left-- > 0 ? { code: "8521", message: "signature is wrong" } : undefined;
    });
    return inHouse({ open: KEYS, apiHosts: ["api-e.ecoflow.com"] }, async ({ clock, status, conditions }) => {
      await clock.advance(10_000);
      assert.deepEqual(conditions(), isTold ? ["cloud_signature_refused"] : []);
      assert.equal(status().link, isTold ? "refused" : "up");
      if (isTold) assert.match(status().detail, /ECOFLOW_SECRET_KEY and this machine's clock/);
      assert.equal(nonces.size, SIGNATURE_RETRIES + 1, "each try is signed anew");
    }, cloud);
  });
}

Deno.test("OpenApi tries the key at every host, for it works in its own region only", () => {
  const cloud = openCloud();
  const refusing = new Set(["api.ecoflow.com", "api-e.ecoflow.com"]);
  cloud.answers.set(
    CERTIFICATION,
    ({ url }) =>
      refusing.has(new URL(url).host)
        ? { code: "8513", message: `accessKey ${KEYS.accessKey} is invalid` }
        : undefined,
  );
  return inHouse({ open: KEYS }, async ({ clock, conditions, status }) => {
    assert.deepEqual(conditions(), ["cloud_key_refused"]);
    assert.match(status().detail, /ECOFLOW_ACCESS_KEY/);
    refusing.delete("api-e.ecoflow.com");
    await clock.advance(5 * MIN);
    assert.equal(status().link, "up");
    await clock.advance(1000);
    assert.deepEqual(new Set(cloud.hostsAsked(QUOTA)), new Set(["api-e.ecoflow.com"]));
  }, cloud);
});

Deno.test("OpenApi keeps a minute between two certifications", () => {
  const cloud = openCloud();
  const times: number[] = [];
  return inHouse({ open: KEYS }, async ({ clock }) => {
    cloud.answers.set(CERTIFICATION, () => (times.push(clock.monoMs()), undefined));
    cloud.connack = { kind: "refused", code: 5, text: "Not authorized" };
    cloud.drop();
    await clock.advance(30 * MIN);
    assert.ok(times.length >= 2);
    assert.ok(times[0] !== undefined && times[0] >= CERTIFICATION_GAP_MS);
    assert.ok(times.slice(1).every((at, i) => at - (times[i] ?? 0) >= CERTIFICATION_GAP_MS));
  }, cloud);
});
