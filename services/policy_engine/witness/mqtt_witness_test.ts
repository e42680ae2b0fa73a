import assert from "node:assert/strict";
import { readWitness } from "./mqtt_witness.ts";

type Rule = Parameters<typeof readWitness>[1];
const read = (payload: string, rule: Partial<Rule>) =>
  readWitness(new TextEncoder().encode(payload), { pointer: "", ...rule });

const rows: readonly [payload: string, rule: Partial<Rule>, present: boolean | undefined][] = [
  ["ON", { present_when_equals: "ON" }, true],
  ["OFF", { present_when_equals: "ON" }, false],
  ['"ON"', { present_when_equals: "ON" }, true],
  ["OFF", { absent_when_equals: "OFF" }, false],
  ["ON", { absent_when_equals: "OFF" }, true],
  ["unavailable", { present_when_equals: "ON", absent_when_equals: "OFF" }, undefined],
  ["OFF", { present_when_equals: "ON", absent_when_equals: "OFF" }, false],
  ['{"a":{"b/c":[1,230.5]}}', { pointer: "/a/b~1c/1", present_when_above: 180 }, true],
  ["180", { present_when_above: 180 }, false],
  ["180.1", { present_when_above: 180 }, true],
  ["", { present_when_above: 180 }, undefined],
  ["none", { present_when_above: 180 }, undefined],
  ["true", { present_when_above: 0 }, undefined],
  ["true", { present_when_equals: true }, true],
  ["0", { present_when_equals: 1 }, false],
  ["{}", { pointer: "/state", present_when_equals: "ON" }, undefined],
  ["null", { present_when_equals: "ON" }, undefined],
  ["{}", { present_when_equals: "ON" }, undefined],
  ['{"a":1}', { pointer: "/constructor/name", present_when_equals: "Object" }, undefined],
];
for (const [payload, rule, present] of rows) {
  Deno.test(`readWitness() reads ${payload} by ${JSON.stringify(rule)} as ${present}`, () => {
    assert.equal(read(payload, rule), present);
  });
}
