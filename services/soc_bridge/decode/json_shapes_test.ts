import assert from "node:assert/strict";
import { InvalidInputError } from "../../../lib/errors.ts";
import { type JsonMessage, readJsonMessage } from "./json_shapes.ts";

type Values = Record<string, unknown>;

function flat(message: JsonMessage): Values | { status: boolean } {
  return message.kind === "status" ? { status: message.online } : message.values.flat();
}

const ROWS: { name: string; json: unknown; kind: JsonMessage["kind"]; values: Values }[] = [
  { name: "dotted params", json: { id: 1, params: { "pd.soc": 5 } }, kind: "push", values: { "pd.soc": 5 } },
  {
    name: "typeCode",
    json: { typeCode: "emsStatus", params: { f32LcdShowSoc: 5 } },
    kind: "push",
    values: {
      "bms_emsStatus.f32LcdShowSoc": 5,
    },
  },
  {
    name: "typeCode with dotted keys",
    json: { typeCode: "emsStatus", params: { "pd.soc": 5 } },
    kind: "push",
    values: {
      "pd.soc": 5,
    },
  },
  {
    name: "unknown typeCode",
    json: { typeCode: "newStatus", params: { soc: 5 } },
    kind: "push",
    values: { soc: 5 },
  },
  {
    name: "moduleType 3",
    json: { moduleType: 3, params: { acInVol: 5 } },
    kind: "push",
    values: { acInVol: 5, "inv.acInVol": 5 },
  },
  {
    name: "moduleType as text",
    json: { moduleType: "3", params: { acInVol: 5 } },
    kind: "push",
    values: { acInVol: 5, "inv.acInVol": 5 },
  },
  {
    name: "cmdFunc and cmdId",
    json: { cmdFunc: 20, cmdId: 1, param: { batSoc: 5 } },
    kind: "push",
    values: {
      "20_1.batSoc": 5,
    },
  },
  { name: "no wrapper", json: { cmsBattSoc: 5 }, kind: "push", values: { cmsBattSoc: 5 } },
  {
    name: "nested",
    json: { params: { a: { b: { c: 1 } }, d: [1] } },
    kind: "push",
    values: { "a.b.c": 1, d: [1] },
  },
  {
    name: "latestQuotas",
    json: { operateType: "latestQuotas", data: { online: 1, quotaMap: { "pd.soc": 5 } } },
    kind: "reply",
    values: { "pd.soc": 5 },
  },
  {
    name: "latestQuotas of a station that is away: its old values are not taken",
    json: { operateType: "latestQuotas", data: { online: 0, quotaMap: { "pd.soc": 5 } } },
    kind: "status",
    values: { status: false },
  },
  { name: "another operation", json: { operateType: "getAllTaskCfg", data: {} }, kind: "reply", values: {} },
  {
    name: "quota/all",
    json: { code: "0", message: "Success", data: { "pd.soc": 5 } },
    kind: "snapshot",
    values: {
      "pd.soc": 5,
    },
  },
  {
    name: "quota/all of a station that is away",
    json: { code: "6012", message: "offline" },
    kind: "status",
    values: {
      status: false,
    },
  },
  { name: "status 0", json: { params: { status: 0 } }, kind: "status", values: { status: false } },
  { name: "status 1", json: { params: { status: 1 } }, kind: "status", values: { status: true } },
  {
    name: "status among others is a value",
    json: { params: { status: 0, soc: 1 } },
    kind: "push",
    values: { status: 0, soc: 1 },
  },
  {
    name: "prototype keys",
    json: JSON.parse('{"params":{"__proto__":{"x":1},"constructor":2}}'),
    kind: "push",
    values: {
      "__proto__.x": 1,
      constructor: 2,
    },
  },
];

for (const { name, json, kind, values } of ROWS) {
  Deno.test(`readJsonMessage() reads ${name}`, () => {
    const message = readJsonMessage(json, "the test");
    assert.equal(message.kind, kind);
    assert.deepEqual(flat(message), values);
  });
}

Deno.test("readJsonMessage() refuses what is no message, by name", () => {
  const rows: [unknown, RegExp][] = [
    [null, /must be a JSON object, found null/],
    [[1], /found an array/],
    ["x", /found a string/],
    [7, /found a number/],
    [{ code: "8521", message: "signature is wrong" }, /the cloud's error "8521" "signature is wrong"/],
  ];
  for (const [json, text] of rows) {
    assert.throws(
      () => readJsonMessage(json, "the test"),
      (e) => e instanceof InvalidInputError && text.test(e.message),
    );
  }
});

Deno.test("readJsonMessage() does not follow nesting without end", () => {
  const deep = JSON.parse('{"a":'.repeat(5000) + "1" + "}".repeat(5000));
  assert.equal(readJsonMessage({ params: deep }, "the test").kind, "push");
});
