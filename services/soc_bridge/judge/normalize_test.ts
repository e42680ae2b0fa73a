import assert from "node:assert/strict";
import { compileModel } from "../models/compiled_model.ts";
import type { ModelSpec } from "../models/model_spec.ts";
import { hasBit, isPlaceholderMinutes, normalize, swapBytes } from "./normalize.ts";
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
    const value = numbers.get("ac_in_watts")?.value;
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
