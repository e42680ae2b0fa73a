import assert from "node:assert/strict";
import {
  IDLE_ON_GRID,
  SIMULATED_MODELS,
  SIMULATED_SERIALS,
  stationEncoder,
} from "../../../proto/encode_station.ts";
import type { SimulatedModel, StationEncoder, StationValues } from "../../../proto/encode_station.ts";
import { encodeFrame, type Header } from "../../../proto/frame.ts";
import { loadFamily } from "../../../proto/registry.ts";
import { BROKEN_MS } from "../decode/broken_uploads.ts";
import { compileModel } from "../models/compiled_model.ts";
import { findModel, matchModel } from "../models/models.ts";
import { PowerStation, VALUE_MAX_AGE_MS } from "./power_station.ts";

const STALE_MS = 120_000;
const OUTAGE: StationValues = { ...IDLE_ON_GRID, gridPresent: false, acInWatts: 0, socPercent: 99 };

async function simulated(
  model: SimulatedModel,
  gridRule: "auto" | "tag27" = "auto",
): Promise<{ station: PowerStation; encoder: StationEncoder }> {
  const sn = SIMULATED_SERIALS[model];
  return { station: await stationOf(sn, gridRule), encoder: await stationEncoder(model) };
}

async function stationOf(sn: string, gridRule: "auto" | "tag27" = "auto"): Promise<PowerStation> {
  const spec = findModel(sn);
  assert.ok(spec);
  return new PowerStation({ sn, model: await compileModel(spec), gridRule, staleAfterMs: STALE_MS });
}

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

for (const model of SIMULATED_MODELS) {
  Deno.test(`PowerStation gives back what a simulated ${model} measures`, async () => {
    const { station, encoder } = await simulated(model);
    for (const payload of encoder.pushes({ ...OUTAGE, dcInWatts: 12, dischargeMin: 145, socPercent: 87.5 })) {
      station.accept(payload, 0);
    }
    station.accept(encoder.reply({ ...OUTAGE, dcInWatts: 12, dischargeMin: 145, socPercent: 87.5 }), 1000);
    const state = station.state("Study", 2000, 0);
    assert.equal(state.device, "Study");
    assert.equal(state.soc, 87.5);
    assert.equal(state.grid_connected, false);
    assert.equal(state.ac_in_watts, 0);
    assert.equal(state.ac_out_watts, 50);
    assert.equal(state.out_watts, 50);
    assert.equal(state.dc_in_watts, 12);
    assert.equal(state.discharge_min, 145);
    assert.equal(state.temp_celsius, 31);
    assert.equal(state.ac_out_enabled, true);
    assert.deepEqual([state.min_soc, state.max_soc], [0, 100]);
    assert.equal(state.link, "live");
    assert.equal(state.age_s, 1);
    assert.equal(state.ts, "1970-01-01T00:00:00.000Z");
    assert.equal(state.packs?.length, 1);
    assert.ok((state.battery_wh ?? 0) > 200);
  });
}

Deno.test("PowerStation believes an outage at the get-all reply and not at one push", async () => {
  const { station, encoder } = await simulated("RIVER 3 Plus");
  for (const payload of encoder.pushes(IDLE_ON_GRID)) station.accept(payload, 0);
  assert.equal(station.state("s", 0, 0).grid_connected, true);
  for (const payload of encoder.pushes(OUTAGE)) station.accept(payload, 2000);
  const held = station.state("s", 2000, 0);
  assert.equal(held.grid_connected, true);
  assert.equal(held.grid_unconfirmed, true);
  assert.equal(held.grid_age_s, 2);
  const accepted = station.accept(encoder.reply(OUTAGE), 3000);
  assert.equal(accepted.gridChanged, true);
  const state = station.state("s", 3000, 0);
  assert.equal(state.grid_connected, false);
  assert.equal(state.grid_unconfirmed, undefined);
  assert.equal(state.grid_evidence, "plug_in_info_ac_charger_flag=0, pow_get_ac_in=0");
  assert.equal(state.grid_age_s, 0);
});

Deno.test("PowerStation does not refresh the grid with messages that lack its indicator", async () => {
  const { station, encoder } = await simulated("RIVER 3 Plus");
  for (const payload of encoder.pushes(IDLE_ON_GRID)) station.accept(payload, 0);
  for (let s = 1; s <= 30; s++) {
    for (const payload of encoder.pushes(IDLE_ON_GRID)) station.accept(payload, s * 1000);
  }
  const state = station.state("s", 30_000, 0);
  assert.equal(state.grid_age_s, 30);
  assert.equal(state.age_s, 0);
});

Deno.test("PowerStation refreshes the grid with no memory of a voltage, and takes no word of one that never showed it", async () => {
  const station = await stationOf("M3SIM00000000001");
  station.accept(json({ params: { "inv.invInVol": 229_000 } }), 0);
  const half = (atMonoMs: number, name = "inv.acInVol", value = 0) => {
    station.accept(json({ params: { [name]: value } }), atMonoMs);
    const { grid_connected, grid_unconfirmed, grid_unknown, grid_age_s } = station.state("s", atMonoMs, 0);
    return [grid_connected, grid_unconfirmed, grid_unknown, grid_age_s];
  };
  assert.deepEqual(half(60_000), [true, undefined, undefined, 60]);
  assert.deepEqual(half(STALE_MS), [true, undefined, undefined, 120]);
  const doubt = () => station.grid.doubt?.evidence;
  assert.equal(doubt(), undefined, "the memory contradicts");
  assert.deepEqual(half(STALE_MS + 1), [true, undefined, undefined, 120]);
  assert.equal(doubt(), "inv.acInVol=0");
  assert.deepEqual(half(150_000), [true, undefined, undefined, 150]);
  assert.deepEqual(half(150_001), [undefined, undefined, true, 150], "the other half is not told any more");
  assert.deepEqual(half(150_002, "inv.invInVol", 229_000), [true, undefined, undefined, 0]);
  assert.deepEqual(half(150_003, "inv.invInVol"), [true, true, undefined, 0]);
  assert.deepEqual(half(150_004, "inv.invInVol"), [false, undefined, undefined, 0]);
});

Deno.test("PowerStation.link() is live up to the limit and stale behind it", async () => {
  const { station, encoder } = await simulated("DELTA Pro");
  assert.equal(station.link(0), "stale");
  station.accept(encoder.reply(IDLE_ON_GRID), 0);
  assert.equal(station.link(STALE_MS), "live");
  assert.equal(station.link(STALE_MS + 1), "stale");
  const state = station.state("s", STALE_MS + 1, 0);
  assert.equal(state.soc, 100, "values stay, with their age");
  assert.equal(state.soc_age_s, 120);
  assert.equal(state.age_s, 120);
});

Deno.test("PowerStation.link() is offline when cloud or station say so, until the next evidence", async () => {
  const { station, encoder } = await simulated("RIVER 3 Plus");
  station.accept(encoder.reply(IDLE_ON_GRID), 0);
  const rows: [string, () => void, string][] = [
    ["header code -2", () => void station.accept(encodeFrame([{ code: "-2", seq: 1 }]), 10), "offline"],
    ["evidence", () => void station.accept(encoder.reply(IDLE_ON_GRID), 11), "live"],
    ["open status 0", () => void station.accept(json({ params: { status: 0 } }), 12), "offline"],
    ["open status 1", () => void station.accept(json({ params: { status: 1 } }), 13), "live"],
    ["cloud down", () => station.setOffline("cloud", 14), "offline"],
    ["cloud up again", () => station.clearOffline("cloud"), "live"],
    [
      "cloud and station",
      () => (station.setOffline("cloud", 15), station.setOffline("station", 15)),
      "offline",
    ],
    ["one of them back", () => station.clearOffline("cloud"), "offline"],
    ["evidence for both", () => void station.accept(encoder.reply(IDLE_ON_GRID), 16), "live"],
  ];
  for (const [name, act, want] of rows) {
    act();
    assert.equal(station.link(20), want, name);
  }
});

Deno.test("PowerStation takes no values from the cloud's memory of a station that is away", async () => {
  const station = await stationOf("DCEBTEST00000001");
  station.accept(
    json({ operateType: "latestQuotas", data: { online: 0, quotaMap: { "inv.acInVol": 230_000 } } }),
    0,
  );
  const state = station.state("s", 0, 0);
  assert.equal(state.link, "offline");
  assert.equal("grid_connected" in state, false);
});

Deno.test("PowerStation takes a repeated snapshot for no fresh evidence", async () => {
  const station = await stationOf("DCEBTEST00000001");
  const snapshot = (soc: number) =>
    json({ code: "0", tid: String(Math.random()), data: { "ems.f32LcdShowSoc": soc } });
  assert.equal(station.accept(snapshot(50), 0).values, 1);
  assert.equal(station.accept(snapshot(50), STALE_MS).values, 0);
  assert.equal(station.link(STALE_MS + 1), "stale");
  assert.equal(station.accept(snapshot(49.5), STALE_MS + 2).values, 1);
  assert.equal(station.link(STALE_MS + 2), "live");
});

Deno.test("PowerStation takes the cloud's repeated answer to a get-all request for no fresh evidence", async () => {
  const { station, encoder } = await simulated("DELTA Pro");
  station.accept(encoder.reply(IDLE_ON_GRID), 0);
  assert.equal(station.accept(encoder.reply(IDLE_ON_GRID), 60_000).values, 0);
  assert.equal(station.link(STALE_MS + 1), "stale");
  for (const payload of encoder.pushes(IDLE_ON_GRID)) station.accept(payload, STALE_MS + 2);
  const state = station.state("s", STALE_MS + 2, 0);
  assert.deepEqual([state.link, state.grid_age_s, state.soc_age_s], ["live", 0, 0]);
});

Deno.test("PowerStation puts a full upload together that is split over several messages", async () => {
  const station = await stationOf("R655TEST00000001");
  const { schema } = await loadFamily("river3");
  const parts = [
    { pow_get_ac_in: 46.5, cms_batt_soc: 75, pow_get_ac_out: -46.5, cms_max_chg_soc: 90 },
    { err_code_record_list: { list_info: [{ errcode: 474 }] } },
    { flow_info_ac_in: 2, plug_in_info_ac_charger_flag: true, flow_info_ac_out: 2 },
  ];
  for (const [i, fields] of parts.entries()) {
    const pdata = schema.encode("DisplayPropertyUpload", fields);
    station.accept(encodeFrame([{ pdata, dest: 32, cmd_func: 254, cmd_id: 21 }]), i * 1000);
  }
  const state = station.state("s", 2000, 0);
  assert.deepEqual(
    [
      state.soc,
      state.grid_connected,
      state.ac_in_watts,
      state.ac_out_watts,
      state.max_soc,
      state.ac_out_enabled,
    ],
    [75, true, 46.5, 46.5, 90, true],
  );
  assert.equal(state.age_s, 0);
  assert.equal(state.soc_age_s, 2);
});

Deno.test("PowerStation leaves unknown, empty and foreign messages without effect", async () => {
  const { station, encoder } = await simulated("RIVER 3 Plus");
  station.accept(encoder.reply(IDLE_ON_GRID), 0);
  const before = station.state("s", 0, 0);
  const pdata = Uint8Array.fromHex("d80100");
  const rows: [string, Uint8Array][] = [
    [
      "a pair that others try as battery report",
      encodeFrame([{ pdata, cmd_func: 32, cmd_id: 51, dest: 32 }]),
    ],
    ["an unknown pair", encodeFrame([{ pdata, cmd_func: 254, cmd_id: 39, dest: 32 }])],
    [
      "an empty display message",
      encodeFrame([{ pdata: new Uint8Array(), cmd_func: 254, cmd_id: 21, dest: 32 }]),
    ],
    ["the echo of a get-all request", Uint8Array.fromHex("0a14102018207080e2cfaa06ba0107416e64726f6964")],
    ["JSON of another family", json({ params: { "inv.acInVol": 0 } })],
  ];
  for (const [name, payload] of rows) {
    assert.equal(station.accept(payload, 0).values, 0, name);
    assert.deepEqual(station.state("s", 0, 0), before, name);
  }
});

Deno.test("PowerStation reads the good headers of a payload that has a damaged one", async () => {
  const { station } = await simulated("RIVER 3 Plus");
  const accepted = station.accept(
    encodeFrame([
      { pdata: Uint8Array.fromHex("0aff"), cmd_func: 254, cmd_id: 22, dest: 32 },
      { pdata: Uint8Array.fromHex("b5100000af42"), cmd_func: 254, cmd_id: 21, dest: 32 },
    ]),
    0,
  );
  assert.equal(accepted.problems.length, 1);
  assert.match(accepted.problems[0] ?? "", /RuntimePropertyUpload of 2 bytes/);
  assert.equal(station.state("s", 0, 0).soc, 87.5);
});

Deno.test("PowerStation takes a reply for one whatever it holds of unknown layout, and finds what it wants behind 300 headers", async () => {
  const { schema } = await loadFamily("river3");
  const display = (fields: Record<string, unknown>) => ({
    pdata: schema.encode("DisplayPropertyUpload", fields),
    cmd_func: 254,
    cmd_id: 21,
    seq: 7,
  });
  const gone = display({ plug_in_info_ac_charger_flag: false, pow_get_ac_in: 0, flow_info_ac_in: 0 });
  const rows: [name: string, headers: Header[], isReply: boolean][] = [
    ["as it is", [gone], true],
    ["a header without a command", [{ src: 2, seq: 7 }, gone], true],
    [
      "a header of unknown layout with a destination",
      [{ cmd_func: 254, cmd_id: 40, dest: 32, seq: 7 }, gone],
      true,
    ],
    ["behind 300 others", [...Array(300).fill({ cmd_func: 254, cmd_id: 40, seq: 7 }), gone], true],
    ["a push", [{ ...gone, dest: 32 }], false],
    ["one of both", [gone, { ...display({ cms_batt_soc: 50 }), dest: 32 }], false],
    ["nothing of known layout", [{ cmd_func: 254, cmd_id: 40, seq: 7 }], false],
  ];
  for (const [name, headers, isReply] of rows) {
    const { station } = await simulated("RIVER 3 Plus");
    assert.equal(station.accept(encodeFrame(headers), 0).isReply, isReply, name);
    assert.equal(station.grid.present, isReply ? false : undefined, name);
  }
});

Deno.test("PowerStation believes no charge of a battery that has not reported, whatever of it is left out", async () => {
  const zeros = {
    "bmsMaster.vol": 0,
    "bmsMaster.fullCap": 0,
    "bmsMaster.maxCellVol": 0,
    "bmsMaster.minCellVol": 0,
  };
  const told = {
    "bmsMaster.vol": 52_000,
    "bmsMaster.fullCap": 39_200,
    "bmsMaster.soc": 9,
    "ems.lcdShowSoc": 9,
  };
  const flat = { "bmsMaster.soc": 0, "ems.lcdShowSoc": 0, "ems.dsgRemainTime": 1, "inv.acInVol": 231_000 };
  for (const left of [...Object.keys(zeros), undefined]) {
    const some = Object.fromEntries(Object.entries(zeros).filter(([key]) => key !== left));
    const station = await stationOf("DAEBTEST00000001");
    const says = (params: object, atMonoMs: number) => {
      station.accept(json({ params }), atMonoMs);
      const { soc, discharge_min } = station.state("s", atMonoMs, 0);
      return [soc, discharge_min];
    };
    assert.deepEqual(says({ ...flat, ...some }, 0), [undefined, undefined], `without ${left}`);
    assert.deepEqual(says(told, 60_000), [9, undefined]);
    for (let at = 120_000; at < 400_000; at += 30_000) {
      assert.deepEqual(says({ ...flat, ...some, n: at }, at), [9, undefined], `without ${left} at ${at}`);
    }
    assert.deepEqual(says({ ...told, "bmsMaster.soc": 8, "ems.lcdShowSoc": 8 }, 410_000), [8, undefined]);
  }
});

Deno.test("PowerStation reads numbers that stand as text, and nothing else that does", async () => {
  const station = await stationOf("DCEBTEST00000001");
  station.accept(
    json({ params: { "ems.lcdShowSoc": "57", "inv.acInVol": "231000", "inv.inputWatts": "120 W" } }),
    0,
  );
  const { soc, grid_connected, ac_in_volts, ac_in_watts } = station.state("s", 0, 0);
  assert.deepEqual([soc, grid_connected, ac_in_volts, ac_in_watts], [57, true, 231, undefined]);
});

Deno.test("PowerStation says of an outlet's limit that it cannot use", async () => {
  const station = await stationOf("D3M1TEST00000001");
  const { schema } = await loadFamily("delta3");
  const item = { power_outage_port_type: 3, power_outage_port_enable: 1 };
  const pdata = schema.encode("DisplayPropertyUpload", { power_outages_list: { power_outage_item: [item] } });
  const { problems } = station.accept(encodeFrame([{ pdata, dest: 32, cmd_func: 254, cmd_id: 21 }]), 0);
  assert.match(problems.join(), /power_outage_min_soc of outlet "ac2" must be 0 to 100 %, found nothing/);
});

Deno.test("PowerStation holds back an implausible state of charge", async () => {
  const { station, encoder } = await simulated("DELTA Pro");
  station.accept(encoder.reply({ ...IDLE_ON_GRID, socPercent: 80 }), 0);
  const accepted = station.accept(encoder.reply({ ...IDLE_ON_GRID, socPercent: 0 }), 1000);
  assert.equal(accepted.socHeld, 0);
  assert.equal(station.state("s", 1000, 0).soc, 80);
  assert.equal(station.state("s", 1000, 0).soc_age_s, 1);
});

Deno.test("PowerStation judges by tag 27 only where it is asked for and where it applies", async () => {
  const strict = await simulated("RIVER 3 Plus", "tag27");
  for (const payload of strict.encoder.pushes(IDLE_ON_GRID)) {
    assert.equal(strict.station.accept(payload, 0).isGridDenied, false);
  }
  assert.equal(strict.station.state("s", 0, 0).grid_connected, false, "2 W of own use count as an outage");
  assert.equal(strict.station.state("s", 0, 0).grid_evidence, "tag27=2");
  const other = await simulated("RIVER 3", "tag27");
  for (const payload of other.encoder.pushes(IDLE_ON_GRID)) other.station.accept(payload, 0);
  assert.equal(other.station.state("s", 0, 0).grid_connected, true);
});

Deno.test("PowerStation.state() drops values nobody confirmed while others are fresh, and keeps lasting ones", async () => {
  const { station, encoder } = await simulated("RIVER 3 Plus");
  station.accept(encoder.reply(IDLE_ON_GRID), 0);
  const bmsOnly = (at: number) => {
    const [payload] = encoder.pushes(IDLE_ON_GRID).slice(-1);
    if (payload) station.accept(payload, at);
  };
  bmsOnly(600_000);
  assert.equal(station.state("s", VALUE_MAX_AGE_MS, 0).ac_in_watts, 51);
  bmsOnly(VALUE_MAX_AGE_MS + 1);
  const state = station.state("s", VALUE_MAX_AGE_MS + 1, 0);
  assert.equal("ac_in_watts" in state, false);
  assert.equal(state.max_soc, 100);
  assert.equal(state.grid_connected, undefined, "the station speaks, and no longer of its grid");
  assert.equal(state.grid_unknown, true);
  assert.equal(state.grid_age_s, 600);
});

async function river3Frame(message: string, cmd_id: number, fields: Record<string, unknown>) {
  const { schema } = await loadFamily("river3");
  const cmd_func = message === "BMSHeartBeatReport" ? 32 : 254;
  return encodeFrame([{ pdata: schema.encode(message, fields), dest: 32, cmd_func, cmd_id }]);
}

Deno.test("PowerStation.state() drops a pack that nobody heard of while others are fresh", async () => {
  const { station } = await simulated("RIVER 3 Plus");
  const pack = { num: 0, soc: 100, temp: 31, full_cap: 12_800, cell_series_num: 7 };
  station.accept(await river3Frame("BMSHeartBeatReport", 50, pack), 0);
  const shown = async (atMonoMs: number) => {
    station.accept(await river3Frame("DisplayPropertyUpload", 21, { cms_batt_soc: 99 }), atMonoMs);
    return station.state("s", atMonoMs, 0).packs;
  };
  assert.deepEqual(await shown(VALUE_MAX_AGE_MS), [{ num: 0, soc: 100, temp_celsius: 31, full_wh: 287 }]);
  assert.equal(await shown(VALUE_MAX_AGE_MS + 1), undefined);
  station.accept(await river3Frame("BMSHeartBeatReport", 50, { num: 0, temp: 32 }), VALUE_MAX_AGE_MS + 2);
  assert.deepEqual(await shown(VALUE_MAX_AGE_MS + 2), [{ num: 0, temp_celsius: 32, full_wh: 287 }]);
});

Deno.test("PowerStation takes the charge of all packs, not the main one's, when the system's is too old", async () => {
  const { station } = await simulated("RIVER 3 Plus");
  const pack = (num: number, soc: number) =>
    river3Frame("BMSHeartBeatReport", 50, { num, soc, full_cap: 12_800, cell_series_num: 7 });
  station.accept(await river3Frame("DisplayPropertyUpload", 21, { cms_batt_soc: 42, bms_batt_soc: 50 }), 0);
  station.accept(await pack(1, 30), STALE_MS - 1);
  station.accept(await pack(0, 50), STALE_MS);
  assert.deepEqual([station.state("s", STALE_MS, 0).soc, station.state("s", STALE_MS, 0).soc_age_s], [
    42,
    120,
  ]);
  station.accept(await pack(0, 49), STALE_MS + 1);
  assert.deepEqual(station.state("s", STALE_MS + 1, 0).soc, 39.5);
  station.accept(await river3Frame("DisplayPropertyUpload", 21, { bms_batt_soc: 49 }), STALE_MS + 2);
  assert.equal(station.state("s", STALE_MS + 2, 0).soc, 39.5);
});

Deno.test("PowerStation.state() keeps the packs of a station that is silent, as it keeps its other values", async () => {
  const { station, encoder } = await simulated("RIVER 3 Plus");
  station.accept(encoder.reply(IDLE_ON_GRID), 0);
  const state = station.state("s", VALUE_MAX_AGE_MS + 1, 0);
  assert.equal(state.link, "stale");
  assert.equal(state.packs?.length, 1);
});

Deno.test("PowerStation.state() leaves out minutes that mean nothing", async () => {
  const station = await stationOf("DCEBTEST00000001");
  for (const minutes of [5939, 5940, 5999, 12_927, 143_999]) {
    station.accept(json({ params: { "ems.chgRemainTime": minutes, "ems.dsgRemainTime": 77 } }), 0);
    const state = station.state("s", 0, 0);
    assert.equal("charge_min" in state, false, String(minutes));
    assert.equal(state.discharge_min, 77);
  }
});

Deno.test("PowerStation.state() names accessories, so that no policy takes one for a station", async () => {
  for (const [sn, role] of [["HW52TEST00000001", "accessory"], ["R631TEST00000001", undefined]] as const) {
    assert.equal((await stationOf(sn)).state("s", 0, 0).role, role);
  }
});

/** One river3 payload as it would be pushed, or answered to a get-all request. */
async function river3Parts(isReply: boolean, messages: Record<string, Record<string, unknown>>) {
  const { schema } = await loadFamily("river3");
  return encodeFrame(
    Object.entries(messages).map(([message, fields], i) => {
      const [cmd_func, cmd_id] = message === "CMSHeartBeatReport" ? [32, 2] : [254, 21];
      return {
        pdata: schema.encode(message, fields),
        cmd_func,
        cmd_id,
        ...(isReply ? { seq: i } : { dest: 32 }),
      };
    }),
  );
}
const display = (fields: Record<string, unknown>, isReply = false) =>
  river3Parts(isReply, { DisplayPropertyUpload: fields });
const ON_GRID = { plug_in_info_ac_charger_flag: true, pow_get_ac_in: 0, cms_batt_soc: 90 };

Deno.test("PowerStation doubts a grid whose first sign of an outage decides nothing, and says so after a minute", async () => {
  const rows: [name: string, sign: Uint8Array][] = [
    ["a flag without watts, after watts", await display({ plug_in_info_ac_charger_flag: false })],
    [
      "a battery that begins to discharge",
      await river3Parts(false, { CMSHeartBeatReport: { v1p3: { sys_chg_dsg_state: 1 } } }),
    ],
    ["watts that end", await display({ pow_get_ac_in: 0 })],
  ];
  for (const [name, sign] of rows) {
    const station = await stationOf("R655TEST00000001");
    station.accept(await display({ ...ON_GRID, pow_get_ac_in: 51 }), 0);
    station.accept(sign, 1000);
    assert.ok(station.grid.doubt, name);
    assert.equal(station.state("s", 61_000, 0).grid_connected, true, name);
    const state = station.state("s", 61_001, 0);
    assert.deepEqual(
      [state.grid_connected, state.grid_unknown, state.grid_age_s],
      [undefined, true, 61],
      name,
    );
    assert.match(
      state.grid_evidence ?? "",
      /^\w+=\w+; no reading of the grid since plug_in_info_ac_charger_flag=1$/,
      name,
    );
    station.accept(await display(ON_GRID, true), 62_000);
    const back = station.state("s", 62_000, 0);
    assert.deepEqual([back.grid_connected, back.grid_unknown], [true, undefined], name);
    assert.equal(station.grid.doubt, undefined, name);
  }
});

Deno.test("PowerStation says that the grid is unknown when its indicator vanishes, and never lets go of a loss", async () => {
  const charge = async (station: PowerStation, untilMs: number) => {
    for (let at = 3000; at <= untilMs; at += 3000) station.accept(await display({ cms_batt_soc: 90 }), at);
  };
  const there = await stationOf("R655TEST00000001");
  there.accept(await display(ON_GRID), 0);
  await charge(there, 150_000);
  assert.equal(there.state("s", 150_000, 0).grid_connected, true);
  const state = there.state("s", 150_001, 0);
  assert.deepEqual([state.link, state.soc, state.grid_connected, state.grid_unknown], [
    "live",
    90,
    undefined,
    true,
  ]);
  assert.equal(there.link(400_000), "stale");
  assert.equal(there.state("s", 400_000, 0).grid_unknown, true, "silence brings no old word back");

  const silent = await stationOf("R655TEST00000001");
  silent.accept(await display(ON_GRID), 0);
  assert.equal(silent.state("s", 400_000, 0).grid_connected, true, "a silent station is stale, not untold");
  silent.accept(await display({ cms_batt_soc: 90 }), 400_001);
  assert.equal(silent.state("s", 400_001, 0).grid_unknown, true, "it speaks again, and not of its grid");

  const gone = await stationOf("R655TEST00000001");
  gone.accept(
    await display({ ...ON_GRID, plug_in_info_ac_charger_flag: false, flow_info_ac_in: 0 }, true),
    0,
  );
  await charge(gone, 150_000);
  const said = (atMonoMs: number) => {
    const { grid_connected, grid_unknown, grid_age_s } = gone.state("s", atMonoMs, 0);
    return [grid_connected, grid_unknown, grid_age_s];
  };
  assert.deepEqual(said(150_000), [false, undefined, 150]);
  await charge(gone, 600_000);
  assert.deepEqual(said(600_000), [false, true, 600], "a loss stays, and is said to be told no more");
  assert.match(
    gone.grid.evidence ?? "",
    /^no reading of the grid since plug_in_info_ac_charger_flag=0, pow_get_ac_in=0$/,
  );
  gone.accept(
    await display({ ...ON_GRID, plug_in_info_ac_charger_flag: false, flow_info_ac_in: 0 }),
    601_000,
  );
  assert.deepEqual(said(601_000), [false, undefined, 0], "it tells it again");
  await charge(gone, 900_000);
  assert.deepEqual(said(900_000), [false, true, 299]);
  gone.accept(await display(ON_GRID, true), 901_000);
  assert.deepEqual(said(901_000), [true, undefined, 0]);
  const quiet = await stationOf("R655TEST00000001");
  quiet.accept(
    await display({ ...ON_GRID, plug_in_info_ac_charger_flag: false, flow_info_ac_in: 0 }, true),
    0,
  );
  const late = quiet.state("s", 600_000, 0);
  assert.deepEqual([late.grid_connected, late.grid_unknown], [false, undefined], "a silent station is stale");
  const never = await stationOf("R655TEST00000001");
  await charge(never, 600_000);
  assert.deepEqual(
    [never.state("s", 600_000, 0).grid_connected, never.state("s", 600_000, 0).grid_unknown],
    [undefined, undefined],
  );
});

Deno.test("PowerStation takes replies of nothing but zeros for no word, one or many", async () => {
  const zeros = {
    flow_info_ac_in: 0,
    pow_get_ac_in: 0,
    plug_in_info_ac_charger_flag: false,
    cms_batt_soc: 0,
    bms_batt_soc: 0,
    cms_dsg_rem_time: 0,
    cms_batt_full_energy: 0,
    pow_out_sum_w: 0,
  };
  const station = await stationOf("R655TEST00000001");
  station.accept(await display(ON_GRID), 0);
  for (const at of [1000, 3000, 5000, 65_000]) {
    const accepted = station.accept(await display(zeros, true), at);
    assert.equal(accepted.values, 0);
    assert.match(accepted.problems[0] ?? "", /nothing but zeros/);
    const state = station.state("s", at, 0);
    assert.deepEqual([state.soc, state.grid_connected, state.grid_age_s], [90, true, at / 1000]);
  }
  const outage = { ...zeros, cms_batt_soc: 90 };
  assert.ok(station.accept(await display(outage, true), 66_000).values > 0, "a charge makes it a word");
  assert.equal(station.state("s", 66_000, 0).grid_connected, false);
});

Deno.test("PowerStation believes the grid, and nothing else, of zeros that a station sends for three minutes", async () => {
  const follower = {
    cms_batt_soc: 0,
    cms_batt_full_energy: 0,
    pow_get_pv_sum: 0,
    grid_connection_sta: 0,
    grid_connection_vol: 0,
    grid_connection_power: 0,
  };
  const { schema } = await loadFamily("stream");
  const push = (fields: Record<string, unknown>) =>
    encodeFrame([{
      pdata: schema.encode("DisplayPropertyUpload", fields),
      dest: 32,
      cmd_func: 254,
      cmd_id: 21,
    }]);
  const there = { ...follower, bms_batt_soc: 92, grid_connection_sta: 3, grid_connection_vol: 234 };
  const station = await stationOf("BK31TEST00000001");
  station.accept(push(there), 0);
  const shown = (at: number) => {
    const { soc, grid_connected } = station.state("s", at, 0);
    return [soc, grid_connected];
  };
  for (let at = 5000; at < 5000 + BROKEN_MS; at += 5000) {
    station.accept(push(follower), at);
    assert.deepEqual(shown(at), [92, true], `${at}`);
  }
  const at = 5000 + BROKEN_MS;
  station.accept(push(follower), at);
  station.accept(push(follower), at + 5000);
  assert.deepEqual(shown(at + 5000), [92, false]);
  for (const later of [10_000, 15_000, 20_000]) station.accept(push(there), at + later);
  assert.deepEqual(shown(at + 20_000), [92, true]);
  station.accept(push(follower), at + 25_000);
  assert.deepEqual(shown(at + 25_000), [92, true], "it begins anew");
});

Deno.test("PowerStation takes 0 % and a minute of a battery that has not reported for nothing", async () => {
  const station = await stationOf("DAEBTEST00000001");
  const silent = {
    "bmsMaster.vol": 0,
    "bmsMaster.fullCap": 0,
    "bmsMaster.soc": 0,
    "ems.lcdShowSoc": 0,
    "ems.dsgRemainTime": 1,
  };
  station.accept(json({ params: { ...silent, "inv.acInVol": 230_000, "inv.outputWatts": 80 } }), 0);
  const unknown = station.state("s", 0, 0);
  assert.deepEqual([unknown.soc, unknown.discharge_min, unknown.grid_connected], [
    undefined,
    undefined,
    true,
  ]);
  const told = {
    "bmsMaster.vol": 52_000,
    "bmsMaster.fullCap": 39_200,
    "bmsMaster.soc": 60,
    "ems.lcdShowSoc": 60,
    "ems.dsgRemainTime": 300,
  };
  station.accept(json({ params: told }), 1000);
  assert.deepEqual([station.state("s", 1000, 0).soc, station.state("s", 1000, 0).discharge_min], [60, 300]);
  // Module by module, as pushes come.
  station.accept(json({ params: { "bmsMaster.vol": 0, "bmsMaster.fullCap": 0 } }), 2000);
  station.accept(json({ params: { "ems.lcdShowSoc": 0, "ems.dsgRemainTime": 1 } }), 3000);
  assert.deepEqual([station.state("s", 3000, 0).soc, station.state("s", 3000, 0).discharge_min], [
    60,
    undefined,
  ]);
});

Deno.test("PowerStation shows a main pack's charge for the whole only where it is the only one", async () => {
  const rows: [sn: string, whole: Record<string, number>, parts: Record<string, number>][] = [
    ["R331TEST00000001", { "bms_emsStatus.f32LcdShowSoc": 32.1 }, {
      "bms_bmsStatus.soc": 8,
      "bms_slave.soc": 56,
    }],
    ["DCEBTEST00000001", { "ems.lcdShowSoc": 32 }, { "bmsMaster.soc": 8, "bmsSlave1.soc": 56 }],
  ];
  for (const [sn, whole, parts] of rows) {
    const station = await stationOf(sn);
    station.accept(json({ params: { ...whole, ...parts, "inv.acInVol": 0 } }), 0);
    for (let at = 2000; at <= 300_000; at += 2000) {
      station.accept(json({ params: { ...parts, "inv.acInVol": 0 } }), at);
      const { soc, soc_age_s, soc_source } = station.state("s", at, 0);
      assert.equal(Math.floor(soc ?? 0), 32, `${sn} at ${at}`);
      assert.equal(soc_source, "system");
      assert.equal(soc_age_s, at / 1000, "no part makes the whole look fresh");
    }
    const capacities = Object.fromEntries(
      Object.keys(parts).map((key) => [key.replace(".soc", ".fullCap"), 20_000]),
    );
    station.accept(json({ params: { ...parts, ...capacities } }), 301_000);
    assert.deepEqual(
      [station.state("s", 301_000, 0).soc, station.state("s", 301_000, 0).soc_source],
      [32, "packs"],
      "with capacities the packs together are the whole",
    );
  }
});

Deno.test("PowerStation shows doubtful minutes as they came, and says that they are", async () => {
  const station = await stationOf("P351TEST00000001");
  const { schema } = await loadFamily("delta3");
  const send = (minutes: number, at: number, watts = 220) =>
    station.accept(
      encodeFrame([{
        pdata: schema.encode("DisplayPropertyUpload", {
          cms_batt_soc: 93,
          cms_batt_full_energy: 2046,
          cms_min_dsg_soc: 15,
          pow_out_sum_w: watts,
          cms_dsg_rem_time: minutes,
        }),
        dest: 32,
        cmd_func: 254,
        cmd_id: 21,
      }]),
      at,
    );
  for (const [minutes, doubtful] of [[372, undefined], [125, undefined], [3, true], [2000, true]] as const) {
    send(minutes, minutes);
    const state = station.state("s", minutes, 0);
    assert.deepEqual([state.discharge_min, state.discharge_min_doubtful], [minutes, doubtful]);
  }
});

Deno.test("PowerStation reads the outlets with a limit of their own, and forgets them when they are switched off", async () => {
  const station = await stationOf("D3M1TEST00000001");
  const { schema } = await loadFamily("delta3");
  const send = (items: readonly [enabled: boolean, port: number, minSoc: number][], at: number) =>
    station.accept(
      encodeFrame([{
        pdata: schema.encode("DisplayPropertyUpload", {
          power_outages_list: {
            power_outage_item: items.map(([enabled, port, minSoc]) => ({
              power_outage_port_enable: enabled,
              power_outage_port_type: port,
              power_outage_min_soc: minSoc,
            })),
          },
        }),
        dest: 32,
        cmd_func: 254,
        cmd_id: 21,
      }]),
      at,
    );
  send([[true, 1, 20], [false, 2, 25], [true, 3, 33], [true, 9, 40], [true, 2, 120]], 0);
  assert.deepEqual(station.state("s", 0, 0).outage_ports, [{ port: "dc", min_soc: 20 }, {
    port: "ac2",
    min_soc: 33,
  }]);
  send([[false, 1, 20], [false, 3, 33]], 1);
  assert.deepEqual(
    station.state("s", 1, 0).outage_ports,
    [],
    "told: none, so that nobody remembers the old ones",
  );
});

Deno.test("PowerStation calls a model of two letters a guess until its own keys come", async () => {
  const guess = async (sn: string) => {
    const { spec, isGuess } = matchModel(sn) ?? assert.fail();
    return new PowerStation({
      sn,
      model: await compileModel(spec),
      gridRule: "auto",
      staleAfterMs: STALE_MS,
      isGuess,
    });
  };
  const old = await guess("D3AATEST00000001");
  assert.equal(old.state("s", 0, 0).model_guess, true);
  old.accept(json({ params: { "pd.soc": 50, "inv.acInVol": 0 } }), 0);
  assert.equal(old.state("s", 0, 0).model_guess, true, "every station has these");
  old.accept(json({ params: { "bms_emsStatus.lcdShowSoc": 50, "bms_bmsStatus.soc": 50 } }), 1);
  assert.equal(old.state("s", 1, 0).model_guess, true, "another table's");
  old.accept(json({ params: { "bmsMaster.soc": 50 } }), 2);
  assert.equal("model_guess" in old.state("s", 2, 0), false);
  assert.equal("model_guess" in (await guess("R651TEST00000001")).state("s", 0, 0), false);
});

for (const [apartMs, soc] of [[10_000, 50], [10_001, 52]] as const) {
  Deno.test(`PowerStation compares the whole's charge with a battery's that was told ${apartMs} ms before: ${soc === 50}`, async () => {
    const station = await stationOf("DCEBTEST00000001");
    const battery = { "bmsMaster.soc": 50, "bmsMaster.temp": 30 };
    station.accept(json({ params: battery }), 0);
    station.accept(json({ params: { "ems.lcdShowSoc": 80 } }), apartMs);
    for (const at of [400_000, 460_000, 520_000]) {
      station.accept(json({ params: { ...battery, "bmsMaster.soc": 52, n: at } }), at);
    }
    assert.equal(station.state("s", 520_000, 0).soc, soc);
  });
}
