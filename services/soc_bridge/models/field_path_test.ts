import assert from "node:assert/strict";
import { asNumber, camelCases, numberAt, parsePath } from "./field_path.ts";

Deno.test("numberAt() follows a path and knows unsent from 0", () => {
  const fields = {
    a: 0,
    b: { c: 1.5 },
    list: [{ t: 3 }, { t: 9 }, {}, { t: "x" }],
    on: true,
    text: "5",
    bad: NaN,
  };
  const rows: [string, number | undefined][] = [
    ["a", 0],
    ["b.c", 1.5],
    ["on", 1],
    ["list[].t", 9],
    ["list[].nothing", undefined],
    ["b.d", undefined],
    ["x.y", undefined],
    ["b", undefined],
    ["text", undefined],
    ["bad", undefined],
    ["toString", undefined],
    ["a[].t", undefined],
  ];
  for (const [path, want] of rows) assert.equal(numberAt(fields, parsePath(path)), want, path);
});

Deno.test("asNumber() takes numbers and booleans only", () => {
  const rows = [[1, 1], [true, 1], [false, 0], ["1", undefined], [null, undefined], [Infinity, undefined]];
  for (const [value, want] of rows) assert.equal(asNumber(value), want, String(value));
});

Deno.test("camelCases() knows both spellings of digits", () => {
  const rows: [string, string[]][] = [
    ["cms_batt_soc", ["cmsBattSoc"]],
    ["soc", ["soc"]],
    ["out_ac_l1_1_pwr", ["outAcL1_1Pwr", "outAcL11Pwr"]],
    ["plug_in_info_12v_vol", ["plugInInfo_12vVol", "plugInInfo12vVol"]],
  ];
  for (const [name, want] of rows) assert.deepEqual(camelCases(name), want);
});
