/** Energy and minutes are taken of the same whole as the charge: the station's own, or its group's. */
import assert from "node:assert/strict";
import { Packs } from "../decode/packs.ts";
import { Readings } from "../decode/readings.ts";
import { compileModel } from "../models/compiled_model.ts";
import type { ModelSpec, NumberName, PackSpec } from "../models/model_spec.ts";
import { normalize } from "./normalize.ts";

const PACKS: PackSpec = {
  keys: ["main", "slave"],
  soc: ["soc"],
  temp: ["temp"],
  full: "full",
  design: "design",
  capacity: { unit: "Wh" },
};
const OWN_AND_GROUP: ModelSpec["values"] = {
  soc: [{ from: "own_soc" }, { from: "group_soc", of: "group" }],
  battery_wh: [{ from: "group_wh", of: "group" }, { packs: "sum_full" }],
  discharge_min: [{ from: "group_min", of: "group" }, { from: "own_min" }],
};
const SAID = { own_soc: 60, group_soc: 50, group_min: 700, own_min: 150 };
const FULL = { soc: 60, full: 1000 };

const rows: readonly [
  name: string,
  values: ModelSpec["values"],
  said: Readonly<Record<string, number>>,
  packs: readonly object[] | undefined,
  number: NumberName,
  want: number | undefined,
][] = [
  [
    "a group of 5 % more energy is the station alone",
    OWN_AND_GROUP,
    { ...SAID, group_wh: 1050 },
    [FULL],
    "discharge_min",
    700,
  ],
  ["one of more is not", OWN_AND_GROUP, { ...SAID, group_wh: 1050.5 }, [FULL], "discharge_min", 150],
  [
    "a group of 5 % less energy is the station alone",
    OWN_AND_GROUP,
    { ...SAID, group_wh: 950 },
    [FULL],
    "discharge_min",
    700,
  ],
  ["one of less is not", OWN_AND_GROUP, { ...SAID, group_wh: 949.5 }, [FULL], "discharge_min", 150],
  [
    "so is one by the energy that it was built with",
    OWN_AND_GROUP,
    { ...SAID, group_wh: 1000 },
    [{ soc: 60, design: 1000 }],
    "discharge_min",
    700,
  ],
  [
    "a group beside a station whose energy nobody knows is none",
    OWN_AND_GROUP,
    { ...SAID, group_wh: 1000 },
    undefined,
    "discharge_min",
    150,
  ],
  [
    "a group whose energy no table knows is none",
    {
      soc: [{ from: "own_soc" }],
      discharge_min: [{ from: "group_min", of: "group" }, { from: "own_min" }],
    },
    SAID,
    [FULL],
    "discharge_min",
    150,
  ],
  [
    "a group's charge takes the group's minutes",
    OWN_AND_GROUP,
    { group_soc: 50, group_min: 700, own_min: 150 },
    undefined,
    "discharge_min",
    700,
  ],
  [
    "a group's charge takes a battery's minutes where no table knows the group's",
    {
      soc: [{ from: "group_soc", of: "group" }],
      discharge_min: [{ from: "own_min", of: "pack" }],
    },
    { group_soc: 50, own_min: 150 },
    undefined,
    "discharge_min",
    150,
  ],
  [
    "one of two batteries' minutes are not the whole's",
    {
      soc: [{ from: "own_soc" }],
      discharge_min: [{ from: "own_min", of: "pack" }],
    },
    { own_soc: 60, own_min: 150 },
    [FULL, FULL],
    "discharge_min",
    undefined,
  ],
  [
    "the only battery's minutes are",
    {
      soc: [{ from: "own_soc" }],
      discharge_min: [{ from: "own_min", of: "pack" }],
    },
    { own_soc: 60, own_min: 150 },
    [FULL],
    "discharge_min",
    150,
  ],
];
for (const [name, values, said, reported, number, want] of rows) {
  Deno.test(`normalize(): ${name}`, async () => {
    const model = await compileModel({
      model: "test",
      prefixes: ["TEST"],
      role: "station",
      protocol: "json",
      family: "test",
      confidence: "user",
      seen: "test",
      packs: PACKS,
      values,
    });
    const readings = new Readings(model.paths.length);
    readings.beginPayload();
    for (const [key, value] of Object.entries(said)) readings.set(model.paths.indexOf(key), value, 20);
    const packs = reported && new Packs(PACKS);
    for (const [num, fields] of (reported ?? []).entries()) {
      packs?.take(num, { temp: 30, ...fields }, 20);
    }
    assert.equal(normalize(model, readings, packs, 10).numbers.get(number)?.value, want);
  });
}
