import assert from "node:assert/strict";
import { compileModel } from "../models/compiled_model.ts";
import type { ModelSpec } from "../models/model_spec.ts";
import { normalize } from "./normalize.ts";
import { hasBit, isPlaceholderMinutes, swapBytes } from "./sources.ts";
import { Readings } from "../decode/readings.ts";

async function normalized(
  values: ModelSpec["values"],
  keys: Record<string, [value: number, atMs: number]>,
  freshSince = 0,
) {
  const model = await compileModel({
    model: "test",
    prefixes: ["TEST"],
    role: "station",
    protocol: "json",
    family: "test",
    confidence: "user",
    seen: "test",
    values,
  });
  const readings = new Readings(model.paths.length);
  readings.beginPayload();
  for (const [key, [value, atMs]] of Object.entries(keys)) {
    const slot = model.paths.indexOf(key);
    if (slot !== -1) readings.set(slot, value, atMs);
  }
  return normalize(model, readings, undefined, freshSince);
}

Deno.test("normalize() applies scale, sum, part, noise limit and bounds", async () => {
  const rows: {
    name: string;
    from: ModelSpec["values"]["soc"];
    keys: Record<string, number>;
    want: number | undefined;
  }[] = [
    { name: "scale", from: [{ from: "a", scale: 0.1 }], keys: { a: 2340 }, want: 234 },
    { name: "scale -1 of 0 is not -0", from: [{ from: "a", scale: -1 }], keys: { a: 0 }, want: 0 },
    { name: "sum of what is known", from: [{ from: ["a", "b"] }], keys: { b: 7 }, want: 7 },
    { name: "positive part", from: [{ from: "a", part: "positive" }], keys: { a: -5 }, want: 0 },
    { name: "negative part", from: [{ from: "a", part: "negative" }], keys: { a: -5 }, want: 5 },
    { name: "noise", from: [{ from: "a", below_is_zero: 40 }], keys: { a: 39.9 }, want: 0 },
    { name: "no noise", from: [{ from: "a", below_is_zero: 40 }], keys: { a: 40 }, want: 40 },
    {
      name: "0 that means unknown",
      from: [{ from: "a", ignore_zero: true }],
      keys: { a: 0 },
      want: undefined,
    },
    { name: "nothing", from: [{ from: "a" }], keys: {}, want: undefined },
    { name: "out of bounds", from: [{ from: "a" }], keys: { a: 100_001 }, want: undefined },
    {
      name: "the next source after one out of bounds",
      from: [{ from: "a" }, { from: "b" }],
      keys: { a: 1e9, b: 3 },
      want: 3,
    },
    {
      name: "swapped bytes",
      from: [{ from: "a", swap_bytes: true, scale: 0.001 }],
      keys: { a: 324_403_968 },
      want: 218.64,
    },
  ];
  for (const { name, from, keys, want } of rows) {
    const timed = Object.fromEntries(
      Object.entries(keys).map(([k, value]) => [k, [value, 1] as [number, number]]),
    );
    const { numbers } = await normalized({ ac_in_watts: from }, timed);
    const found = numbers.get("ac_in_watts");
    const value = found?.isPlaceholder ? undefined : found?.value;
    assert.ok(Object.is(value, want), `${name}: wanted ${want}, found ${value}`);
  }
});

Deno.test("normalize() takes the first fresh source, and the newest when none is fresh", async () => {
  const values = { soc: [{ from: "first" }, { from: "second" }] };
  const both = { first: [50, 10], second: [60, 20] } satisfies Record<string, [number, number]>;
  assert.equal((await normalized(values, both, 10)).numbers.get("soc")?.value, 50);
  assert.equal((await normalized(values, both, 11)).numbers.get("soc")?.value, 60);
  assert.deepEqual((await normalized(values, both, 21)).numbers.get("soc"), { value: 60, atMonoMs: 20 });
});

const twoSources: readonly [
  name: string,
  first: [number, number],
  second: [number, number],
  fresh: number,
  want: number,
][] = [
  ["the first at its limit", [1, 10], [0, 20], 10, 1],
  ["the second, 1 ms later", [1, 10], [0, 20], 11, 0],
  ["the newer of two old ones, the first", [1, 20], [0, 10], 30, 1],
  ["the newer of two old ones, the second", [1, 10], [0, 20], 30, 0],
  ["the first of two equally old ones", [1, 20], [0, 20], 30, 1],
];
for (const [name, first, second, fresh, want] of twoSources) {
  Deno.test(`normalize() takes of a number and of a switch ${name}`, async () => {
    const from = [{ from: "first" }, { from: "second" }];
    const { numbers, acOutEnabled } = await normalized({ out_watts: from, ac_out_enabled: from }, {
      first,
      second,
    }, fresh);
    assert.deepEqual([numbers.get("out_watts")?.value, acOutEnabled?.value], [want, want === 1]);
  });
}

Deno.test("normalize() has no entry for a number that nobody told", async () => {
  assert.equal((await normalized({ out_watts: [{ from: "a" }] }, {})).numbers.has("out_watts"), false);
});

Deno.test("normalize() passes a placeholder over, and lets one that is newer than every value hide them", async () => {
  const minutes = { discharge_min: [{ from: "display", placeholders: [0, 12_927] }, { from: "cms" }] };
  const rows: [string, Record<string, [number, number]>, number | undefined][] = [
    ["the later source has an estimate", { display: [12_927, 20], cms: [372, 20] }, 372],
    ["0 is none", { display: [0, 20], cms: [372, 20] }, 372],
    ["a number beside the placeholder", { display: [12_926, 20], cms: [372, 20] }, 12_926],
    ["none has", { display: [12_927, 20], cms: [5999, 20] }, undefined],
    ["an old estimate under a new placeholder", { display: [12_927, 20], cms: [372, 9] }, undefined],
    ["an old estimate over a placeholder as old", { display: [12_927, 9], cms: [372, 9] }, 372],
    ["an old estimate over an older placeholder", { display: [12_927, 8], cms: [372, 9] }, 372],
  ];
  for (const [name, keys, want] of rows) {
    const found = (await normalized(minutes, keys, 10)).numbers.get("discharge_min");
    assert.equal(found?.isPlaceholder ? undefined : found?.value, want, name);
  }
  const limits = { min_soc: [{ from: "display" }, { from: "cms", ignore_zero: true }] };
  const { numbers } = await normalized(limits, { display: [10, 1], cms: [0, 20] }, 10);
  assert.equal(numbers.get("min_soc")?.value, 10, "a limit lasts");
  const limitRows: [string, Record<string, [number, number]>, number | undefined][] = [
    ["no limit beside one that is as fresh", { display: [0, 20], cms: [10, 20] }, 10],
    ["no limit beside an old one", { display: [0, 20], cms: [10, 9] }, 0],
    ["no limit by both", { display: [0, 20], cms: [0, 20] }, 0],
    ["no limit alone", { display: [0, 20] }, 0],
    ["the smallest limit is one", { display: [0.5, 20], cms: [10, 20] }, 0.5],
    ["the first of two limits", { display: [5, 20], cms: [10, 20] }, 5],
  ];
  for (const [name, keys, want] of limitRows) {
    assert.equal((await normalized(limits, keys, 10)).numbers.get("min_soc")?.value, want, name);
  }
});

Deno.test("normalize() takes 0 % for no charge while any other fresh source says 3 % or more", async () => {
  const values = {
    soc: [{ from: "whole" }, { from: "other" }, { from: "part", of: "pack" as const }],
  };
  const rows: [string, Record<string, [number, number]>, number | undefined][] = [
    ["alone", { whole: [0, 20] }, 0],
    ["beside another whole", { whole: [0, 20], other: [3, 20] }, 3],
    ["beside a part", { whole: [0, 20], part: [3, 20] }, 3],
    ["beside a nearly empty part", { whole: [0, 20], part: [0.4, 20] }, 0],
    ["beside an old word", { whole: [0, 20], other: [50, 9] }, 0],
    ["0.5 % is no zero", { whole: [0.5, 20], other: [50, 20] }, 0.5],
  ];
  for (const [name, keys, want] of rows) {
    assert.equal((await normalized(values, keys, 10)).numbers.get("soc")?.value, want, name);
  }
});

Deno.test("normalize() lets a pack's SoC be a little above 100 and no more", async () => {
  for (const [raw, want] of [[100.4, 100], [101, 100], [101.1, undefined], [-0.1, undefined]] as const) {
    assert.equal(
      (await normalized({ soc: [{ from: "a" }] }, { a: [raw, 1] })).numbers.get("soc")?.value,
      want,
    );
  }
});

Deno.test("normalize() reads the AC switch from a bit of any of its fields, or from the number itself", async () => {
  const rows: [
    ModelSpec["values"]["ac_out_enabled"],
    Record<string, [number, number]>,
    boolean | undefined,
  ][] = [
    [[{ from: ["a", "b"], bit: 1 }], { a: [0, 1], b: [14, 1] }, true],
    [[{ from: ["a", "b"], bit: 1 }], { a: [12, 1] }, false],
    [[{ from: "a" }], { a: [1, 1] }, true],
    [[{ from: "a" }], { a: [0, 1] }, false],
    [[{ from: "a" }], {}, undefined],
    [[{ from: "a" }], { a: [2, 1] }, true],
    [[{ from: ["a", "b"] }], { a: [0, 1] }, false],
  ];
  for (const [source, keys, want] of rows) {
    assert.equal((await normalized({ ac_out_enabled: source }, keys)).acOutEnabled?.value, want);
  }
});

Deno.test("hasBit() tests one bit, as 12 and 14 show", () => {
  assert.deepEqual([0, 2, 4, 8, 12, 14, 15].map((v) => hasBit(v, 1)), [
    false,
    true,
    false,
    false,
    false,
    true,
    true,
  ]);
  assert.equal(hasBit(0x80000000, 31), true);
});

Deno.test("swapBytes() turns four bytes round", () => {
  assert.equal(swapBytes(0x13560300), 0x00035613);
  assert.equal(swapBytes(swapBytes(0xdeadbeef)), 0xdeadbeef);
});

Deno.test("isPlaceholderMinutes() knows the stations' words for not applicable, in minutes only", () => {
  assert.equal(isPlaceholderMinutes("charge_min", 5999), true);
  assert.equal(isPlaceholderMinutes("discharge_min", 143_999), true);
  assert.equal(isPlaceholderMinutes("discharge_min", 5998), false);
  assert.equal(isPlaceholderMinutes("battery_wh", 5999), false);
});
