import assert from "node:assert/strict";
import { InvalidInputError } from "../lib/errors.ts";
import { FamilySchema, plainFields, unknownFieldNumbers } from "./family_schema.ts";

const schema = new FamilySchema({
  messages: {
    Outer: {
      watts: [1, "float"],
      count: [2, "uint32"],
      name: [3, "string"],
      inner: [4, "Inner"],
      list: [5, "uint32", "repeated"],
      mode: [6, "Mode"],
      parts: [7, "Inner", "repeated"],
      on: [8, "bool"],
      blob: [9, "bytes"],
    },
    Inner: { value: [1, "int32"] },
  },
  enums: { Mode: { MODE_OFF: 0, MODE_ON: 1 } },
});

Deno.test("FamilySchema.decode() keeps presence: a sent 0 is there, an unsent field is not", () => {
  const rows: Record<string, unknown>[] = [
    {},
    { watts: 0, count: 0, name: "", inner: {}, mode: 0, on: false, blob: "" },
    {
      watts: -1.5,
      count: 4294967295,
      name: "x",
      inner: { value: -1 },
      list: [0, 1],
      mode: 1,
      on: true,
      blob: "/w==",
    },
    { mode: 7, parts: [{}, { value: 0 }] },
  ];
  for (const row of rows) {
    const bytes = schema.encode("Outer", {
      ...row,
      ...("blob" in row ? { blob: Uint8Array.fromBase64(String(row.blob)) } : {}),
    });
    const decoded = schema.decode("Outer", bytes);
    assert.deepEqual(plainFields(decoded), row);
    assert.equal(schema.encode("Outer", decoded).toHex(), bytes.toHex());
  }
});

Deno.test("FamilySchema.decode() keeps unknown fields, counts them and survives debris in text", () => {
  const bytes = Uint8Array.fromHex("10051a02ff41" + "e00a07" + "ea0a021234");
  assert.deepEqual(unknownFieldNumbers(schema.decode("Outer", bytes)), []);
  const decoded = schema.decode("Outer", bytes, true);
  assert.deepEqual(unknownFieldNumbers(decoded), [172, 173]);
  assert.match(schema.encode("Outer", decoded).toHex(), /e00a07ea0a021234$/);
  assert.equal(plainFields(decoded)["count"], 5);
  assert.equal(String(plainFields(decoded)["name"]).endsWith("A"), true);
});

Deno.test("FamilySchema.decode() refuses bytes that do not fit, by name", () => {
  for (const hex of ["0d0000", "2203080", "1a05", "10ffffffffffffffffffff01"]) {
    const bytes = Uint8Array.fromHex(hex.length % 2 ? hex + "0" : hex);
    assert.throws(() => schema.decode("Outer", bytes), InvalidInputError, hex);
  }
  assert.throws(() => schema.decode("Absent", new Uint8Array()), /Absent/);
});
