import assert from "node:assert/strict";
import { KeyTable } from "./key_table.ts";
import { type JsonObject, KeyedValues } from "./keyed_values.ts";

const KEYS = ["pd.soc", "inv.acInVol", "bms.main.temp", "soc", "254_21.cmsBattSoc", "num", "constructor"];
const table = new KeyTable([...KEYS, "pd.soc"]);

/** More keys that nobody asks for, so that the message is no short one. */
const MANY = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`other.key${i}`, i]));

Deno.test("KeyTable.find() finds what KeyedValues.get() finds, in short and long messages", () => {
  const bodies: [name: string, body: JsonObject, prefixes?: readonly string[]][] = [
    ["nothing", {}],
    ["full keys", { "pd.soc": 1, "inv.acInVol": 230_000, "bms.main.temp": 2, soc: 3 }],
    ["numbers as text", { "pd.soc": "57", "inv.acInVol": "x" }],
    ["nested", { pd: { soc: 4 }, inv: { acInVol: 5 } }],
    ["nested and full", { pd: { soc: 4 }, "pd.soc": 6 }],
    ["half nested", { bms: { "main.temp": 7 } }],
    ["nested below a dot", { "bms.main": { temp: 8 } }],
    ["nested where nobody asks", { x: { soc: 9 }, "pd.soc": 10 }],
    ["null and lists", { "pd.soc": null, "inv.acInVol": [1] }],
    ["a value where an object was wanted", { pd: 7 }],
    ["short keys", { soc: 11, acInVol: 12 }, ["pd."]],
    ["short keys of one of two", { soc: 13, acInVol: 14 }, ["pd.", "inv."]],
    ["short keys, or full ones", { soc: 15, "pd.soc": 16 }, ["", "pd."]],
    ["null under the first of two", { soc: null, "pd.soc": 17 }, ["pd.", ""]],
    ["nested under a prefix", { main: { temp: 18 } }, ["bms."]],
    ["a pair", { cmsBattSoc: 19 }, ["254_21."]],
  ];
  for (const [name, body, prefixes] of bodies) {
    for (const filled of [body, { ...body, ...MANY }]) {
      for (const text of [undefined, JSON.stringify(filled)]) {
        const values = new KeyedValues(filled, prefixes, text === undefined ? undefined : { text });
        table.find(values);
        for (const key of KEYS) {
          assert.deepEqual(table.valueAt(table.placeOf(key)), values.get(key), `${name}: ${key}`);
        }
      }
    }
  }
});

Deno.test("KeyTable.placeOf() knows no other key, and nothing stands there", () => {
  assert.equal(table.placeOf("pd.other"), -1);
  assert.equal(table.valueAt(-1), undefined);
});
