import assert from "node:assert/strict";
import { PACK_GONE_MS, Packs } from "./packs.ts";
import { BMS_PACKS } from "../models/families/property_upload.ts";

const report = (soc: number, extra: Record<string, unknown> = {}) => ({
  f32_show_soc: soc,
  max_cell_temp: 30,
  design_cap: 12_800,
  full_cap: 12_800,
  cell_series_num: 7,
  ...extra,
});

Deno.test("Packs.take() keeps packs apart and adds them up", () => {
  const packs = new Packs(BMS_PACKS);
  packs.take(0, report(60), 1);
  packs.take(1, report(80, { max_cell_temp: 41 }), 2);
  assert.deepEqual(packs.list().map((p) => [p.num, p.soc, p.tempCelsius]), [[0, 60, 30], [1, 80, 41]]);
  assert.equal(packs.figure("main_soc")?.value, 60);
  assert.equal(packs.figure("mean_soc")?.value, 70);
  assert.deepEqual(packs.figure("max_temp"), { value: 41, atMonoMs: 2 });
  assert.equal(packs.figure("sum_full")?.value.toFixed(2), "573.44");
  assert.equal(packs.figure("main_full")?.value.toFixed(2), "286.72");
});

Deno.test("Packs.figure() weighs the mean charge by capacity, and knows none without that of every pack", () => {
  const packs = new Packs(BMS_PACKS);
  packs.take(0, report(90), 1);
  packs.take(1, report(30, { full_cap: 38_400 }), 2);
  assert.deepEqual(packs.figure("mean_soc"), { value: 45, atMonoMs: 2 });
  packs.take(2, { f32_show_soc: 30 }, 3);
  assert.equal(packs.figure("mean_soc"), undefined);
  packs.take(2, { design_cap: 12_800, cell_series_num: 7 }, 4);
  assert.deepEqual(packs.figure("mean_soc"), { value: 42, atMonoMs: 3 }, "a design capacity is one too");
  assert.equal(new Packs(BMS_PACKS).figure("mean_soc"), undefined);
});

Deno.test("Packs.figure() says nothing of the whole while a pack is missing or its charge is old", () => {
  const packs = new Packs(BMS_PACKS);
  packs.take(0, report(8), 100);
  const whole = (count: number | undefined, freshSinceMonoMs: number) => ({
    soc: packs.figure("mean_soc", { count, freshSinceMonoMs })?.value,
    wh: packs.figure("sum_full", { count, freshSinceMonoMs })?.value.toFixed(2),
  });
  assert.deepEqual(whole(undefined, 0), { soc: 8, wh: "286.72" });
  assert.deepEqual(whole(1, 100), { soc: 8, wh: "286.72" });
  assert.deepEqual(whole(1, 101), { soc: undefined, wh: "286.72" }, "old by one ms; capacities last");
  assert.deepEqual(whole(2, 0), { soc: undefined, wh: undefined }, "the station says that it has two");
  packs.take(1, report(56), 200);
  assert.deepEqual(whole(2, 100), { soc: 32, wh: "573.44" });
  assert.deepEqual(whole(2, 101), { soc: undefined, wh: "573.44" });
  assert.deepEqual(whole(undefined, 101), { soc: undefined, wh: "573.44" });
  packs.take(2, { max_cell_temp: 20 }, 300);
  assert.deepEqual(
    whole(undefined, 0),
    { soc: undefined, wh: undefined },
    "a third one of which little is known",
  );
});

Deno.test("Packs.take() lets a charge of 0 yield to another field of the same report", () => {
  const packs = new Packs(BMS_PACKS);
  packs.take(0, report(0, { soc: 65 }), 1);
  assert.equal(packs.figure("mean_soc")?.value, 65);
  packs.take(0, report(0, { soc: 0 }), 2);
  assert.equal(packs.figure("mean_soc")?.value, 0);
});

Deno.test("Packs.take() keeps the age of a charge that a part of a report lacks", () => {
  const packs = new Packs(BMS_PACKS);
  packs.take(0, report(60), 1);
  packs.take(0, { max_cell_temp: 35 }, 9);
  assert.deepEqual(packs.figure("main_soc"), { value: 60, atMonoMs: 1 });
  assert.deepEqual(packs.figure("mean_soc"), { value: 60, atMonoMs: 1 });
  assert.deepEqual(packs.figure("max_temp"), { value: 35, atMonoMs: 9 });
  packs.take(0, { f32_show_soc: 59 }, 10);
  assert.deepEqual(packs.figure("main_soc"), { value: 59, atMonoMs: 10 });
  assert.deepEqual(packs.figure("max_temp"), { value: 35, atMonoMs: 9 });
});

Deno.test("Packs.take() ignores a pack that has not reported yet and impossible numbers", () => {
  const packs = new Packs(BMS_PACKS);
  assert.equal(packs.take(1, report(0, { full_cap: 0 }), 1), false);
  for (const num of [-1, 32, 1.5, NaN]) assert.equal(packs.take(num, report(50), 1), false, String(num));
  assert.equal(packs.take(0, { f32_show_soc: 101, max_cell_temp: 250 }, 1), false);
  assert.equal(packs.figure("main_soc"), undefined);
  assert.deepEqual(packs.list(), []);
});

Deno.test("Packs.take() takes a serial number and no debris", () => {
  const packs = new Packs(BMS_PACKS);
  packs.take(0, report(50, { bms_sn: "R631TEST00000001" }), 1);
  packs.take(1, report(50, { bms_sn: "A(OTA_INFO_DATA" }), 1);
  assert.deepEqual(packs.list().map((p) => p.sn), ["R631TEST00000001", undefined]);
});

Deno.test("Packs.list() drops a pack that no longer reports while others do", () => {
  const packs = new Packs(BMS_PACKS);
  packs.take(0, report(50), 0);
  packs.take(1, report(50), 0);
  packs.take(0, report(50), PACK_GONE_MS - 1);
  assert.equal(packs.list().length, 2);
  packs.take(0, report(50), PACK_GONE_MS);
  assert.deepEqual(packs.list().map((p) => p.num), [0]);
});

Deno.test("Packs.keepOnly() forgets packs that a full list does not name", () => {
  const packs = new Packs(BMS_PACKS);
  packs.take(1, report(50), 0);
  packs.take(2, report(50), 0);
  packs.keepOnly([2]);
  assert.deepEqual(packs.list().map((p) => p.num), [2]);
});

Deno.test("Packs keeps the energy that it knew when a report gives one that no battery has", () => {
  for (const damage of [{ cell_series_num: 0 }, { full_cap: 1 }, { full_cap: 1, cell_series_num: 0 }]) {
    const packs = new Packs(BMS_PACKS);
    packs.take(0, report(60), 1);
    packs.take(0, report(59, damage), 2);
    assert.equal(packs.figure("sum_full")?.value.toFixed(2), "286.72", JSON.stringify(damage));
    assert.equal(packs.figure("main_soc")?.value, 59);
    const unknown = new Packs(BMS_PACKS);
    unknown.take(0, report(60, damage), 1);
    assert.equal(unknown.figure("sum_full"), undefined, "never 0");
    unknown.take(0, report(60), 2);
    assert.equal(unknown.figure("sum_full")?.value.toFixed(2), "286.72");
  }
});

Deno.test("Packs.isMainAPart remembers that another battery spoke, or that the whole was told apart", () => {
  const packs = new Packs(BMS_PACKS);
  packs.take(0, report(8), 100);
  packs.noteWhole(18, 100);
  assert.equal(packs.isMainAPart, false, "10 points apart");
  packs.noteWhole(32, 101);
  assert.equal(packs.isMainAPart, false, "the main battery's charge is older");
  packs.noteWhole(18.1, 100);
  assert.equal(packs.isMainAPart, true);
  const two = new Packs(BMS_PACKS);
  two.take(0, report(8), 1);
  two.take(1, report(56), 1);
  assert.equal(two.isMainAPart, true);
  two.keepOnly([0]);
  assert.equal(two.isMainAPart, false, "a list that names them all has one");
});

Deno.test("Packs.figure() leaves a battery out that was taken away, when the station counts one less", () => {
  const packs = new Packs(BMS_PACKS);
  packs.take(0, report(20), 1);
  packs.take(1, report(80), 1);
  packs.take(0, report(20), 2);
  const scope = { count: 1, freshSinceMonoMs: 0 };
  assert.equal(packs.figure("sum_full", scope)?.value.toFixed(2), "286.72");
  assert.equal(packs.figure("mean_soc", scope)?.value, 20);
  const three = new Packs(BMS_PACKS);
  three.take(0, report(20), 1);
  three.take(1, report(40), 1);
  three.take(2, report(80), 5);
  assert.equal(three.figure("mean_soc", { count: 2, freshSinceMonoMs: 0 })?.value, 50, "the newest stays");
});
