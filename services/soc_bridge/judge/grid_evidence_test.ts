import assert from "node:assert/strict";
import { type CompiledModel, compileModel } from "../models/compiled_model.ts";
import { gridEvidence, outageSign } from "./grid_evidence.ts";
import { FIELD_UNTOLD_MS } from "./grid_support.ts";
import { findModel } from "../models/models.ts";
import type { GridIndication } from "./grid.ts";
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
  want: GridIndication | undefined;
  isReply?: true;
}

const present = (evidence: string) => ({ present: true, decisive: true, evidence });
const absent = (evidence: string) => ({ present: false, decisive: true, evidence });
const alone = (evidence: string) => ({ ...absent(evidence), isAlone: true as const });

const ROWS: Row[] = [
  { name: "flow 2", sn: "R651", fields: { flow_info_ac_in: 2 }, want: present("flow_info_ac_in=2") },
  { name: "flow 0 proves nothing", sn: "R651", fields: { flow_info_ac_in: 0 }, want: undefined },
  { name: "flow 12 proves nothing", sn: "P231", fields: { flow_info_ac_in: 12 }, want: undefined },
  { name: "flow 14", sn: "P231", fields: { flow_info_ac_in: 14 }, want: present("flow_info_ac_in=14") },
  { name: "watts above 2", sn: "R651", fields: { pow_get_ac_in: 2.1 }, want: present("pow_get_ac_in=2.1") },
  { name: "2 W prove nothing", sn: "R651", fields: { pow_get_ac_in: 2 }, want: undefined },
  {
    name: "a flag beats a flow of 0 and no watts: idle on the grid",
    sn: "R655",
    fields: { flow_info_ac_in: 0, plug_in_info_ac_charger_flag: 1, pow_get_ac_in: 0 },
    want: present("plug_in_info_ac_charger_flag=1"),
  },
  {
    name: "neither flag nor watts: the outage",
    sn: "R655",
    fields: { flow_info_ac_in: 0, plug_in_info_ac_charger_flag: 0, pow_get_ac_in: 0 },
    want: absent("plug_in_info_ac_charger_flag=0, pow_get_ac_in=0"),
  },
  {
    name: "2 W and no flag",
    sn: "R655",
    fields: { plug_in_info_ac_charger_flag: 0, pow_get_ac_in: 2, flow_info_ac_in: 12 },
    want: absent("plug_in_info_ac_charger_flag=0, pow_get_ac_in=2"),
  },
  {
    name: "the flag is late at the return, watts win",
    sn: "R655",
    fields: { flow_info_ac_in: 0, plug_in_info_ac_charger_flag: 0, pow_get_ac_in: 88.9 },
    want: present("pow_get_ac_in=88.9"),
  },
  {
    name: "a flag of 0 without watts decides nothing",
    sn: "R655",
    fields: { flow_info_ac_in: 0, plug_in_info_ac_charger_flag: 0 },
    want: undefined,
  },
  {
    name: "a battery that discharges decides nothing, not even in a reply",
    sn: "R655",
    fields: { sys_chg_dsg_state: 1 },
    isReply: true,
    want: undefined,
  },
  {
    name: "volts while the sun carries the load",
    sn: "P351",
    fields: { flow_info_ac_in: 4, pow_get_ac_in: 0, plug_in_info_ac_in_vol: 237.4 },
    want: present("plug_in_info_ac_in_vol=237.4"),
  },
  {
    name: "7.3 V of noise",
    sn: "P231",
    fields: { plug_in_info_ac_in_vol: 7.3 },
    want: alone("plug_in_info_ac_in_vol=7.3"),
  },
  {
    name: "a plug that is in",
    sn: "P231",
    fields: { plug_in_info_ac_in_flag: 1, flow_info_ac_in: 0 },
    want: present("plug_in_info_ac_in_flag=1"),
  },
  {
    name: "the CMS plug flag",
    sn: "P351",
    fields: { chg_line_plug_in_flag: 1 },
    want: present("chg_line_plug_in_flag=1"),
  },
  {
    name: "no sign at all in a push",
    sn: "P351",
    fields: { flow_info_ac_in: 4, pow_get_ac_in: 0, plug_in_info_ac_in_flag: 0, chg_line_plug_in_flag: 0 },
    want: undefined,
  },
  {
    name: "no sign at all in a reply without volts",
    sn: "P351",
    fields: { flow_info_ac_in: 4, pow_get_ac_in: 0, plug_in_info_ac_in_flag: 0, chg_line_plug_in_flag: 0 },
    isReply: true,
    want: alone("flow_info_ac_in=4, pow_get_ac_in=0, plug_in_info_ac_in_flag=0, chg_line_plug_in_flag=0"),
  },
  {
    name: "a reply that lacks one of the signs",
    sn: "P351",
    fields: { flow_info_ac_in: 4, pow_get_ac_in: 0, plug_in_info_ac_in_flag: 0 },
    isReply: true,
    want: undefined,
  },
  {
    name: "the outage flag says 1",
    sn: "D3M1",
    fields: { power_outages_active_flag: 1 },
    want: alone("power_outages_active_flag=1"),
  },
  {
    name: "the outage flag says 2",
    sn: "D511",
    fields: { power_outages_active_flag: 2 },
    want: present("power_outages_active_flag=2"),
  },
  { name: "the outage flag says 0", sn: "D3M1", fields: { power_outages_active_flag: 0 }, want: undefined },
  {
    name: "neither flag nor watts",
    sn: "MR51",
    fields: { plug_in_info_ac_charger_flag: 0, pow_get_ac_in: 0, flow_info_ac_in: 0 },
    want: absent("plug_in_info_ac_charger_flag=0, pow_get_ac_in=0"),
  },
  {
    name: "the same beside a CMS plug flag of 1 is not decided",
    sn: "MR51",
    fields: { plug_in_info_ac_charger_flag: 0, pow_get_ac_in: 0, chg_line_plug_in_flag: 1 },
    isReply: true,
    want: undefined,
  },
  { name: "no indicator", sn: "R651", fields: { cms_batt_soc: 50 }, want: undefined },
  { name: "40 V", sn: "DCE", fields: { "inv.acInVol": 40_000 }, want: present("inv.acInVol=40000") },
  {
    name: "39.9 V and no watts",
    sn: "DCE",
    fields: { "inv.acInVol": 39_900, "inv.inputWatts": 0 },
    want: absent("inv.acInVol=39900"),
  },
  { name: "0 V alone", sn: "DCE", fields: { "inv.acInVol": 0 }, want: alone("inv.acInVol=0") },
  {
    name: "0 V beside 120 W",
    sn: "R331",
    fields: { "inv.acInVol": 0, "inv.inputWatts": 120 },
    want: { ...present("inv.inputWatts=120"), denied: "inv.acInVol=0" },
  },
  {
    name: "0 V beside 120 W in a reply, which has answered",
    sn: "R331",
    fields: { "inv.acInVol": 0, "inv.inputWatts": 120 },
    isReply: true,
    want: present("inv.inputWatts=120"),
  },
  {
    name: "no volts and no other sign",
    sn: "P351",
    fields: {
      plug_in_info_ac_in_vol: 0,
      flow_info_ac_in: 4,
      pow_get_ac_in: 0,
      plug_in_info_ac_in_flag: 0,
      chg_line_plug_in_flag: 0,
    },
    want: absent("plug_in_info_ac_in_vol=0"),
  },
  {
    name: "0 W at 230 V",
    sn: "R331",
    fields: { "inv.inputWatts": 0, "inv.acInVol": 230_200 },
    want: present("inv.acInVol=230200"),
  },
  { name: "0 W alone", sn: "R331", fields: { "inv.inputWatts": 0 }, want: undefined },
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
    name: "state 2 is not online, and no volts",
    sn: "BK11",
    fields: { grid_connection_sta: 2, grid_connection_vol: 0 },
    want: absent("grid_connection_sta=2, grid_connection_vol=0"),
  },
  { name: "state 2 alone decides nothing", sn: "BK11", fields: { grid_connection_sta: 2 }, want: undefined },
  {
    name: "one of two inlets decides nothing",
    sn: "Y711",
    fields: { in_ac_c20_vol: 0 },
    want: undefined,
  },
];

for (const { name, sn, fields, want, isReply = false } of ROWS) {
  Deno.test(`gridEvidence() ${sn}: ${name}`, async () => {
    const model = await modelOf(sn);
    const readings = new Readings(model.paths.length);
    payload(model, readings, fields);
    assert.deepEqual(gridEvidence(model, readings, 0, isReply), want);
  });
}

Deno.test("gridEvidence() takes nothing from earlier payloads", async () => {
  const model = await modelOf("R651");
  const readings = new Readings(model.paths.length);
  payload(model, readings, { flow_info_ac_in: 2, plug_in_info_ac_charger_flag: 1 });
  payload(model, readings, { cms_batt_soc: 50 });
  assert.equal(gridEvidence(model, readings, 0), undefined);
  payload(model, readings, { plug_in_info_ac_charger_flag: 0, pow_get_ac_in: 0 }, 2);
  const denied = "plug_in_info_ac_charger_flag=0, pow_get_ac_in=0";
  assert.deepEqual(
    gridEvidence(model, readings, 0),
    { present: true, decisive: false, evidence: "flow_info_ac_in=2", denied },
    "a fresh flow contradicts, and is no new word",
  );
  assert.equal(gridEvidence(model, readings, 2)?.present, false, "an old one does not");
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
    name:
      "forgets the other voltage 1 ms behind the limit, and lets the one that never showed the grid say nothing",
    sn: "M3",
    earlier: { "inv.invInVol": 229_000 },
    fields: { "inv.acInVol": 0 },
    freshSinceMonoMs: EARLIER_MS + 1,
    want: undefined,
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
    fields: { "inv.acInVol": 0, "inv.inputWatts": 0 },
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
    want: undefined,
  },
  {
    name: "knows both inlets",
    sn: "Y711",
    earlier: { in_ac_c20_vol: 0 },
    fields: { in_ac_5p8_vol: 0, in_ac_c20_pwr: 0, in_ac_5p8_pwr: 0 },
    freshSinceMonoMs: EARLIER_MS,
    want: absent("in_ac_5p8_vol=0"),
  },
  {
    name: "takes the watts from before",
    sn: "R655",
    earlier: { pow_get_ac_in: 0 },
    fields: { plug_in_info_ac_charger_flag: 0, flow_info_ac_in: 0 },
    freshSinceMonoMs: EARLIER_MS,
    want: absent("plug_in_info_ac_charger_flag=0, pow_get_ac_in=0"),
  },
  {
    name: "takes no watts from behind the limit",
    sn: "R655",
    earlier: { pow_get_ac_in: 0 },
    fields: { plug_in_info_ac_charger_flag: 0 },
    freshSinceMonoMs: EARLIER_MS + 1,
    want: undefined,
  },
  {
    name: "takes watts from before for the grid",
    sn: "R655",
    earlier: { pow_get_ac_in: 38.6 },
    fields: { plug_in_info_ac_charger_flag: 0 },
    freshSinceMonoMs: EARLIER_MS,
    want: undefined,
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

Deno.test("gridEvidence() believes the loss of a field of several that has shown the grid itself", async () => {
  const model = await modelOf("M3");
  const readings = new Readings(model.paths.length);
  payload(model, readings, { "inv.acInVol": 229_000 }, 1);
  assert.deepEqual(gridEvidence(model, readings, 0), present("inv.acInVol=229000"));
  payload(model, readings, { "inv.acInVol": 0 }, 2);
  assert.deepEqual(gridEvidence(model, readings, 0), absent("inv.acInVol=0"));
  payload(model, readings, { "inv.acInVol": 0, "inv.invInVol": 0 }, 3);
  assert.equal(gridEvidence(model, readings, 0)?.present, false);
});

const SIGNS: {
  name: string;
  sn: string;
  before: Record<string, number>;
  now: Record<string, number>;
  want?: string;
}[] = [
  {
    name: "watts that fall",
    sn: "R655",
    before: { pow_get_ac_in: 51 },
    now: { pow_get_ac_in: 0 },
    want: "pow_get_ac_in=0",
  },
  { name: "watts that stay at 0", sn: "R655", before: { pow_get_ac_in: 0 }, now: { pow_get_ac_in: 0 } },
  { name: "watts that rise", sn: "R655", before: { pow_get_ac_in: 0 }, now: { pow_get_ac_in: 51 } },
  {
    name: "a flow that ends",
    sn: "P351",
    before: { flow_info_ac_in: 14 },
    now: { flow_info_ac_in: 12 },
    want: "flow_info_ac_in=12",
  },
  {
    name: "a battery that begins to discharge",
    sn: "R655",
    before: { sys_chg_dsg_state: 0 },
    now: { sys_chg_dsg_state: 1 },
    want: "sys_chg_dsg_state=1",
  },
  {
    name: "a battery that goes on",
    sn: "R655",
    before: { sys_chg_dsg_state: 1 },
    now: { sys_chg_dsg_state: 1 },
  },
  {
    name: "a first word that shows no grid",
    sn: "R655",
    before: {},
    now: { sys_chg_dsg_state: 1 },
    want: "sys_chg_dsg_state=1",
  },
  {
    name: "a flag that would decide, each time",
    sn: "R655",
    before: { plug_in_info_ac_charger_flag: 0 },
    now: { plug_in_info_ac_charger_flag: 0 },
    want: "plug_in_info_ac_charger_flag=0",
  },
  { name: "what is not in the payload", sn: "R655", before: { pow_get_ac_in: 0 }, now: { cms_batt_soc: 50 } },
];

for (const { name, sn, before, now, want } of SIGNS) {
  Deno.test(`outageSign() ${sn}: ${name}`, async () => {
    const model = await modelOf(sn);
    const readings = new Readings(model.paths.length);
    payload(model, readings, before);
    payload(model, readings, now);
    assert.equal(outageSign(model, readings), want);
  });
}

const order: readonly [
  name: string,
  absent: readonly ("confirms" | "decides")[],
  evidence: string,
  decisive: boolean,
][] = [
  ["the decisive one that stands after a weak one", ["confirms", "decides"], "b=0", true],
  ["the decisive one that stands before a weak one", ["decides", "confirms"], "a=0", true],
  ["the first of two decisive ones", ["decides", "decides"], "a=0", true],
  ["the first of two weak ones", ["confirms", "confirms"], "a=0", false],
];
for (const [name, absents, evidence, decisive] of order) {
  Deno.test(`gridEvidence() takes ${name}`, async () => {
    const base = await modelOf("R651");
    const model: CompiledModel = {
      ...base,
      paths: ["a", "b"],
      grid: absents.map((absent, slot) => ({
        slots: [slot],
        present: { above: 0 },
        absent,
        needs: [],
        others: [],
      })),
    };
    const readings = new Readings(model.paths.length);
    payload(model, readings, { a: 0, b: 0 });
    assert.deepEqual(gridEvidence(model, readings, 0), { present: false, decisive, evidence });
    // A presence beats both, wherever it stands.
    payload(model, readings, { a: 0, b: 1 }, 2);
    const denied = absents[0] === "decides" ? { denied: "a=0" } : {};
    assert.deepEqual(gridEvidence(model, readings, 0), { ...present("b=1"), ...denied });
  });
}

Deno.test("gridEvidence() believes volts that have shown the grid, until they deny it beside watts", async () => {
  const model = await modelOf("P351");
  const readings = new Readings(model.paths.length);
  const VOLTS = "plug_in_info_ac_in_vol";
  payload(model, readings, { [VOLTS]: 237 }, 1);
  gridEvidence(model, readings, 0);
  payload(model, readings, { [VOLTS]: 0 }, 2);
  assert.deepEqual(gridEvidence(model, readings, 0), absent(`${VOLTS}=0`));
  payload(model, readings, { [VOLTS]: 0, pow_get_ac_in: 120 }, 3);
  assert.deepEqual(gridEvidence(model, readings, 0), {
    ...present("pow_get_ac_in=120"),
    denied: `${VOLTS}=0`,
  });
  payload(model, readings, { [VOLTS]: 0 }, 4);
  assert.deepEqual(gridEvidence(model, readings, 0), {
    present: true,
    decisive: false,
    evidence: "pow_get_ac_in=120",
    denied: `${VOLTS}=0`,
  });
  assert.deepEqual(gridEvidence(model, readings, 4), alone(`${VOLTS}=0`), "the watts are old");
});

Deno.test("gridEvidence() leaves a loss alone until a field was missing for 90 s, and for ever where it showed the grid", async () => {
  const model = await modelOf("DCE");
  const gone = (readings: Readings, atMonoMs: number) => {
    payload(model, readings, { "inv.acInVol": 0 }, atMonoMs);
    return gridEvidence(model, readings, atMonoMs - 120_000);
  };
  const never = new Readings(model.paths.length);
  assert.deepEqual(gone(never, 1000), alone("inv.acInVol=0"));
  assert.deepEqual(gone(never, 1000 + FIELD_UNTOLD_MS - 1), alone("inv.acInVol=0"));
  assert.deepEqual(gone(never, 1000 + FIELD_UNTOLD_MS), absent("inv.acInVol=0"));
  const once = new Readings(model.paths.length);
  payload(model, once, { "inv.inputWatts": 120 }, 0);
  gridEvidence(model, once, 0);
  for (const atMonoMs of [120_001, 240_000, 3_600_000]) {
    assert.deepEqual(gone(once, atMonoMs), alone("inv.acInVol=0"));
  }
});

Deno.test("gridEvidence() takes a loss that waits together with what could have contradicted it", async () => {
  const model = await modelOf("DCE");
  const readings = new Readings(model.paths.length);
  payload(model, readings, { "inv.acInVol": 0 }, 1);
  assert.deepEqual(gridEvidence(model, readings, 0), alone("inv.acInVol=0"));
  payload(model, readings, { "inv.inputWatts": 0 }, 2);
  assert.equal(gridEvidence(model, readings, 0), undefined, "nothing waits");
  assert.deepEqual(gridEvidence(model, readings, 0, false, true), absent("inv.acInVol=0"));
  assert.equal(gridEvidence(model, readings, 2, false, true), undefined, "the volts are old");
});
