import assert from "node:assert/strict";
import { KeyedValues, withoutQuotes } from "./keyed_values.ts";

Deno.test("KeyedValues.get() finds a full key however the message spells it", () => {
  const rows: [string, KeyedValues, string, unknown][] = [
    ["dotted", new KeyedValues({ "pd.soc": 1 }), "pd.soc", 1],
    ["nested", new KeyedValues({ pd: { soc: 2 } }), "pd.soc", 2],
    ["half nested", new KeyedValues({ a: { "b.c": 3 } }), "a.b.c", 3],
    ["under a prefix", new KeyedValues({ soc: 4 }, ["pd."]), "pd.soc", 4],
    ["under the second prefix", new KeyedValues({ temp: 5 }, ["x.", "y."]), "y.temp", 5],
    ["another prefix", new KeyedValues({ soc: 6 }, ["pd."]), "inv.soc", undefined],
    ["absent", new KeyedValues({}), "pd.soc", undefined],
    ["the prototype's", new KeyedValues({}), "constructor", undefined],
    ["a value where an object was wanted", new KeyedValues({ pd: 7 }), "pd.soc", undefined],
    ["null", new KeyedValues({ pd: null }), "pd.soc", undefined],
    ["a number as text", new KeyedValues({ "pd.soc": "57" }), "pd.soc", 57],
    ["the same under a prefix", new KeyedValues({ soc: "-5.50e1" }, ["pd."]), "pd.soc", -55],
  ];
  for (const [name, values, key, want] of rows) assert.equal(values.get(key), want, name);
});

Deno.test("withoutQuotes() takes text that is exactly a number, and leaves all other alone", () => {
  const rows: [unknown, unknown][] = [
    ["0", 0],
    ["57", 57],
    ["-3.25", -3.25],
    ["1e3", 1000],
    ...[
      "",
      " ",
      "57 ",
      " 57",
      "+57",
      "057",
      "0x39",
      "57%",
      "5,7",
      ".5",
      "5.",
      "1_000",
      "NaN",
      "Infinity",
      "--1",
      "null",
      "9".repeat(40),
    ]
      .map((text): [unknown, unknown] => [text, text]),
    [57, 57],
    [true, true],
    [null, null],
  ];
  for (const [value, want] of rows) assert.equal(withoutQuotes(value), want, JSON.stringify(value));
});

Deno.test("KeyedValues.flat() gives every value under its full key and does not go too deep", () => {
  const values = new KeyedValues({ a: { b: 1 }, c: [2], d: { e: { f: { g: { h: { i: 3 } } } } } }, ["x."]);
  assert.deepEqual(values.flat(), { "x.a.b": 1, "x.c": [2] });
});
