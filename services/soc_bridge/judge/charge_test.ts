import assert from "node:assert/strict";
import { Packs } from "../decode/packs.ts";
import { Readings } from "../decode/readings.ts";
import { compileModel } from "../models/compiled_model.ts";
import type { ModelSpec, PackSpec } from "../models/model_spec.ts";
import { hasChargeNews, normalizeSoc } from "./charge.ts";

const PACKS: PackSpec = {
  keys: ["main", "slave"],
  soc: ["soc"],
  temp: ["temp"],
  full: "full",
  design: "design",
  capacity: { unit: "Wh" },
  count: "count",
};
/** A value is fresh from here on, ms. */
const FRESH_MS = 10;
type At = readonly [value: number, atMonoMs: number];
type PackAt = readonly [num: number, soc: number | undefined, atMonoMs: number];
type Sources = NonNullable<ModelSpec["values"]["soc"]>;

const WHOLE: Sources = [{ from: "whole" }, { from: "other" }, { from: "part", of: "pack" }];
const MAIN: Sources = [{ packs: "main_soc" }];
const WITH_MAIN: Sources = [{ from: "whole" }, { packs: "main_soc" }];
const MEAN: Sources = [{ packs: "mean_soc" }];

const TWO: readonly PackAt[] = [[0, 0, 20], [1, 0, 20]];

const rows: readonly [
  name: string,
  sources: Sources,
  keys: Readonly<Record<string, At>>,
  packs: readonly PackAt[],
  want: readonly [value: number, source: string] | undefined,
][] = [
  ["the newer of two old ones, the first", WHOLE, { whole: [40, 8], other: [50, 7] }, [], [40, "system"]],
  ["the newer of two old ones, the second", WHOLE, { whole: [40, 7], other: [50, 8] }, [], [50, "system"]],
  ["the first of two equally old ones", WHOLE, { whole: [40, 8], other: [50, 8] }, [], [40, "system"]],
  ["a zero that nothing contradicts", WHOLE, { whole: [0, 20] }, [], [0, "system"]],
  ["the first of two zeros", WHOLE, { whole: [0.2, 20], other: [0.1, 20] }, [], [0.2, "system"]],
  [
    "no zero beside a battery of 3 % that is not all",
    WHOLE,
    { whole: [0, 20], part: [3, 20] },
    TWO,
    undefined,
  ],
  ["a zero beside such a battery of 2.9 %", WHOLE, { whole: [0, 20], part: [2.9, 20] }, TWO, [0, "system"]],
  [
    "no zero beside such a battery as old as allowed",
    WHOLE,
    { whole: [0, 20], part: [3, 10] },
    TWO,
    undefined,
  ],
  ["a zero beside such a battery 1 ms older", WHOLE, { whole: [0, 20], part: [3, 9] }, TWO, [0, "system"]],
  ["no zero beside such a battery of 100 %", WHOLE, { whole: [0, 20], part: [100, 20] }, TWO, undefined],
  ["a zero beside one that cannot be", WHOLE, { whole: [0, 20], part: [100.1, 20] }, TWO, [0, "system"]],
  ["no zero beside a pack of 3 %", WHOLE, { whole: [0, 20] }, [[0, 0, 20], [1, 3, 20]], undefined],
  ["a zero beside a pack of 2.9 %", WHOLE, { whole: [0, 20] }, [[0, 0, 20], [1, 2.9, 20]], [0, "system"]],
  ["no zero beside a pack as old as allowed", WHOLE, { whole: [0, 20] }, [[0, 0, 20], [1, 3, 10]], undefined],
  ["a zero beside a pack 1 ms older", WHOLE, { whole: [0, 20] }, [[0, 0, 20], [1, 3, 9]], [0, "system"]],
  ["a zero beside a pack that does not tell its own", WHOLE, { whole: [0, 20] }, [[1, undefined, 20]], [
    0,
    "system",
  ]],
  ["no zero of the whole beside a charged main pack", WITH_MAIN, { whole: [0, 20] }, [[0, 50, 20], [
    1,
    0,
    20,
  ]], undefined],
  ["a zero of the whole beside empty packs", WITH_MAIN, { whole: [0, 20] }, TWO, [0, "system"]],
  ["the only battery's own", WHOLE, { part: [60, 20] }, [], [60, "pack"]],
  ["the main pack's where it is the only one", MAIN, {}, [[0, 60, 20]], [60, "pack"]],
  ["not the main pack's beside another", MAIN, {}, [[0, 60, 20], [1, 70, 20]], undefined],
  ["not that of a pack that is not the main one", WHOLE, { part: [60, 20] }, [[1, undefined, 20]], undefined],
  ["the only battery's where the station says one", WHOLE, { part: [60, 20], count: [1, 20] }, [[
    1,
    undefined,
    20,
  ]], [
    60,
    "pack",
  ]],
  ["not one battery's where the station says two", WHOLE, { part: [60, 20], count: [2, 20] }, [], undefined],
  ["the mean of all packs", MEAN, {}, [[0, 60, 20], [1, 80, 20]], [70, "packs"]],
  ["the mean of one pack as that pack's", MEAN, {}, [[0, 60, 20]], [60, "pack"]],
];
for (const [name, soc, keys, reported, want] of rows) {
  Deno.test(`normalizeSoc() takes ${name}`, async () => {
    const model = await compileModel({
      model: "test",
      prefixes: ["TEST"],
      role: "station",
      protocol: "json",
      family: "test",
      confidence: "user",
      seen: "test",
      packs: PACKS,
      values: { soc },
    });
    const readings = new Readings(model.paths.length);
    readings.beginPayload();
    for (const [key, [value, atMs]] of Object.entries(keys)) {
      readings.set(model.paths.indexOf(key), value, atMs);
    }
    const packs = new Packs(PACKS);
    for (const [num, percent, atMs] of reported) {
      const own = percent === undefined ? {} : { soc: percent };
      packs.take(
        num,
        { ...own, temp: 30, design: 1000, full: 1000 },
        atMs,
      );
    }
    const found = normalizeSoc(model, readings, packs, FRESH_MS);
    assert.deepEqual(found && [found.value, found.source], want);
  });
}

Deno.test("normalizeSoc() needs no packs", async () => {
  const model = await compileModel({
    model: "test",
    prefixes: ["TEST"],
    role: "station",
    protocol: "json",
    family: "test",
    confidence: "user",
    seen: "test",
    values: { soc: WHOLE },
  });
  const readings = new Readings(model.paths.length);
  readings.beginPayload();
  readings.set(model.paths.indexOf("whole"), 0, 20);
  assert.equal(normalizeSoc(model, readings, undefined, FRESH_MS)?.value, 0);
});

const BASE: Omit<ModelSpec, "values"> = {
  model: "test",
  prefixes: ["TEST"],
  role: "station",
  protocol: "json",
  family: "test",
  confidence: "user",
  seen: "test",
};

const NEWS: readonly [name: string, key: string, packsAtMs: number | undefined, isNews: boolean][] = [
  ["the whole's charge", "whole", undefined, true],
  ["another number, without packs", "watts", undefined, false],
  ["another number, and a pack", "watts", 20, true],
  ["another number, and a pack of before", "watts", 19, false],
];
for (const [name, key, packsAtMs, isNews] of NEWS) {
  Deno.test(`hasChargeNews() of a payload with ${name}: ${isNews}`, async () => {
    const values = { soc: WITH_MAIN, out_watts: [{ from: "watts" }] };
    const model = await compileModel({ ...BASE, packs: PACKS, values });
    const readings = new Readings(model.paths.length);
    readings.beginPayload();
    readings.set(model.paths.indexOf("whole"), 60, 10);
    readings.beginPayload();
    readings.set(model.paths.indexOf(key), 60, 20);
    const packs = packsAtMs === undefined ? undefined : new Packs(PACKS);
    packs?.take(0, { soc: 60, temp: 30, design: 1000, full: 1000 }, packsAtMs ?? 0);
    assert.equal(hasChargeNews(model, readings, packs, 20), isNews);
  });
}

for (
  const [name, keys, want] of [
    ["a group's charge where nobody tells an own one", { group: [55, 20] }, 55],
    ["an own charge, however old, before the group's", { whole: [40, 8], group: [55, 20] }, 40],
  ] as readonly (readonly [string, Readonly<Record<string, At>>, number])[]
) {
  Deno.test(`normalizeSoc() without packs takes ${name}`, async () => {
    const soc: Sources = [{ from: "whole" }, { from: "group", of: "group" }];
    const model = await compileModel({ ...BASE, values: { soc } });
    const readings = new Readings(model.paths.length);
    readings.beginPayload();
    for (const [key, [value, atMs]] of Object.entries(keys)) {
      readings.set(model.paths.indexOf(key), value, atMs);
    }
    assert.equal(normalizeSoc(model, readings, undefined, FRESH_MS)?.value, want);
  });
}
