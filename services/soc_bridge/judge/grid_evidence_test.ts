import assert from "node:assert/strict";
import { type CompiledModel, compileModel } from "../models/compiled_model.ts";
import { gridEvidence } from "./grid_evidence.ts";
import { findModel } from "../models/models.ts";
import { Readings } from "../decode/readings.ts";

async function modelOf(prefix: string): Promise<CompiledModel> {
  const spec = findModel(prefix);
  assert.ok(spec);
  return await compileModel(spec);
}

/** One payload with these fields, by the end of their paths. */
function payload(
  model: CompiledModel,
  readings: Readings,
  fields: Record<string, number>,
  atMonoMs = 1,
): void {
  readings.beginPayload();
  for (const [name, value] of Object.entries(fields)) {
    const slot = model.paths.findIndex((path) => path === name || path.endsWith(`.${name}`));
    assert.notEqual(slot, -1, name);
    readings.set(slot, value, atMonoMs);
  }
}

interface Row {
  name: string;
  sn: string;
  fields: Record<string, number>;
  want: { present: boolean; decisive: boolean; evidence: string } | undefined;
}

const present = (evidence: string) => ({ present: true, decisive: true, evidence });
const absent = (evidence: string) => ({ present: false, decisive: true, evidence });
const weak = (evidence: string) => ({ present: false, decisive: false, evidence });

const ROWS: Row[] = [
  { name: "flow 2", sn: "R651", fields: { flow_info_ac_in: 2 }, want: present("flow_info_ac_in=2") },
  { name: "flow 0", sn: "R651", fields: { flow_info_ac_in: 0 }, want: absent("flow_info_ac_in=0") },
  {
    name: "flow 12 is unplugged",
    sn: "P231",
    fields: { flow_info_ac_in: 12 },
    want: absent("flow_info_ac_in=12"),
  },
  { name: "flow 14", sn: "P231", fields: { flow_info_ac_in: 14 }, want: present("flow_info_ac_in=14") },
  { name: "watts above 2", sn: "R651", fields: { pow_get_ac_in: 2.1 }, want: present("pow_get_ac_in=2.1") },
  { name: "2 W prove nothing", sn: "R651", fields: { pow_get_ac_in: 2 }, want: weak("pow_get_ac_in=2") },
  {
    name: "a flag beats a flow of 0",
    sn: "R651",
    fields: { flow_info_ac_in: 0, plug_in_info_ac_charger_flag: 1 },
    want: present("plug_in_info_ac_charger_flag=1"),
  },
  {
    name: "the decisive sign is named",
    sn: "R651",
    fields: { pow_get_ac_in: 0, flow_info_ac_in: 0 },
    want: absent("flow_info_ac_in=0"),
  },
  {
    name: "a clear charger flag means nothing on DELTA 3",
    sn: "P231",
    fields: { plug_in_info_ac_charger_flag: 0 },
    want: undefined,
  },
  {
    name: "a plug that is in shows no grid",
    sn: "P231",
    fields: { plug_in_info_ac_in_flag: 1, flow_info_ac_in: 0 },
    want: absent("flow_info_ac_in=0"),
  },
  {
    name: "a plug that is out shows none",
    sn: "P231",
    fields: { plug_in_info_ac_in_flag: 0 },
    want: absent("plug_in_info_ac_in_flag=0"),
  },
  {
    name: "7.3 V of noise",
    sn: "P231",
    fields: { plug_in_info_ac_in_vol: 7.3 },
    want: weak("plug_in_info_ac_in_vol=7.3"),
  },
  { name: "no indicator", sn: "R651", fields: { cms_batt_soc: 50 }, want: undefined },
  { name: "40 V", sn: "DCE", fields: { "inv.acInVol": 40_000 }, want: present("inv.acInVol=40000") },
  { name: "39.9 V", sn: "DCE", fields: { "inv.acInVol": 39_900 }, want: absent("inv.acInVol=39900") },
  {
    name: "0 W at 230 V",
    sn: "R331",
    fields: { "inv.inputWatts": 0, "inv.acInVol": 230_200 },
    want: present("inv.acInVol=230200"),
  },
  { name: "0 W alone", sn: "R331", fields: { "inv.inputWatts": 0 }, want: weak("inv.inputWatts=0") },
  {
    name: "one of two voltages",
    sn: "M3",
    fields: { "inv.acInVol": 0, "inv.invInVol": 229_000 },
    want: present("inv.invInVol=229000"),
  },
  {
    name: "swapped bytes",
    sn: "R5AA",
    fields: { "inv.invInVol": 324_403_968 },
    want: present("inv.invInVol=324403968"),
  },
  {
    name: "state 3 feeds the grid",
    sn: "BK11",
    fields: { grid_connection_sta: 3 },
    want: present("grid_connection_sta=3"),
  },
  {
    name: "state 2 is not online",
    sn: "BK11",
    fields: { grid_connection_sta: 2 },
    want: absent("grid_connection_sta=2"),
  },
];

for (const { name, sn, fields, want } of ROWS) {
  Deno.test(`gridEvidence() ${sn}: ${name}`, async () => {
    const model = await modelOf(sn);
    const readings = new Readings(model.paths.length);
    payload(model, readings, fields);
    assert.deepEqual(gridEvidence(model, readings, 0), want);
  });
}

Deno.test("gridEvidence() takes nothing from earlier payloads", async () => {
  const model = await modelOf("R651");
  const readings = new Readings(model.paths.length);
  payload(model, readings, { flow_info_ac_in: 2, plug_in_info_ac_charger_flag: 1 });
  payload(model, readings, { cms_batt_soc: 50 });
  assert.equal(gridEvidence(model, readings, 0), undefined);
  payload(model, readings, { flow_info_ac_in: 0 });
  assert.equal(
    gridEvidence(model, readings, 0)?.present,
    false,
    "the flag of the earlier payload says nothing now",
  );
});

const EARLIER_MS = 5000;
const PAIRS: (Row & { earlier: Record<string, number>; freshSinceMonoMs: number })[] = [
  {
    name: "remembers the other voltage of a pair that arrives key by key, up to the limit",
    sn: "M3",
    earlier: { "inv.invInVol": 229_000 },
    fields: { "inv.acInVol": 0 },
    freshSinceMonoMs: EARLIER_MS,
    want: { present: true, decisive: false, evidence: "inv.invInVol=229000" },
  },
  {
    name: "forgets the other voltage 1 ms behind the limit",
    sn: "M3",
    earlier: { "inv.invInVol": 229_000 },
    fields: { "inv.acInVol": 0 },
    freshSinceMonoMs: EARLIER_MS + 1,
    want: absent("inv.acInVol=0"),
  },
  {
    name: "remembers in the other order",
    sn: "M3",
    earlier: { "inv.acInVol": 229_000 },
    fields: { "inv.invInVol": 0 },
    freshSinceMonoMs: EARLIER_MS,
    want: { present: true, decisive: false, evidence: "inv.acInVol=229000" },
  },
  {
    name: "takes the voltage that is there, not a larger one from before",
    sn: "M3",
    earlier: { "inv.invInVol": 229_000 },
    fields: { "inv.acInVol": 118_000 },
    freshSinceMonoMs: EARLIER_MS,
    want: present("inv.acInVol=118000"),
  },
  {
    name: "names what the payload says, not larger noise from before",
    sn: "M3",
    earlier: { "inv.invInVol": 7_200 },
    fields: { "inv.acInVol": 0 },
    freshSinceMonoMs: EARLIER_MS,
    want: absent("inv.acInVol=0"),
  },
  {
    name: "lets watts that are there win over a memory of volts",
    sn: "M3",
    earlier: { "inv.invInVol": 229_000 },
    fields: { "inv.acInVol": 0, "inv.inputWatts": 51 },
    freshSinceMonoMs: EARLIER_MS,
    want: present("inv.inputWatts=51"),
  },
  {
    name: "remembers the other input",
    sn: "Y711",
    earlier: { in_ac_c20_vol: 230 },
    fields: { in_ac_5p8_vol: 0 },
    freshSinceMonoMs: EARLIER_MS,
    want: { present: true, decisive: false, evidence: "in_ac_c20_vol=230" },
  },
  {
    name: "forgets the other input behind the limit",
    sn: "Y711",
    earlier: { in_ac_c20_vol: 230 },
    fields: { in_ac_5p8_vol: 0 },
    freshSinceMonoMs: EARLIER_MS + 1,
    want: absent("in_ac_5p8_vol=0"),
  },
];

for (const { name, sn, earlier, fields, freshSinceMonoMs, want } of PAIRS) {
  Deno.test(`gridEvidence() ${sn}: ${name}`, async () => {
    const model = await modelOf(sn);
    const readings = new Readings(model.paths.length);
    payload(model, readings, earlier, EARLIER_MS);
    payload(model, readings, fields, EARLIER_MS + 1000);
    assert.deepEqual(gridEvidence(model, readings, freshSinceMonoMs), want);
  });
}
