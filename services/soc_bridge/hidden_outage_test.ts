/** Outages that something hides: a value that hangs, the order in which values come, and a house that waits long for its stations. */
import assert from "node:assert/strict";
import { encodeFrame } from "../../proto/frame.ts";
import { dispatchOf } from "../../proto/registry.ts";
import { PowerStation } from "./judge/power_station.ts";
import { compileModel } from "./models/compiled_model.ts";
import { findModel } from "./models/models.ts";

/** The shortest, the usual and the longest time that STATE_STALE_SEC may be, s. */
const STALE_SECS = [30, 120, 3600];
/** A small battery at full load is empty in 25 min: an outage that is not seen by then is never seen. */
const SEEN_WITHIN_MS = 5 * 60_000;

type Fields = Record<string, unknown>;

async function stationOf(prefix: string, staleSec = 120) {
  const spec = findModel(prefix) ?? assert.fail(prefix);
  const model = await compileModel(spec);
  const { family } = model;
  assert.ok(family);
  const station = new PowerStation({
    sn: `${prefix}TEST00000001`,
    model,
    gridRule: "auto",
    staleAfterMs: staleSec * 1000,
  });
  const send = (message: string, fields: Fields, atMonoMs: number, isReply: boolean) => {
    const { cmdFunc, cmdId } = dispatchOf(family.family).find((d) => d.message === message) ?? assert.fail();
    const pdata = family.schema.encode(message, fields);
    const to = isReply ? {} : { dest: 32 };
    return station.accept(
      encodeFrame([{ pdata, cmd_func: cmdFunc, cmd_id: cmdId, seq: 7, ...to }]),
      atMonoMs,
    );
  };
  return {
    push: (fields: Fields, atMonoMs: number, message = "DisplayPropertyUpload") =>
      send(message, fields, atMonoMs, false),
    reply: (fields: Fields, atMonoMs: number, message = "DisplayPropertyUpload") =>
      send(message, fields, atMonoMs, true),
    state: (atMonoMs: number) => station.state("s", atMonoMs, 0),
  };
}

const SOC = { cms_batt_soc: 88 };
const RIVER_ON = { ...SOC, plug_in_info_ac_charger_flag: true, pow_get_ac_in: 50 };
const RIVER_OUT = { ...SOC, plug_in_info_ac_charger_flag: false, pow_get_ac_in: 0 };

for (const staleSec of STALE_SECS) {
  Deno.test(`an outage beside a flow that was told just before it and never again is seen (STATE_STALE_SEC=${staleSec})`, async () => {
    const { push, reply, state } = await stationOf("R655", staleSec);
    reply(RIVER_ON, 0);
    push({ flow_info_ac_in: 2 }, 1000);
    let seenMs: number | undefined;
    for (let at = 2000; at < 25 * 60_000; at += 30_000) {
      reply(RIVER_OUT, at);
      if (state(at).grid_connected === false) seenMs ??= at;
    }
    assert.ok(seenMs !== undefined && seenMs <= SEEN_WITHIN_MS, `seen after ${seenMs} ms`);
  });

  Deno.test(`an outage at the start is seen in pushes that tell each value once in two minutes (STATE_STALE_SEC=${staleSec})`, async () => {
    const { push, state } = await stationOf("P351", staleSec);
    let seenMs: number | undefined;
    for (let at = 0; at < 25 * 60_000; at += 1000) {
      const second = at / 1000 % 120;
      if (second === 20) push({ plug_in_info_ac_in_vol: 0 }, at, "RuntimePropertyUpload");
      if (second === 60) {
        push({ ...SOC, pow_get_ac_in: 0, flow_info_ac_in: 4, plug_in_info_ac_in_flag: 0 }, at);
      }
      if (second === 100) push({ v1p3: { chg_line_plug_in_flag: false } }, at, "CMSHeartBeatReport");
      if (state(at).grid_connected === false) seenMs ??= at;
    }
    assert.ok(seenMs !== undefined && seenMs <= SEEN_WITHIN_MS, `seen after ${seenMs} ms`);
  });

  Deno.test(`a grid that a talking station tells no more is unknown after 150 s (STATE_STALE_SEC=${staleSec})`, async () => {
    const { push, reply, state } = await stationOf("R655", staleSec);
    reply(RIVER_ON, 0);
    for (let at = 3000; at <= 156_000; at += 3000) push(SOC, at);
    assert.deepEqual([state(156_000).grid_connected, state(156_000).grid_unknown], [undefined, true]);
  });

  Deno.test(`the only battery's charge stands in for one that is told no more (STATE_STALE_SEC=${staleSec})`, async () => {
    const { push, state } = await stationOf("R655", staleSec);
    push({ cms_batt_soc: 80 }, 0);
    let soc = 80;
    for (let at = 10_000; at <= 600_000; at += 10_000) {
      soc -= 1 / 6;
      push({ num: 0, f32_show_soc: soc, full_cap: 12_000, cell_series_num: 6 }, at, "BMSHeartBeatReport");
    }
    const told = state(600_000);
    assert.ok((told.soc ?? 0) < 72 && (told.soc_age_s ?? 0) < 15, `${told.soc} %, ${told.soc_age_s} s old`);
  });
}

Deno.test("a station that speaks once in ten minutes, grid and all, is not taken for one that tells its grid no more", async () => {
  const { reply, state } = await stationOf("R655", 3600);
  for (let at = 0; at <= 3_600_000; at += 600_000) {
    reply(RIVER_ON, at);
    assert.equal(state(at + 599_000).grid_connected, true);
  }
});

/** All orders of a list. */
function ordersOf<T>(list: readonly T[]): T[][] {
  if (list.length < 2) return [[...list]];
  return list.flatMap((one, i) => ordersOf(list.filter((_, k) => k !== i)).map((rest) => [one, ...rest]));
}

const APART: readonly { name: string; prefix: string; on: Fields; out: readonly Fields[] }[] = [
  {
    name: "RIVER 3",
    prefix: "R655",
    on: { ...RIVER_ON, flow_info_ac_in: 2 },
    out: [{ plug_in_info_ac_charger_flag: false }, { pow_get_ac_in: 0 }, { flow_info_ac_in: 0 }],
  },
  {
    name: "DELTA Pro 3",
    prefix: "MR51",
    on: { ...RIVER_ON, flow_info_ac_in: 2 },
    out: [{ plug_in_info_ac_charger_flag: false }, { pow_get_ac_in: 0 }, { flow_info_ac_in: 0 }],
  },
  {
    name: "STREAM",
    prefix: "BK11",
    on: { bms_batt_soc: 88, grid_connection_sta: 1, grid_connection_vol: 233 },
    out: [{ grid_connection_sta: 2 }, { grid_connection_vol: 0 }],
  },
  {
    name: "DELTA 3 Max Plus",
    prefix: "D3M1",
    on: { ...SOC, power_outages_active_flag: 2, pow_get_ac_in: 50, flow_info_ac_in: 2 },
    out: [{ power_outages_active_flag: 1 }, { pow_get_ac_in: 0 }, { flow_info_ac_in: 0 }],
  },
];

for (const { name, prefix, on, out } of APART) {
  for (const isReply of [true, false]) {
    Deno.test(`${name}: an outage told value by value is seen in whatever order (${isReply ? "replies" : "pushes"})`, async () => {
      for (const order of ordersOf(out)) {
        const station = await stationOf(prefix);
        const send = isReply ? station.reply : station.push;
        station.reply(on, 0);
        let at = 1000;
        // A push needs a second word, which the next round brings.
        for (const fields of isReply ? order : [...order, ...order]) send(fields, at += 1000);
        assert.equal(station.state(at).grid_connected, false, JSON.stringify(order));
      }
    });
  }
}
