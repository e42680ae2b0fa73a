import assert from "node:assert/strict";
import { KeyedValues } from "./keyed_values.ts";
import { readJsonMessage } from "./json_shapes.ts";
import { LastAnswer } from "./last_answer.ts";

function valuesOf(text: string): KeyedValues {
  const message = readJsonMessage(JSON.parse(text), "test", text);
  return message.kind === "status" ? assert.fail() : message.values;
}

const reply = (quotas: string, id = 1, behind = "") =>
  `{"id":${id},"operateType":"latestQuotas","data":{"online":1,"quotaMap":{${quotas}}${behind}}}`;
const snapshot = (data: string, trace: string) => `{"code":"0","data":{${data}},"trace":"${trace}"}`;

Deno.test("LastAnswer.isRepeated() is true of the same values, whatever stands around them", () => {
  const rows: [name: string, first: string, then: string, isRepeated: boolean][] = [
    ["the same text", reply('"pd.soc":50'), reply('"pd.soc":50'), true],
    ["another number of the request", reply('"pd.soc":50', 1), reply('"pd.soc":50', 23), true],
    ["a time behind the values", reply('"pd.soc":50', 1, ',"t":1'), reply('"pd.soc":50', 1, ',"t":2'), true],
    ["another spelling", reply('"pd.soc":50'), reply('"pd.soc": 50.0'), true],
    ["another value", reply('"pd.soc":50'), reply('"pd.soc":49'), false],
    ["another order", reply('"a":1,"b":2'), reply('"b":2,"a":1'), false],
    ["one value more", reply('"a":1'), reply('"a":1,"b":2'), false],
    ["a snapshot", snapshot('"pd.soc":50', "a1"), snapshot('"pd.soc":50', "b2"), true],
    ["another snapshot", snapshot('"pd.soc":50', "a"), snapshot('"pd.soc":51', "a"), false],
    ["a snapshot after a reply", reply('"pd.soc":50'), snapshot('"pd.soc":50', "a"), true],
    [
      "the same end where the values are others' under a name that digits spell",
      '{"operateType":"x","d\\u0061ta":{"quotaMap":{"a":1}}}',
      '{"operateType":"x","d\\u0062ta":{},"data":{"quotaMap":{}},"e":{"quotaMap":{"a":1}}}',
      false,
    ],
  ];
  for (const [name, first, then, isRepeated] of rows) {
    const last = new LastAnswer();
    assert.equal(last.isRepeated(valuesOf(first)), false, name);
    assert.equal(last.isRepeated(valuesOf(then)), isRepeated, name);
    assert.equal(last.isRepeated(valuesOf(then)), true, `${name}, again`);
    assert.equal(last.isRepeated(new KeyedValues(valuesOf(then).body)), true, `${name}, without its text`);
    assert.equal(last.isRepeated(valuesOf(first)), isRepeated, `${name}, and back`);
  }
});
