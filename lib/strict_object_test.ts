import assert from "node:assert/strict";
import * as v from "valibot";
import { strictObject } from "./strict_object.ts";

const schema = strictObject({ soc_min: v.optional(v.number()) });

for (const key of [...Object.getOwnPropertyNames(Object.prototype), "soc_mim"]) {
  Deno.test(`strictObject() refuses the unknown key ${key}`, () => {
    const { success, issues } = v.safeParse(schema, JSON.parse(`{"soc_min":5,"${key}":5}`));
    assert.equal(success, false);
    assert.deepEqual(issues?.map(({ path }) => path?.map((step) => step.key)), [[key]]);
  });
}

Deno.test("strictObject() reads what it knows", () => {
  assert.deepEqual(v.parse(schema, { soc_min: 5 }), { soc_min: 5 });
  assert.deepEqual(v.parse(schema, {}), {});
});
