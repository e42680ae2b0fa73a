/** The decoder with cables: what is told when one comes, goes, takes over, disagrees or flaps, and stations by cable alone. */
import assert from "node:assert/strict";
import { encodeCloudStatus } from "../../lib/messages/cloud_status.ts";
import { parseEvent } from "../../lib/messages/event.ts";
import { encodePowerState, parsePowerState, type PowerState } from "../../lib/messages/power_state.ts";
import { encodeSourceReading, type SourceReading } from "../../lib/messages/source_reading.ts";
import { encodeStationList } from "../../lib/messages/station_list.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { testContext } from "../../lib/testing.ts";
import { settle } from "../../lib/time/test_clock.ts";
import { IDLE_ON_GRID, stationEncoder } from "../../proto/encode_station.ts";
import { loadFamily } from "../../proto/registry.ts";
import { CABLE_STALE_MS } from "./judge/weigh.ts";
import { createSocBridge, type SocBridgeConfig } from "./service.ts";

const topics = topicsUnder(DEFAULT_ROOTS);
const SN = "R631SIM000000001";
const TS = "2026-11-23T19:00:00Z";
const BATTERY = { ...IDLE_ON_GRID, gridPresent: false, acInWatts: 0 };

/** @param kept States that the broker has from before */
async function house(config: Partial<SocBridgeConfig> = {}, kept: readonly PowerState[] = []) {
  const { raw, state, stationName, rawJson, refresh, events, stationList, cloudStatus, source } = topics;
  const context = testContext<SocBridgeConfig>({
    service: "soc_bridge",
    publishes: [state("+"), stationName("+"), rawJson("+"), refresh("+"), events],
    subscribes: [raw("+"), stationList, cloudStatus, state("+"), source("+")],
  }, {
    roots: DEFAULT_ROOTS,
    devices: [{ sn: SN, name: "Study" }],
    gridRule: "auto",
    staleAfterSec: 120,
    publishRawJson: false,
    cables: ["Study", "Rack"],
    ...config,
  });
  await loadFamily("river3");
  const kinds: string[] = [];
  const asked: string[] = [];
  context.broker.watch(({ topic, payload }) => {
    if (topic === topics.events) kinds.push(parseEvent(payload, topic).kind);
    if (topic.endsWith("/refresh")) asked.push(topic);
  });
  const service = createSocBridge(context);
  for (const one of kept) {
    context.broker.publish(topics.state(one.device), encodePowerState(one), { retain: true });
  }
  await service.start();
  const { broker, clock } = context;
  const pass = async (ms: number) => {
    await settle();
    await clock.advance(ms);
  };
  await pass(0);
  const encoder = await stationEncoder("RIVER 3 Plus");
  return {
    ...context,
    pass,
    asked,
    stop: () => service.stop(),
    told: () => kinds.splice(0).filter((kind) => kind.startsWith("source_")),
    state: (device = "Study"): PowerState =>
      parsePowerState(broker.retained(topics.state(device)) ?? "", device),
    has: (device: string) => broker.retained(topics.state(device)) !== undefined,
    cloud: async (values = IDLE_ON_GRID) => {
      broker.publish(topics.raw(SN), encoder.reply(values));
      await pass(0);
    },
    cable: async (reading: Partial<SourceReading>, device = "Study", ageMs = 0) => {
      const ts = new Date(clock.wallMs() - ageMs).toISOString();
      broker.publish(
        topics.source(device),
        encodeSourceReading({ source: "nut", evidence: "ups.status=x", ts, ...reading }),
      );
      await pass(0);
    },
  };
}

Deno.test("SocBridge tells once each that a cable is heard, takes over, disagrees, agrees, and falls silent", async () => {
  const h = await house();
  await h.cloud();
  await h.cloud();
  assert.deepEqual(h.told(), []);
  await h.cable({ grid: true, soc: 90 });
  await h.cable({ grid: true, soc: 90 });
  assert.deepEqual(h.told(), ["source_heard"]);
  await h.pass(1000);
  await h.cable({ grid: false, soc: 90 });
  await h.pass(5000);
  assert.equal(h.state().source_disagreement, undefined, "the cloud said so before the cable");
  await h.cable({ grid: false, soc: 90 });
  await h.cloud();
  await h.cloud();
  assert.equal(h.state().source_disagreement, true);
  assert.deepEqual(h.told(), [], "for a moment they may");
  for (let sec = 0; sec < 27; sec += 3) {
    await h.pass(3000);
    await h.cable({ grid: false, soc: 90 });
  }
  assert.deepEqual(h.told(), ["source_disagrees"]);
  await h.cloud(BATTERY);
  await h.cloud(BATTERY);
  await h.cable({ grid: false, soc: 90 });
  assert.deepEqual(h.told(), ["source_agrees"]);
  await h.pass(CABLE_STALE_MS);
  assert.deepEqual(h.told(), [], "at its limit it still speaks");
  await h.cloud(BATTERY);
  await h.pass(2000);
  assert.deepEqual(h.told(), ["source_silent", "source_takes_over"]);
  assert.equal(h.state().grid_source, "cloud");
  await h.cable({ grid: false, soc: 89 });
  assert.deepEqual(h.told(), ["source_back", "source_takes_over"]);
  assert.equal(h.state().grid_source, "nut");
  await h.stop();
});

Deno.test("SocBridge tells that a cable flaps and that it is steady, and shows no grid by it for ever", async () => {
  const h = await house();
  await h.cable({ grid: true, soc: 90 });
  await h.cable({ soc: 90, flapping: true });
  await h.cable({ soc: 89.5, flapping: true });
  assert.deepEqual(h.told(), ["source_heard", "source_flaps"]);
  for (let sec = 0; sec < 60; sec += 3) {
    await h.pass(3000);
    await h.cable({ soc: 89.5, flapping: true });
  }
  const state = h.state();
  assert.ok((state.grid_age_s ?? 0) >= 50, `the grid is ${state.grid_age_s} s old`);
  assert.ok((state.soc_age_s ?? 99) < 12);
  await h.cable({ grid: true, soc: 89.5 });
  await h.pass(2000);
  assert.deepEqual(h.told(), ["source_steady"]);
  await h.stop();
});

Deno.test("SocBridge makes a station of a configured cable that nobody else knows, and of no other", async () => {
  const h = await house({ devices: [] });
  await h.cable({ grid: false, soc: 41, discharge_min: 12, model: "Smart-UPS 750" }, "Rack");
  await h.cable({ grid: false, soc: 41 }, "Stranger");
  const { ts: _, ...state } = h.state("Rack");
  assert.deepEqual(state, {
    device: "Rack",
    grid_connected: false,
    soc: 41,
    model: "Smart-UPS 750",
    discharge_min: 12,
    grid_evidence: "cable ups.status=x",
    grid_age_s: 0,
    soc_age_s: 0,
    grid_source: "nut",
    charge_source: "nut",
    link: "live",
    age_s: 0,
  });
  assert.equal(h.has("Stranger"), false);
  assert.deepEqual(h.asked, [], "nobody else can be asked");
  await h.pass(CABLE_STALE_MS + 3000);
  const silent = h.state("Rack");
  assert.deepEqual([silent.link, silent.grid_connected], ["stale", false]);
  assert.ok((silent.grid_age_s ?? 0) > 15 && (silent.age_s ?? 0) > 15);
  assert.equal(silent.discharge_min, undefined, "minutes of a silent cable are no minutes");
  assert.match(JSON.stringify(h.health.list()), /No fresh reading from.*Rack/);
  await h.stop();
});

Deno.test("SocBridge gives a station by cable alone to whoever turns out to be it", async () => {
  const h = await house({ devices: [] });
  await h.cable({ grid: false, soc: 41 }, "Rack");
  assert.equal(h.state("Rack").sn, undefined);
  h.broker.publish(
    topics.stationList,
    encodeStationList({ stations: [{ sn: SN, name: "Rack" }] }),
    { retain: true },
  );
  await h.pass(0);
  await h.cable({ grid: false, soc: 40 }, "Rack");
  const { sn, soc, grid_connected, link } = h.state("Rack");
  assert.deepEqual([sn, soc, grid_connected, link], [SN, 40, false, "live"]);
  await h.pass(60_000);
  assert.equal(h.state("Rack").sn, SN, "one state has one writer");
  await h.stop();
});

Deno.test("SocBridge believes no reading of a cable that was held up, is retained, or is older than the last", async () => {
  const h = await house();
  await h.cable({ grid: false, soc: 50 });
  await h.cable({ grid: true, soc: 99 }, "Study", 60_000);
  assert.deepEqual([h.state().grid_connected, h.state().soc], [false, 50]);
  const ts = new Date(h.clock.wallMs()).toISOString();
  const kept = encodeSourceReading({ source: "nut", grid: true, soc: 99, evidence: "x", ts });
  h.broker.publish(topics.source("Attic"), kept, { retain: true });
  await h.pass(0);
  assert.equal(h.has("Attic"), false);
  await h.stop();
});

Deno.test("SocBridge lets neither a cloud that is down nor a station that it calls offline overrule a live cable", async () => {
  const h = await house();
  await h.cloud();
  await h.cable({ grid: true, soc: 80 });
  h.broker.publish(
    topics.cloudStatus,
    encodeCloudStatus({ link: "down", detail: "gone", ts: TS }),
    { retain: true },
  );
  await h.pass(1000);
  await h.cable({ grid: true, soc: 80 });
  assert.deepEqual([h.state().link, h.state().grid_connected], ["live", true]);
  await h.pass(CABLE_STALE_MS + 2000);
  assert.equal(h.state().link, "offline");
  await h.stop();
});

const OTHER_SN = "R631SIM000000002";

Deno.test("SocBridge takes the cable of a station that is named by its serial number, or whose cable says it", async () => {
  const h = await house({ cables: [SN] });
  await h.cable({ grid: false, soc: 44 }, SN);
  assert.deepEqual([h.state().soc, h.state().grid_source], [44, "nut"]);
  await h.cable({ grid: false, soc: 43, serial: "r631-sim000000001" }, SN);
  assert.deepEqual([h.state().soc, h.state().grid_connected], [43, false]);
  assert.equal(h.has(SN), false, "one state has one writer");
  await h.stop();
});

Deno.test("SocBridge believes no cable with the serial number of another station, and tells it once", async () => {
  const h = await house({ devices: [{ sn: SN, name: "Study" }, { sn: OTHER_SN, name: "Attic" }] });
  await h.cloud(BATTERY);
  await h.cloud(BATTERY);
  const before = h.state();
  assert.equal(before.grid_connected, false);
  // Full and on line: believed, it would keep the hosts of an empty battery up.
  for (let sec = 0; sec < 30; sec += 3) {
    await h.cable({ grid: true, soc: 100, serial: OTHER_SN });
    await h.pass(3000);
  }
  const state = h.state();
  assert.deepEqual([state.grid_connected, state.soc, state.grid_source], [false, before.soc, undefined]);
  assert.deepEqual(h.told(), ["source_of_another"]);
  assert.match(JSON.stringify(h.health.list()), /source_of_another.*not believed: Study/);
  assert.match(h.log.text(), /CABLE OF ANOTHER STATION.*R631SIM000000002/);
  assert.notEqual(
    h.state("Attic").soc,
    100,
    "a server speaks for the station that it is named for, and no other",
  );
  // A driver that starts has no serial number yet: it has not become this station by that.
  await h.cable({ grid: true, soc: 100 });
  assert.equal(h.state().grid_connected, false);
  await h.cable({ grid: false, soc: 60, serial: SN });
  await h.pass(2000);
  assert.deepEqual([h.state().grid_source, h.state().soc], ["nut", 60]);
  assert.doesNotMatch(JSON.stringify(h.health.list()), /source_of_another/);
  await h.stop();
});

Deno.test("SocBridge lets a cable that turns another's grow old, with its age, and fills no journal by turns", async () => {
  const h = await house();
  await h.cable({ grid: false, soc: 30, serial: SN });
  h.told();
  for (let turn = 0; turn < 100; turn++) {
    await h.pass(3000);
    await h.cable({ grid: true, soc: 100, serial: turn % 2 ? `AS${turn}0000` : OTHER_SN });
  }
  const state = h.state();
  assert.deepEqual([state.grid_connected, state.soc, state.link], [false, 30, "stale"]);
  assert.ok((state.grid_age_s ?? 0) > 250);
  assert.deepEqual(h.told(), ["source_of_another", "source_silent"]);
  for (let turn = 0; turn < 20; turn++) {
    await h.pass(3000);
    await h.cable({ grid: false, soc: 30, serial: turn % 2 ? SN : OTHER_SN });
  }
  assert.deepEqual(h.told(), ["source_back"]);
  await h.stop();
});

Deno.test("SocBridge tells that a station by cable alone is one that the cloud knows, and protects it by both names", async () => {
  const h = await house();
  await h.cloud();
  await h.cable({ grid: false, soc: 41, serial: SN }, "Rack");
  await h.pass(2000);
  assert.equal(h.state("Rack").soc, 41);
  assert.notEqual(h.state().soc, 41);
  assert.match(JSON.stringify(h.health.list()), /source_unpaired.*\\"Rack\\" is Study/);
  assert.match(h.log.text(), /CABLE OF A KNOWN STATION/);
  await h.stop();
});

Deno.test("SocBridge believes one cable of a station that is named twice, by name and by serial number, and tells it", async () => {
  const h = await house({ devices: [{ sn: SN }], cables: ["Rack", "Study", SN] });
  h.broker.publish(
    topics.stationList,
    encodeStationList({ stations: [{ sn: SN, name: "Study" }] }),
    { retain: true },
  );
  await h.pass(0);
  for (let poll = 0; poll < 10; poll++) {
    await h.cable({ grid: true, soc: 80 });
    await h.cable({ grid: false, soc: 20 }, SN);
    assert.deepEqual([h.state().grid_connected, h.state().soc], [true, 80]);
    await h.pass(3000);
  }
  assert.ok(!h.has(SN));
  assert.match(
    JSON.stringify(h.health.list()),
    /source_twice.*two servers.*Study \(\\"Study\\", not \\"R631SIM/,
  );
  assert.equal(h.log.text().match(/CABLE OF A STATION THAT HAS ONE/g)?.length, 1);
  // It is told as long as both speak, and no longer.
  for (let poll = 0; poll < 10; poll++) {
    await h.cable({ grid: true, soc: 80 });
    await h.pass(3000);
  }
  assert.doesNotMatch(JSON.stringify(h.health.list()), /source_twice/);
  await h.stop();
});

const LEFT = { grid_connected: false, soc: 40, grid_source: "nut", charge_source: "nut" } as const;

Deno.test("SocBridge says of a station by cable alone whose server is dead at the start that it is not live, and in the health", async () => {
  // The run before ended without a last word.
  const h = await house({}, [{ device: "Rack", ...LEFT, link: "live" }]);
  await h.pass(CABLE_STALE_MS - 1000);
  assert.equal(h.state("Rack").link, "live", "it may speak yet");
  await h.pass(3000);
  assert.deepEqual([h.state("Rack").link, h.state("Rack").soc], ["stale", undefined]);
  await h.pass(2000);
  assert.match(JSON.stringify(h.health.list()), /station_silent.*Rack/);
  await h.cable({ grid: false, soc: 39 }, "Rack");
  assert.deepEqual([h.state("Rack").link, h.state("Rack").soc], ["live", 39]);
  await h.stop();
});

for (const link of ["off", "up"] as const) {
  Deno.test(`SocBridge says the same of one that was never heard, when the cloud is ${link} and nobody else can name it`, async () => {
    const h = await house();
    h.broker.publish(topics.cloudStatus, encodeCloudStatus({ link, detail: "", ts: TS }));
    await h.pass(CABLE_STALE_MS + 3000);
    assert.deepEqual([h.state("Rack").link, h.state("Rack").soc], ["stale", undefined]);
    await h.stop();
  });
}

Deno.test("SocBridge makes no station of a silent cable while the account may still name it, nor after it did", async () => {
  const h = await house({ devices: [{ sn: SN }], cables: ["Attic"] });
  h.broker.publish(topics.cloudStatus, encodeCloudStatus({ link: "down", detail: "no network", ts: TS }));
  await h.pass(300_000);
  assert.ok(!h.has("Attic"));
  const stations = [{ sn: SN, name: "Attic" }];
  h.broker.publish(topics.stationList, encodeStationList({ stations }), { retain: true });
  h.broker.publish(topics.cloudStatus, encodeCloudStatus({ link: "up", detail: "", ts: TS }));
  await h.pass(60_000);
  assert.equal(h.state("Attic").sn, SN);
  assert.doesNotMatch(h.log.text(), /CABLE ALONE/);
  await h.stop();
});

Deno.test("SocBridge takes away what an earlier run left of a station by cable alone that is configured no more", async () => {
  const left = (device: string, more: Partial<PowerState> = LEFT) => ({ device, soc: 40, ...more });
  const h = await house({ cables: ["Rack"] }, [left("Attic"), left("Rack"), left("Fed", {})]);
  await h.pass(9 * 60_000);
  assert.ok(h.has("Attic"));
  await h.pass(2 * 60_000);
  assert.deepEqual(["Attic", "Rack", "Fed"].filter(h.has), ["Rack", "Fed"]);
  assert.match(h.log.text(), /OLD STATE TAKEN AWAY.*Attic/);
  await h.stop();
});

Deno.test("SocBridge counts a cloud that is silent for two minutes as no eye on the grid, however long a house calls it live", async () => {
  const h = await house({ staleAfterSec: 3600 });
  await h.cloud();
  await h.pass(121_000);
  // The internet went with the grid, and the driver flaps: the falling charge is all there is.
  for (const soc of [90, 90, 89, 89, 88, 88, 87, 87]) {
    await h.cable({ soc, flapping: true });
    await h.pass(3000);
  }
  assert.deepEqual([h.state().grid_connected, h.state().soc], [false, 87]);
  await h.stop();
});

Deno.test("SocBridge tells that the charge falls on line when the cloud is silent for two minutes, however long a house calls it live", async () => {
  const h = await house({ staleAfterSec: 3600 });
  await h.cloud();
  await h.pass(121_000);
  for (let soc = 90; soc >= 79; soc--) {
    await h.cable({ grid: true, soc });
    await h.pass(3000);
  }
  assert.deepEqual(h.told(), ["source_heard", "source_doubtful"]);
  await h.stop();
});
