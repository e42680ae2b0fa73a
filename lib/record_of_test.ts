import assert from "node:assert/strict";
import * as v from "valibot";
import { recordOf } from "./record_of.ts";
import { strictObject } from "./strict_object.ts";

const schema = strictObject({ host: v.optional(recordOf(strictObject({ soc: v.number() })), {}) });

Deno.test("recordOf() reads every name, those that each object answers to as well", () => {
  const text =
    '{"host":{"__proto__":{"soc":1},"constructor":{"soc":2},"prototype":{"soc":3},"nas":{"soc":4}}}';
  const { host } = v.parse(schema, JSON.parse(text));
  assert.deepEqual(Object.entries(host).map(([name, { soc }]) => [name, soc]), [
    ["__proto__", 1],
    ["constructor", 2],
    ["prototype", 3],
    ["nas", 4],
  ]);
});

Deno.test("recordOf() names the path of what is wrong, and refuses what is no object", () => {
  const wrong = v.safeParse(schema, JSON.parse('{"host":{"constructor":{"soc":"x"},"nas":{}}}'));
  assert.deepEqual(wrong.issues?.map(({ path }) => path?.map(({ key }) => key)), [
    ["host", "constructor", "soc"],
    ["host", "nas", "soc"],
  ]);
  for (const host of [null, 1, "x"]) assert.equal(v.safeParse(schema, { host }).success, false);
});
