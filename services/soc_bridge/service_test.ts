import assert from "node:assert/strict";
import { IDLE_ON_GRID, stationEncoder, type StationValues } from "../../proto/encode_station.ts";
import { encodeFrame } from "../../proto/frame.ts";
import { loadFamily } from "../../proto/registry.ts";
import { parsePowerState, type PowerState } from "../../lib/messages/power_state.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { encodeCloudStatus } from "../../lib/messages/cloud_status.ts";
import { encodeSourceReading } from "../../lib/messages/source_reading.ts";
import { encodeStationList } from "../../lib/messages/station_list.ts";
import { MemoryBroker } from "../../lib/mqtt/memory_broker.ts";
import { TOGETHER_MS } from "../../lib/time/gathering.ts";
import { settle, TestClock } from "../../lib/time/test_clock.ts";
import { testContext } from "../../lib/testing.ts";
import { GONE_AFTER_MS } from "./publish/gone_stations.ts";
import { createSocBridge, type SocBridgeConfig } from "./service.ts";

const topics = topicsUnder(DEFAULT_ROOTS);
const SN = "R631SIM000000001";
const OUTAGE: StationValues = { ...IDLE_ON_GRID, gridPresent: false, acInWatts: 0, socPercent: 99 };

async function running(
  config: Partial<SocBridgeConfig> = {},
  around: { clock?: TestClock; broker?: MemoryBroker } = {},
) {
  const context = testContext<SocBridgeConfig>({
    service: "soc_bridge",
    publishes: [
      topics.state("+"),
      topics.stationName("+"),
      topics.rawJson("+"),
      topics.refresh("+"),
      topics.events,
    ],
    subscribes: [
      topics.raw("+"),
      topics.stationList,
      topics.cloudStatus,
      topics.state("+"),
      topics.source("+"),
    ],
  }, {
    roots: DEFAULT_ROOTS,
    devices: [{ sn: SN, name: "Study" }],
    gridRule: "auto",
    staleAfterSec: 120,
    publishRawJson: false,
    ...config,
  }, around);
  // Loading a schema takes real milliseconds the first time.
  await loadFamily("river3");
  const published: { topic: string; text: string }[] = [];
  context.broker.watch(({ topic, payload }) => {
    published.push({ topic, text: new TextDecoder().decode(payload) });
  });
  const service = createSocBridge(context);
  await service.start();
  await settled(context.clock);
  return {
    ...context,
    published,
    stop: () => service.stop(),
    state: (device: string): PowerState =>
      parsePowerState(context.broker.retained(topics.state(device)) ?? "", device),
    send: async (payload: Uint8Array | string, sn = SN) => {
      context.broker.publish(topics.raw(sn), payload);
      await settled(context.clock);
    },
    count: (topic: string) => published.filter((p) => p.topic === topic).length,
  };
}

async function settled(clock: { advance(ms: number): Promise<void> }): Promise<void> {
  await settle();
  await clock.advance(0);
}

Deno.test("SocBridge says at the start that nothing is known of a configured station", async () => {
  const house = await running();
  const { ts: _ts, ...state } = house.state("Study");
  assert.deepEqual(state, { device: "Study", sn: SN, model: "RIVER 3 Plus", link: "stale" });
  await house.stop();
});

Deno.test("SocBridge publishes a state for raw payloads, at once when it matters", async () => {
  const house = await running();
  const encoder = await stationEncoder("RIVER 3 Plus");
  await house.send(encoder.reply(IDLE_ON_GRID));
  const state = house.state("Study");
  assert.equal(state.link, "live");
  assert.equal(state.soc, 100);
  assert.equal(state.grid_connected, true);
  await house.send(encoder.reply(OUTAGE));
  assert.equal(house.state("Study").grid_connected, false);
  assert.match(
    house.log.text(),
    /notice soc_bridge GRID LOST device=Study evidence="plug_in_info_ac_charger_flag=0, pow_get_ac_in=0"/,
  );
  await house.stop();
});

Deno.test("SocBridge asks for the whole state when one word waits for confirmation, at most every 5 s", async () => {
  const house = await running();
  const encoder = await stationEncoder("RIVER 3 Plus");
  assert.equal(house.count(topics.refresh(SN)), 1, "at the start nothing is known");
  await house.clock.advance(5000);
  for (const payload of encoder.pushes(IDLE_ON_GRID)) await house.send(payload);
  assert.equal(house.count(topics.refresh(SN)), 1);
  for (const payload of encoder.pushes(OUTAGE)) await house.send(payload);
  assert.equal(house.state("Study").grid_unconfirmed, true);
  assert.equal(house.count(topics.refresh(SN)), 2);
  await house.clock.advance(4999);
  for (const payload of encoder.pushes(OUTAGE)) await house.send(payload);
  assert.equal(house.count(topics.refresh(SN)), 2);
  await house.clock.advance(1);
  for (const payload of encoder.pushes(OUTAGE)) await house.send(payload);
  assert.equal(house.count(topics.refresh(SN)), 3);
  await house.stop();
});

Deno.test("SocBridge asks a live station that says nothing of its grid for a minute, and each minute after", async () => {
  const house = await running();
  const encoder = await stationEncoder("RIVER 3 Plus");
  await house.send(encoder.reply(IDLE_ON_GRID));
  const asked = () => house.count(topics.refresh(SN)) - 1;
  const chat = async (forMs: number) => {
    // Battery reports hold no word on the grid.
    const report = encoder.pushes(IDLE_ON_GRID).at(-1) ?? "";
    for (let passedMs = 0; passedMs < forMs; passedMs += 1000) {
      await house.send(report);
      await house.clock.advance(1000);
    }
  };
  await chat(59_000);
  assert.equal(asked(), 0);
  await chat(1000);
  assert.equal(asked(), 1);
  await chat(59_000);
  assert.equal(asked(), 1);
  await chat(1000);
  assert.equal(asked(), 2);
  await house.send(encoder.reply(IDLE_ON_GRID));
  await chat(59_000);
  assert.equal(asked(), 2);
  // A silent station is the keep-alive's.
  await house.clock.advance(120_000);
  const before = asked();
  await house.clock.advance(600_000);
  assert.equal(asked(), before);
  await house.stop();
});

Deno.test("SocBridge gathers changes of no consequence for a second and repeats a live state every 10 s", async () => {
  const house = await running();
  const encoder = await stationEncoder("DELTA Pro", SN.replace("R631", "DCEB"));
  const sn = encoder.sn;
  await house.send(encoder.reply(IDLE_ON_GRID), sn);
  const start = house.count(topics.state(sn));
  for (let i = 1; i <= 5; i++) await house.send(encoder.reply({ ...IDLE_ON_GRID, acOutWatts: 50 + i }), sn);
  assert.equal(house.count(topics.state(sn)), start);
  await house.clock.advance(1000);
  assert.equal(house.count(topics.state(sn)), start + 1);
  assert.equal(house.state(sn).ac_out_watts, 55);
  await house.clock.advance(9000);
  assert.equal(house.count(topics.state(sn)), start + 1);
  await house.clock.advance(1000);
  assert.equal(house.count(topics.state(sn)), start + 2);
  await house.stop();
});

Deno.test("SocBridge shows silence as stale with true ages, keeps the values, and clears it at the next word", async () => {
  const house = await running();
  const encoder = await stationEncoder("RIVER 3 Plus");
  await house.send(encoder.reply(OUTAGE));
  await house.clock.advance(120_000);
  assert.equal(house.state("Study").link, "live");
  await house.clock.advance(1000);
  const state = house.state("Study");
  assert.equal(state.link, "stale");
  assert.equal(state.grid_connected, false);
  assert.equal(state.grid_age_s, 121);
  assert.deepEqual(house.health.list().map((c) => c.code), ["station_silent"]);
  await house.clock.advance(60_000);
  assert.equal(house.state("Study").age_s, 181, "ages of a silent station stay true");
  await house.send(encoder.reply(OUTAGE));
  await house.clock.advance(1000);
  assert.equal(house.state("Study").link, "live");
  assert.deepEqual(house.health.list(), []);
  assert.match(house.log.text(), /STATION SILENT device=Study/);
  await house.stop();
});

Deno.test("SocBridge shows a lost cloud as offline until it is back or the station speaks", async () => {
  const house = await running();
  const encoder = await stationEncoder("RIVER 3 Plus");
  await house.send(encoder.reply(IDLE_ON_GRID));
  const say = async (link: string) => {
    const ts = new Date(house.clock.wallMs()).toISOString();
    house.broker.publish(topics.cloudStatus, JSON.stringify({ link, detail: "", ts }), { retain: true });
    await settled(house.clock);
  };
  for (
    const [word, want] of [["down", "offline"], ["up", "live"], ["refused", "offline"], [
      "off",
      "live",
    ]] as const
  ) {
    await say(word);
    assert.equal(house.state("Study").link, want, word);
  }
  await say("down");
  await house.clock.advance(10);
  await house.send(encoder.reply(IDLE_ON_GRID));
  assert.equal(house.state("Study").link, "live");
  await house.stop();
});

Deno.test("SocBridge takes names from the account and moves the state to the new topic", async () => {
  const house = await running({ devices: [] });
  const encoder = await stationEncoder("RIVER 3 Plus");
  await house.send(encoder.reply(IDLE_ON_GRID));
  assert.equal(house.state(SN).soc, 100);
  assert.match(house.log.text(), /STATION FOUND sn=R631SIM000000001 model="RIVER 3 Plus"/);
  const stations = [{ sn: SN, name: "Study" }, { sn: "R651SIM000000002", name: "Study" }];
  house.broker.publish(topics.stationList, JSON.stringify({ stations }), { retain: true });
  await settled(house.clock);
  assert.equal(house.state("Study").sn, SN);
  assert.equal(house.broker.retained(topics.state(SN)), undefined);
  assert.equal(house.state("R651SIM000000002").link, "stale", "two stations never share a topic");
  await house.stop();
});

Deno.test("SocBridge empties no topic on which another station has its new name: two swap, three go round", async () => {
  const house = await running({ devices: [] });
  const sns = [SN, "R651SIM000000002", "R654SIM000000003"];
  const call = async (names: readonly string[]) => {
    const stations = sns.map((sn, i) => ({ sn, name: names[i] }));
    house.broker.publish(topics.stationList, JSON.stringify({ stations }), { retain: true });
    await settled(house.clock);
  };
  await call(["Study", "Cellar", "Attic"]);
  for (
    const names of [["Cellar", "Study", "Attic"], ["Study", "Attic", "Cellar"], ["Loft", "Study", "Attic"]]
  ) {
    await call(names);
    assert.deepEqual(names.map((name) => house.state(name).sn), sns, names.join(", "));
  }
  assert.equal(house.broker.retained(topics.state("Cellar")), undefined);
  await house.stop();
});

Deno.test("SocBridge takes a name back that is the serial number of a station heard later", async () => {
  const house = await running({ devices: [{ sn: SN, name: "R651SIM000000002" }] });
  const encoder = await stationEncoder("RIVER 3 Plus");
  await house.send(encoder.reply(IDLE_ON_GRID));
  assert.equal(house.state("R651SIM000000002").sn, SN);
  await house.send((await stationEncoder("RIVER 3")).reply(OUTAGE), "R651SIM000000002");
  assert.equal(house.state("R651SIM000000002").sn, "R651SIM000000002");
  assert.equal(house.state(SN).soc, 100);
  await house.stop();
});

Deno.test("SocBridge names an unknown station once and goes on serving the others", async () => {
  const house = await running();
  const encoder = await stationEncoder("RIVER 3 Plus");
  for (let i = 0; i < 3; i++) await house.send(encoder.reply(IDLE_ON_GRID), "XX99TEST00000001");
  assert.equal(house.log.text().match(/STATION UNKNOWN/g)?.length, 1);
  assert.match(house.published.find((p) => p.topic === topics.events)?.text ?? "", /station_unknown/);
  await house.send(encoder.reply(IDLE_ON_GRID));
  assert.equal(house.state("Study").soc, 100);
  await house.stop();
});

Deno.test("SocBridge refuses bad input by name, once, and is not disturbed", async () => {
  const house = await running();
  const encoder = await stationEncoder("RIVER 3 Plus");
  await house.send(encoder.reply(IDLE_ON_GRID));
  const before = house.state("Study");
  for (
    const bad of ["", "online", "{", "[]", new Uint8Array(1 << 20), encoder.reply(OUTAGE).subarray(0, 60)]
  ) {
    await house.send(bad);
  }
  house.broker.publish(topics.stationList, "{", {});
  house.broker.publish(topics.cloudStatus, '{"link":"sideways"}', {});
  house.broker.publish(topics.raw("no serial number!"), "x");
  await settled(house.clock);
  assert.deepEqual(house.state("Study"), before);
  const refusals = house.log.entries.filter((e) => e.text === "PAYLOAD REFUSED").map((e) => e.fields["from"]);
  assert.deepEqual(refusals, [topics.raw(SN), topics.stationList, topics.cloudStatus, "bridge"]);
  await house.stop();
});

Deno.test("SocBridge does not take a retained payload for fresh", async () => {
  const house = await running({ devices: [] });
  await house.stop();
  const encoder = await stationEncoder("RIVER 3 Plus");
  house.broker.publish(topics.raw(SN), encoder.reply(IDLE_ON_GRID), { retain: true });
  const again = createSocBridge(house);
  await again.start();
  await settled(house.clock);
  assert.equal(house.broker.retained(topics.state(SN)), undefined);
  await again.stop();
});

Deno.test("SocBridge publishes every decoded field only when asked to", async () => {
  const off = await running();
  const encoder = await stationEncoder("RIVER 3 Plus");
  await off.send(encoder.reply(IDLE_ON_GRID));
  assert.equal(off.count(topics.rawJson("Study")), 0);
  await off.stop();
  const on = await running({ publishRawJson: true });
  await on.send(encoder.reply(IDLE_ON_GRID));
  const raw = JSON.parse(on.published.find((p) => p.topic === topics.rawJson("Study"))?.text ?? "null");
  assert.deepEqual(raw.messages.map((m: { name: string }) => m.name), [
    "CMSHeartBeatReport",
    "DisplayPropertyUpload",
    "BMSHeartBeatReport",
    "RuntimePropertyUpload",
  ]);
  assert.equal(raw.messages[1].fields.flow_info_ac_in, 2);
  await on.stop();
});

Deno.test("SocBridge logs GRID TAG 27 DETECTED under the predecessor's rule", async () => {
  const house = await running({ gridRule: "tag27" });
  const encoder = await stationEncoder("RIVER 3 Plus");
  for (const payload of encoder.pushes(IDLE_ON_GRID)) await house.send(payload);
  assert.equal(house.state("Study").grid_evidence, "tag27=2");
  assert.match(house.log.text(), /GRID TAG 27 DETECTED device=Study evidence="tag27=2" grid_connected=false/);
  await house.stop();
});

Deno.test("SocBridge uses a user's model file, and names one that is wrong", async () => {
  const good = `[[model]]
model = "Mine"
prefixes = ["XX99"]
role = "station"
protocol = "json"
family = "mine"
confidence = "user"
seen = "my own"
values.soc = [{ from = "battery.level" }]
grid = [{ from = "mains.volts", present = { at_least = 40 }, absent = "decides" }]
`;
  const house = await running({
    modelFiles: [{ name: "good.toml", text: good }, { name: "bad.toml", text: good.replace("role", "roll") }],
  });
  await house.send('{"params":{"battery.level":55,"mains.volts":231}}', "XX99TEST00000001");
  const state = house.state("XX99TEST00000001");
  assert.deepEqual([state.model, state.soc, state.grid_connected], ["Mine", 55, true]);
  assert.match(house.log.text(), /MODEL FILE REFUSED text="Cannot read model file \\"bad.toml\\"/);
  assert.deepEqual(house.health.list().map((c) => c.code), ["model_file_refused"]);
  await house.stop();
});

Deno.test("SocBridge publishes again when the broker is back", async () => {
  const house = await running();
  const encoder = await stationEncoder("RIVER 3 Plus");
  await house.send(encoder.reply(IDLE_ON_GRID));
  house.broker.goDown();
  await settled(house.clock);
  const before = house.count(topics.state("Study"));
  house.broker.goUp();
  await settled(house.clock);
  assert.equal(house.count(topics.state("Study")), before + 1);
  await house.stop();
});

Deno.test("SocBridge leaves no state behind that looks live, and no timer", async () => {
  const house = await running();
  const encoder = await stationEncoder("RIVER 3 Plus");
  await house.send(encoder.reply(IDLE_ON_GRID));
  await house.stop();
  await house.stop();
  await settled(house.clock);
  assert.equal(house.state("Study").link, "stale");
  assert.equal(house.clock.pending, 0);
});

Deno.test("SocBridge of a large house tells states together, a lost grid at once, and leaves no timer while some wait", async () => {
  const sns = Array.from({ length: 20 }, (_, i) => `R631SIM0000001${String(i).padStart(2, "0")}`);
  const house = await running({ devices: sns.map((sn) => ({ sn, name: sn })) });
  const sayAll = async (values: StationValues) => {
    for (const sn of sns) await house.send((await stationEncoder("RIVER 3 Plus", sn)).reply(values), sn);
  };
  const watts = () => sns.filter((sn) => house.state(sn).ac_out_watts === 77).length;
  await sayAll({ ...IDLE_ON_GRID, acOutWatts: 50 });
  await house.clock.advance(5000);
  await sayAll({ ...IDLE_ON_GRID, acOutWatts: 77 });
  assert.equal(watts(), 1, "the first waits for nobody");
  await house.clock.advance(TOGETHER_MS);
  assert.equal(watts(), sns.length);
  await house.clock.advance(1000);
  await sayAll({ ...IDLE_ON_GRID, acOutWatts: 60 });
  await sayAll(OUTAGE);
  assert.deepEqual(new Set(sns.map((sn) => house.state(sn).grid_connected)), new Set([false]));
  await house.clock.advance(1000);
  await sayAll({ ...OUTAGE, acOutWatts: 10 });
  await house.stop();
  const before = house.published.length;
  await house.clock.advance(5000);
  assert.equal(house.published.length, before);
  assert.equal(house.clock.pending, 0);
  assert.deepEqual(new Set(sns.map((sn) => house.state(sn).link)), new Set(["stale"]));
});

const LATER_MS = GONE_AFTER_MS + 20_000;

Deno.test("SocBridge leaves no state of a station that went off the account's list, and takes it up again when it speaks", async () => {
  const OTHER = "R631SIM000000002";
  const house = await running({ devices: [] });
  const list = (...sns: string[]) => {
    const stations = sns.map((sn) => ({ sn }));
    house.broker.publish(topics.stationList, encodeStationList({ stations }), { retain: true });
    return settled(house.clock);
  };
  const encoder = await stationEncoder("RIVER 3 Plus");
  await list(SN, OTHER);
  await house.send(encoder.reply(IDLE_ON_GRID));
  await list(OTHER);
  await house.clock.advance(300_000);
  assert.notEqual(house.broker.retained(topics.state(SN)), undefined);
  // The internet is away for a day: nobody is gone for that.
  house.broker.publish(
    topics.cloudStatus,
    encodeCloudStatus({ link: "down", detail: "x", ts: "2026-11-23T19:00:00Z" }),
  );
  await house.clock.advance(86_400_000);
  assert.notEqual(house.broker.retained(topics.state(SN)), undefined);
  house.broker.publish(
    topics.cloudStatus,
    encodeCloudStatus({ link: "up", detail: "x", ts: "2026-11-24T19:00:00Z" }),
  );
  await house.clock.advance(LATER_MS);
  assert.equal(house.broker.retained(topics.state(SN)), undefined);
  assert.notEqual(house.broker.retained(topics.state(OTHER)), undefined, "listed, though silent");
  const said = house.count(topics.state(SN));
  await house.clock.advance(LATER_MS);
  assert.equal(house.count(topics.state(SN)), said, "and nothing more is said");
  await house.send(encoder.reply(IDLE_ON_GRID));
  assert.equal(house.state(SN).link, "live");
  await house.stop();
});

Deno.test("SocBridge takes away what an earlier run left of a station that was taken off the configuration, and nothing of others", async () => {
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  const keep = (device: string, state: object) =>
    broker.publish(topics.state(device), JSON.stringify({ device, soc: 50, ...state }), { retain: true });
  keep("Cellar", { sn: "R631SIM000000009" });
  keep(SN, { sn: SN });
  keep("SimulatedDevice", {});
  keep("Fed", { sn: "FOREIGN123" });
  const house = await running({}, { clock, broker });
  const left = () =>
    ["Cellar", SN, "SimulatedDevice", "Fed"].filter((name) => broker.retained(topics.state(name)));
  assert.equal(left().length, 4);
  for (let passedMs = 0; passedMs < LATER_MS; passedMs += 60_000) {
    keep("Fed", { sn: "FOREIGN123" });
    await clock.advance(60_000);
  }
  assert.deepEqual(left(), ["SimulatedDevice", "Fed"]);
  assert.notEqual(broker.retained(topics.state("Study")), undefined);
  await house.stop();
});

Deno.test("SocBridge leads from the serial number to the name, also after a broker that forgot it, and not where there is no name", async () => {
  const OTHER = "R631SIM000000002";
  const house = await running({ devices: [] });
  const list = (...stations: { sn: string; name?: string }[]) => {
    house.broker.publish(topics.stationList, encodeStationList({ stations }), { retain: true });
    return settled(house.clock);
  };
  const pointer = (sn: string) => {
    const text = house.broker.retained(topics.stationName(sn));
    return text === undefined ? undefined : JSON.parse(text);
  };
  await list({ sn: SN, name: "Study" }, { sn: OTHER });
  await house.clock.advance(2000);
  const study = { sn: SN, device: "Study", state_topic: topics.state("Study") };
  assert.deepEqual([pointer(SN), pointer(OTHER)], [study, undefined]);
  house.broker.goDown();
  house.broker.forgetRetained();
  house.broker.goUp();
  await house.clock.advance(2000);
  assert.deepEqual(pointer(SN), study);
  await list({ sn: SN, name: "Office" }, { sn: OTHER });
  await house.clock.advance(2000);
  assert.equal(pointer(SN).device, "Office");
  await list({ sn: OTHER });
  await house.clock.advance(LATER_MS);
  assert.equal(pointer(SN), undefined);
});

/** A push of a RIVER 3 UPS or DELTA 3, one message. */
async function display(family: "river3" | "delta3", fields: Record<string, unknown>): Promise<Uint8Array> {
  const { schema } = await loadFamily(family);
  const pdata = schema.encode("DisplayPropertyUpload", fields);
  return encodeFrame([{ pdata, dest: 32, cmd_func: 254, cmd_id: 21 }]);
}

Deno.test("SocBridge asks at an outage's first sign, and again ever later while nobody answers", async () => {
  const house = await running();
  await house.clock.advance(5000);
  await house.send(
    await display("river3", { plug_in_info_ac_charger_flag: true, pow_get_ac_in: 51, cms_batt_soc: 90 }),
  );
  const start = house.clock.monoMs();
  const askedAt: number[] = [];
  house.broker.watch(({ topic }) => {
    if (topic === topics.refresh(SN)) askedAt.push((house.clock.monoMs() - start) / 1000);
  });
  await house.send(await display("river3", { pow_get_ac_in: 0 }));
  assert.deepEqual(askedAt, [0], "at once");
  await house.clock.advance(59_000);
  assert.deepEqual(askedAt, [0, 5, 15, 35, 55]);
  assert.equal(house.state("Study").grid_connected, true);
  assert.equal(house.log.text().includes("GRID UNKNOWN"), false);
  await house.clock.advance(2000);
  const state = house.state("Study");
  assert.deepEqual([state.grid_connected, state.grid_unknown], [undefined, true]);
  assert.match(
    house.log.text(),
    /warn +soc_bridge GRID UNKNOWN device=Study evidence="pow_get_ac_in=0; no reading of the grid since/,
  );
  const events = house.published.filter(({ topic }) => topic === topics.events).map(({ text }) =>
    JSON.parse(text)
  );
  assert.deepEqual(
    events.filter(({ severity }) => severity === "warning"),
    [],
    "the policy tells it, of every station",
  );
  await house.send(await display("river3", { plug_in_info_ac_charger_flag: true, pow_get_ac_in: 0 }));
  assert.equal(house.state("Study").grid_connected, true);
  await house.stop();
});

Deno.test("SocBridge does not ask for ever about a station on the edge of 2 W", async () => {
  const house = await running();
  await house.send(await display("river3", { plug_in_info_ac_charger_flag: true, pow_get_ac_in: 3 }));
  const before = house.count(topics.refresh(SN));
  for (let n = 0; n < 300; n++) {
    await house.send(await display("river3", { pow_get_ac_in: n % 2 === 0 ? 2 : 3 }));
    await house.clock.advance(1000);
  }
  const asked = house.count(topics.refresh(SN)) - before;
  assert.ok(asked >= 5 && asked <= 18, `asked ${asked} times in five minutes`);
  assert.equal(house.state("Study").grid_connected, true);
  await house.stop();
});

Deno.test("SocBridge: a firmware that drops every field of the grid leaves a charge, an unknown grid, and questions", async () => {
  const sn = "P351TEST00000002";
  const house = await running({ devices: [{ sn, name: "Updated" }] });
  await loadFamily("delta3");
  await house.send(
    await display("delta3", { flow_info_ac_in: 14, pow_get_ac_in: 120, cms_batt_soc: 88, pow_out_sum_w: 36 }),
    sn,
  );
  assert.equal(house.state("Updated").grid_connected, true);
  for (let n = 0; n < 300; n++) {
    const soc = Math.max(1, 88 - n * 0.27);
    await house.send(
      await display("delta3", { cms_batt_soc: soc, bms_batt_soc: soc, pow_out_sum_w: 36 }),
      sn,
    );
    await house.clock.advance(3000);
    const state = house.state("Updated");
    assert.equal(state.link, "live");
    assert.notEqual(state.grid_connected, false);
    if (n > 50) assert.deepEqual([state.grid_connected, state.grid_unknown], [undefined, true], String(n));
  }
  assert.ok((house.state("Updated").soc ?? 100) < 10);
  assert.ok(house.count(topics.refresh(sn)) >= 14, "asked once a minute");
  await house.stop();
});

Deno.test("SocBridge never leaves a guess, or a configured station without a table, to the log alone", async () => {
  const guessed = "D3AATEST00000001";
  const house = await running({
    devices: [{ sn: guessed, name: "Old" }, { sn: "XX99TEST00000001", name: "New" }],
  });
  const problems = () => house.health.list().map(({ code }) => code).sort();
  assert.ok(problems().includes("station_unknown"));
  assert.equal(problems().includes("station_model_guess"), false, "it has said nothing yet");
  await house.send('{"params":{"pd.soc":87,"inv.acInVol":230000}}', guessed);
  await house.clock.advance(1000);
  assert.ok(problems().includes("station_model_guess"));
  assert.equal(house.state("Old").model_guess, true);
  assert.match(house.log.text(), /MODEL GUESSED device=Old/);
  await house.send('{"params":{"bmsMaster.soc":87}}', guessed);
  await house.clock.advance(1000);
  assert.equal(problems().includes("station_model_guess"), false);
  assert.equal("model_guess" in house.state("Old"), false);
  assert.match(house.log.text(), /MODEL CONFIRMED device=Old/);
  await house.stop();
});

Deno.test("SocBridge lets the cable decide while the cloud is lost, and late frames of the cloud change nothing", async () => {
  const house = await running();
  const encoder = await stationEncoder("RIVER 3 Plus");
  const cable = async (grid: boolean) => {
    const ts = new Date(house.clock.wallMs()).toISOString();
    const reading = encodeSourceReading({ source: "nut", grid, soc: 41, evidence: "ups.status=x", ts });
    house.broker.publish(topics.source("Study"), reading);
    await settled(house.clock);
  };
  await house.send(encoder.reply(IDLE_ON_GRID));
  await house.send(encoder.reply(IDLE_ON_GRID));
  assert.equal(house.state("Study").grid_connected, true);
  house.broker.publish(
    topics.cloudStatus,
    encodeCloudStatus({ link: "down", detail: "gone", ts: "2026-11-23T19:00:00Z" }),
    { retain: true },
  );
  await cable(false);
  const lost = house.state("Study");
  assert.deepEqual([lost.grid_connected, lost.grid_source, lost.soc, lost.link], [false, "nut", 41, "live"]);
  await house.send(encoder.reply(IDLE_ON_GRID));
  await house.send(encoder.reply(IDLE_ON_GRID));
  const late = house.state("Study");
  assert.deepEqual([late.grid_connected, late.soc], [false, 41]);
  await house.clock.advance(1000);
  assert.equal(house.health.list().some(({ code }) => code === "source_disagreement"), true);
  await cable(true);
  assert.equal(house.state("Study").grid_connected, true);
  await house.stop();
});
