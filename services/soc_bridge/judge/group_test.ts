/** A STREAM of a group, of one, and one that tells nothing of its own: charge, energy and minutes are of one whole. */
import assert from "node:assert/strict";
import { encodeFrame } from "../../../proto/frame.ts";
import { loadFamily } from "../../../proto/registry.ts";
import { compileModel } from "../models/compiled_model.ts";
import { findModel } from "../models/models.ts";
import { PowerStation } from "./power_station.ts";

const DISPLAY = "DisplayPropertyUpload";
const BMS = "BMSHeartBeatReport";
const PAIRS: Readonly<Record<string, readonly [number, number]>> = {
  [DISPLAY]: [254, 21],
  [BMS]: [32, 50],
  CMSHeartBeatReport: [32, 2],
};
/** 1920 Wh. */
const PACK = { num: 0, soc: 92, full_cap: 100_000, design_cap: 100_000, cell_series_num: 6 };
const LEADER = {
  bms_batt_soc: 92,
  bms_dsg_rem_time: 150,
  cms_batt_soc: 55,
  cms_dsg_rem_time: 700,
  cms_batt_full_energy: 5760,
  grid_connection_power: 0,
};

async function said(...payloads: Readonly<Record<string, object>>[]) {
  const station = new PowerStation({
    sn: "BK11TEST00000001",
    model: await compileModel(findModel("BK11") ?? assert.fail()),
    gridRule: "auto",
    staleAfterMs: 120_000,
  });
  const { schema } = await loadFamily("stream");
  payloads.forEach((messages, i) => {
    const headers = Object.entries(messages).map(([name, fields]) => {
      const [cmd_func, cmd_id] = PAIRS[name] ?? assert.fail(name);
      return { pdata: schema.encode(name, fields as Record<string, unknown>), dest: 32, cmd_func, cmd_id };
    });
    station.accept(encodeFrame(headers), i * 60_000);
  });
  const { soc, discharge_min, battery_wh, battery_design_wh, discharge_min_doubtful } = station.state(
    "s",
    (payloads.length - 1) * 60_000,
    0,
  );
  return { soc, discharge_min, battery_wh, battery_design_wh, discharge_min_doubtful };
}
const NONE = { battery_wh: undefined, battery_design_wh: undefined, discharge_min_doubtful: undefined };

Deno.test("PowerStation says of a group's leader what is its own, and nothing of the group", async () => {
  const own = { soc: 92, discharge_min: 150, ...NONE, battery_design_wh: 1920 };
  assert.deepEqual(await said({ [BMS]: PACK, [DISPLAY]: LEADER }), own);
  assert.deepEqual(await said({ [BMS]: PACK }, { [DISPLAY]: LEADER }), own);
  const { bms_dsg_rem_time: _, ...withoutMinutes } = LEADER;
  assert.equal((await said({ [BMS]: PACK, [DISPLAY]: withoutMinutes })).discharge_min, undefined);
});

Deno.test("PowerStation takes the system's figures of a unit that is alone in its group", async () => {
  const alone = { cms_batt_soc: 92, cms_dsg_rem_time: 400, cms_batt_full_energy: 1900, bms_batt_soc: 92 };
  assert.deepEqual(await said({ [BMS]: PACK, [DISPLAY]: alone }), {
    ...NONE,
    soc: 92,
    discharge_min: 400,
    battery_wh: 1900,
    battery_design_wh: 1920,
  });
});

Deno.test("PowerStation takes the group's figures, all of them, of a unit that tells nothing of its own", async () => {
  const { bms_batt_soc: _, ...group } = LEADER;
  assert.deepEqual(await said({ [DISPLAY]: group }), {
    ...NONE,
    soc: 55,
    discharge_min: 700,
    battery_wh: 5760,
  });
  // A load of which one unit, of 1920 Wh, would be empty in 139 min.
  const { cms_batt_full_energy: __, ...noEnergy } = { ...group, grid_connection_power: 400 };
  const { discharge_min, discharge_min_doubtful } = await said({ [DISPLAY]: noEnergy });
  assert.deepEqual(
    [discharge_min, discharge_min_doubtful],
    [700, undefined],
    "one unit's energy judges nothing",
  );
});

Deno.test("PowerStation never lets the group's charge stand in for a unit's own that is old, or contradict its zero", async () => {
  const quiet = Array.from({ length: 4 }, () => ({ [DISPLAY]: { cms_batt_soc: 55 } }));
  assert.equal((await said({ [BMS]: PACK }, ...quiet)).soc, 92);
  const empty = (soc: number) => ({ [BMS]: { ...PACK, soc }, [DISPLAY]: { cms_batt_soc: 55 } });
  assert.equal((await said(empty(4), empty(2), empty(0), empty(0))).soc, 0);
});

Deno.test("PowerStation doubts no minutes of a unit whose outlets carry a load that it does not tell", async () => {
  const outage = { ...LEADER, bms_dsg_rem_time: 100, grid_connection_sta: 0, grid_connection_vol: 0 };
  const { discharge_min, discharge_min_doubtful } = await said({ [BMS]: PACK, [DISPLAY]: outage });
  assert.deepEqual([discharge_min, discharge_min_doubtful], [100, undefined]);
});
