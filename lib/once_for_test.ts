import assert from "node:assert/strict";
import { onceFor } from "./once_for.ts";

Deno.test("onceFor() makes each key's value once, undefined too, and throws anew", () => {
  const made: object[] = [];
  const valueOf = onceFor((key: { readonly value?: number }) => {
    made.push(key);
    if (key.value === 0) throw new RangeError("zero");
    return key.value;
  });
  const [one, none, zero] = [{ value: 1 }, {}, { value: 0 }];
  assert.deepEqual([valueOf(one), valueOf(one), valueOf(none), valueOf(none)], [1, 1, undefined, undefined]);
  assert.deepEqual(made, [one, none]);
  assert.equal(valueOf({ value: 1 }), 1, "another object with the same content is another key");
  for (let i = 0; i < 2; i++) assert.throws(() => valueOf(zero), RangeError);
  assert.equal(made.length, 5);
});
