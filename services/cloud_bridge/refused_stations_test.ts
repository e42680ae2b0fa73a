/** One station that the cloud refuses costs the others nothing. */
import assert from "node:assert/strict";
import { inHouse, SN } from "./testdata/bridge_house.ts";
import { FakeCloud, USER_ID } from "./testdata/fake_cloud.ts";

const WRONG = "R651ZEB499999999";
const THIRD = "DCEBZEB400000000";
const PROPERTY = (sn: string) => `/app/device/property/${sn}`;
const MIN = 60_000;
const HOUR = 60 * MIN;

/** A cloud whose stations answer each request, but for those that it refuses. */
function answering(list: readonly string[] = []): FakeCloud {
  const cloud = new FakeCloud();
  if (list.length === 0) cloud.answers.set("/iot-service/user/device", { code: "500", message: "no list" });
  cloud.devices = { bound: Object.fromEntries(list.map((sn) => [sn, { sn, deviceName: sn }])), share: {} };
  cloud.onGet = (sn) => queueMicrotask(() => cloud.deliver(PROPERTY(sn), Uint8Array.of(0x0a)));
  return cloud;
}

const asked = (cloud: FakeCloud, sn: string) =>
  cloud.published.filter(({ topic }) => topic === `/app/${USER_ID}/${sn}/thing/property/get`).length;

const devices = (...sns: string[]) => ({ devices: sns.map((sn) => ({ sn })) });

Deno.test("CloudBridge never publishes for a station whose subscription was refused, and says what to do", () => {
  const cloud = answering();
  cloud.refusedSns.add(WRONG);
  return inHouse(devices(WRONG, SN), async ({ clock, broker, status, conditions, context, seen }) => {
    await clock.advance(9 * MIN);
    broker.publish(`bridge-ecoflow/${WRONG}/refresh`, "");
    await clock.advance(0);
    assert.equal(asked(cloud, WRONG), 0);
    assert.ok(asked(cloud, SN) >= 12, `${asked(cloud, SN)} requests to the good one`);
    assert.equal(cloud.connects.length, 1);
    assert.equal(status().link, "up");
    assert.deepEqual(conditions(), ["station_refused_by_broker"]);
    const cure = new RegExp(`${WRONG}: .*correct its serial number in ECOFLOW_DEVICE_LIST, or share`);
    assert.match(context.health.list()[0]?.text ?? "", cure);
    assert.doesNotMatch(context.health.list()[0]?.text ?? "", /state directory/);
    const lines = context.log.text().split("\n").filter((line) => /STATION REFUSED/.test(line));
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", new RegExp(`sn=${WRONG}.*ECOFLOW_DEVICE_LIST`));
    const events = seen.filter((line) => /"kind":"station_refused"/.test(line));
    assert.equal(events.length, 1);
    assert.match(events[0] ?? "", cure);
    // Shared with the account at last: no restart is needed.
    cloud.refusedSns.clear();
    await clock.advance(2 * MIN);
    assert.ok(asked(cloud, WRONG) > 0);
    assert.deepEqual(conditions(), []);
    assert.equal(cloud.connects.length, 1);
  }, cloud);
});

const hangUps = [
  { name: "when the first of the list is asked", sns: [WRONG, SN, THIRD], list: [], at: "get" },
  { name: "when the last of the list is asked", sns: [SN, THIRD, WRONG], list: [], at: "get" },
  {
    name: "when one is asked that the account does not list",
    sns: [WRONG, SN, THIRD],
    list: [SN, THIRD],
    at: "get",
  },
  { name: "when one is subscribed", sns: [WRONG, SN, THIRD], list: [], at: "subscribe" },
  {
    name: "when one is subscribed that the account does not list",
    sns: [SN, WRONG],
    list: [SN],
    at: "subscribe",
  },
] as const;

for (const { name, sns, list, at } of hangUps) {
  Deno.test(`CloudBridge goes on with the others at a broker that hangs up ${name}`, () => {
    const cloud = answering(list);
    (at === "get" ? cloud.hangsUpOnGet : cloud.hangsUpOnSubscribe).add(WRONG);
    return inHouse(devices(...sns), async ({ clock, status, conditions, context, logIns }) => {
      await clock.advance(MIN);
      const untilFound = cloud.connects.length;
      assert.ok(untilFound <= 4, `${untilFound} connections until the station was found`);
      assert.equal(status().link, "up");
      const isListed = list.length === 0;
      assert.deepEqual(
        conditions().toSorted(),
        [...(isListed ? [] : ["station_missing"]), "station_refused_by_broker"],
      );
      const refused = context.health.list().find(({ code }) => code === "station_refused_by_broker");
      assert.match(refused?.text ?? "", new RegExp(`^${WRONG}: `));
      const before = asked(cloud, SN);
      await clock.advance(9 * MIN);
      assert.ok(asked(cloud, SN) - before >= 12, "the good ones are asked all the time");
      assert.equal(cloud.connects.length, untilFound, "nobody was disturbed");
      await clock.advance(24 * HOUR);
      assert.ok(cloud.connects.length - untilFound <= 4, `${cloud.connects.length} connections in a day`);
      assert.equal(logIns(), 1);
      assert.doesNotMatch(context.log.text(), /state directory/);
      assert.equal(context.log.text().split("\n").filter((line) => /STATION REFUSED/.test(line)).length, 1);
    }, cloud);
  });
}

Deno.test("CloudBridge clears a station of which a broken line made it doubt, when the station speaks", () => {
  const cloud = answering();
  let isMute = true;
  cloud.onGet = (sn) => {
    if (sn === THIRD && isMute) queueMicrotask(() => cloud.drop());
    else queueMicrotask(() => cloud.deliver(PROPERTY(sn), Uint8Array.of(0x0a)));
  };
  return inHouse(devices(SN, THIRD), async ({ clock, conditions }) => {
    await clock.advance(MIN);
    assert.deepEqual(conditions(), ["station_refused_by_broker"]);
    isMute = false;
    cloud.deliver(PROPERTY(THIRD), Uint8Array.of(0x0a));
    await clock.advance(10 * MIN);
    assert.deepEqual(conditions(), []);
    const before = asked(cloud, THIRD);
    await clock.advance(9 * MIN);
    assert.ok(asked(cloud, THIRD) - before >= 12);
  }, cloud);
});

Deno.test("CloudBridge does not blame the only station for a broken line", () => {
  const cloud = answering();
  cloud.hangsUpOnGet.add(SN);
  return inHouse(devices(SN), async ({ clock, conditions }) => {
    await clock.advance(MIN);
    assert.doesNotMatch(conditions().join(), /station_refused/);
    cloud.hangsUpOnGet.clear();
    await clock.advance(31 * MIN);
    assert.deepEqual(conditions(), []);
    assert.ok(asked(cloud, SN) > 0);
  }, cloud);
});

Deno.test("CloudBridge on a line that is cut every 20 s asks every station and blames none", () => {
  const cloud = answering();
  return inHouse(devices(SN, THIRD), async ({ clock, conditions }) => {
    for (let i = 0; i < 3; i++) {
      await clock.advance(20_000);
      cloud.drop();
    }
    assert.doesNotMatch(conditions().join(), /station_refused/);
    assert.ok(asked(cloud, THIRD) >= 3 && asked(cloud, SN) >= 3);
  }, cloud);
});
