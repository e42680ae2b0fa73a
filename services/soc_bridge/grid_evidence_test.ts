import assert from "node:assert/strict";
import { type CompiledModel, compileModel } from "./compiled_model.ts";
import { gridEvidence } from "./grid_evidence.ts";
import { findModel } from "./models.ts";
import { Readings } from "./readings.ts";

async function modelOf(prefix: string): Promise<CompiledModel> {
  const spec = findModel(prefix);
  assert.ok(spec);
  return await compileModel(spec);
}

/** One payload with these fields, by the end of their paths. */
function payload(model: CompiledModel, readings: Readings, fields: Record<string, number>): void {
  readings.beginPayload();
  for (const [name, value] of Object.entries(fields)) {
    const slot = model.paths.findIndex((path) => path === name || path.endsWith(`.${name}`));
    assert.notEqual(slot, -1, name);
    readings.set(slot, value, 1);
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
    assert.deepEqual(gridEvidence(model, readings), want);
  });
}

Deno.test("gridEvidence() takes nothing from earlier payloads", async () => {
  const model = await modelOf("R651");
  const readings = new Readings(model.paths.length);
  payload(model, readings, { flow_info_ac_in: 2, plug_in_info_ac_charger_flag: 1 });
  payload(model, readings, { cms_batt_soc: 50 });
  assert.equal(gridEvidence(model, readings), undefined);
  payload(model, readings, { flow_info_ac_in: 0 });
  assert.equal(
    gridEvidence(model, readings)?.present,
    false,
    "the flag of the earlier payload says nothing now",
  );
});

Deno.test("gridEvidence() remembers the other voltage of a pair that arrives key by key", async () => {
  const model = await modelOf("M3");
  const readings = new Readings(model.paths.length);
  payload(model, readings, { "inv.invInVol": 229_000 });
  payload(model, readings, { "inv.acInVol": 0 });
  assert.equal(gridEvidence(model, readings)?.present, true);
});
