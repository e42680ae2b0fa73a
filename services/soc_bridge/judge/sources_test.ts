import assert from "node:assert/strict";
import { compileModel } from "../models/compiled_model.ts";
import { findModel } from "../models/models.ts";
import { Readings } from "../decode/readings.ts";
import type { NumberName } from "../models/model_spec.ts";
import { LEAST_BATTERY_WH, type Packs } from "../decode/packs.ts";
import { asked, numberOf, swapBytes } from "./sources.ts";

const rows: readonly [
  name: string,
  packCount: number | undefined,
  said: number | undefined,
  count: number | undefined,
][] = [
  ["what the station says", 0, 3, 3],
  ["nothing where it says 0", 0, 0, undefined],
  ["nothing where it has not said it", 0, undefined, undefined],
  ["nothing where no table says where", undefined, 3, undefined],
];
for (const [name, packCount, said, count] of rows) {
  Deno.test(`asked() counts as packs ${name}`, async () => {
    const spec = findModel("R651");
    assert.ok(spec);
    const model = { ...await compileModel(spec), packCount };
    const readings = new Readings(1);
    readings.beginPayload();
    if (said !== undefined) readings.set(0, said, 1);
    assert.deepEqual(asked(model, readings, undefined, 7).scope, { count, freshSinceMonoMs: 7 });
  });
}

Deno.test("asked() counts two packs where only a main battery is told that is a part", async () => {
  const model = { ...await compileModel(findModel("R651") ?? assert.fail()), packCount: undefined };
  const packs = { isMainAPart: true, list: () => [{ num: 0 }] } as unknown as Packs;
  assert.equal(asked(model, new Readings(1), packs, 7).scope.count, 2);
});

const BOUNDS: Readonly<Record<Exclude<NumberName, "soc">, readonly [min: number, max: number]>> = {
  ac_in_watts: [-100_000, 100_000],
  ac_in_volts: [0, 1000],
  out_watts: [-100_000, 100_000],
  ac_out_watts: [-100_000, 100_000],
  dc_in_watts: [-100_000, 100_000],
  charge_min: [0, 1_000_000],
  discharge_min: [0, 1_000_000],
  temp_celsius: [-60, 200],
  battery_wh: [LEAST_BATTERY_WH, 1_000_000],
  battery_design_wh: [LEAST_BATTERY_WH, 1_000_000],
  max_soc: [0, 100],
  min_soc: [0, 100],
};
for (const [name, [min, max]] of Object.entries(BOUNDS) as [NumberName, readonly [number, number]][]) {
  Deno.test(`numberOf() takes ${name} from ${min} to ${max}, and nothing beyond`, async () => {
    const model = await compileModel(findModel("R651") ?? assert.fail());
    const found = [min - 0.5, min, max, max + 0.5].map((value) => {
      const readings = new Readings(1);
      readings.beginPayload();
      readings.set(0, value, 1);
      return numberOf(name, { slots: [0] }, asked({ ...model, packCount: undefined }, readings, undefined, 0))
        ?.value;
    });
    assert.deepEqual(found, [undefined, min, max, undefined]);
  });
}

const numbersOf = async (name: NumberName, raw: number, more: object = {}) => {
  const model = { ...await compileModel(findModel("R651") ?? assert.fail()), packCount: undefined };
  const readings = new Readings(1);
  readings.beginPayload();
  readings.set(0, raw, 1);
  return numberOf(name, { slots: [0], ...more }, asked(model, readings, undefined, 0));
};

Deno.test("numberOf() rounds energy to three decimals, and everything else to two", async () => {
  const rounded = async (name: NumberName) => (await numbersOf(name, 245.67891))?.value;
  assert.equal(await rounded("battery_wh"), 245.679);
  assert.equal(await rounded("battery_design_wh"), 245.679);
  assert.equal(await rounded("out_watts"), 245.68);
});

Deno.test("numberOf() takes two minutes for two minutes, also of a battery that has not reported", async () => {
  const model = { ...await compileModel(findModel("R651") ?? assert.fail()), packCount: undefined };
  const readings = { get: () => 2, atMonoMs: () => 1, batteryMissingMonoMs: 1 } as unknown as Readings;
  const minutes = numberOf("discharge_min", { slots: [0] }, asked(model, readings, undefined, 0));
  assert.deepEqual(minutes, { value: 2, atMonoMs: 1 });
});

Deno.test("numberOf() scales no figure of the packs", async () => {
  const model = { ...await compileModel(findModel("R651") ?? assert.fail()), packCount: undefined };
  const packs = { figure: () => ({ value: 500, atMonoMs: 1 }) } as unknown as Packs;
  const source = { packs: "sum_full", scale: 0.001 } as unknown as Parameters<typeof numberOf>[1];
  assert.equal(numberOf("battery_wh", source, asked(model, new Readings(1), packs, 0))?.value, 500);
});

Deno.test("asked() counts no second pack where others than the main one are told", async () => {
  const model = { ...await compileModel(findModel("R651") ?? assert.fail()), packCount: undefined };
  const packs = { isMainAPart: true, list: () => [{ num: 0 }, { num: 1 }] } as unknown as Packs;
  assert.equal(asked(model, new Readings(1), packs, 7).scope.count, undefined);
});

Deno.test("swapBytes() keeps the bytes apart", () => {
  assert.deepEqual([1, 0x100, 0x10000, 0x1000000].map(swapBytes), [0x1000000, 0x10000, 0x100, 1]);
});
