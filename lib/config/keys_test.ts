/** What the tables of keys say of themselves must be true. */
import assert from "node:assert/strict";
import { KEY_SECTIONS } from "./key_sections.ts";
import type { KeySpec } from "./key_spec.ts";
import { KEYS } from "./keys.ts";
import { convertText } from "./read_keys.ts";

const specs = Object.entries<KeySpec>(KEYS);

Deno.test("KEYS has defaults and examples that the key itself takes", () => {
  for (const [key, spec] of specs) {
    if (spec.default !== undefined) {
      const text = typeof spec.default === "boolean" ? (spec.default ? "on" : "off") : String(spec.default);
      assert.equal(convertText(key, spec, text), spec.default, key);
    }
    if (spec.example !== undefined) {
      assert.doesNotThrow(() => convertText(key, spec, spec.example ?? ""), key);
    }
  }
});

Deno.test("KEYS says of each key one sentence, and once what holds when it is not set", () => {
  for (const [key, spec] of specs) {
    assert.match(spec.doc, /^[A-Z].*\.$/, key);
    assert.ok(spec.default === undefined || spec.whenUnset === undefined, key);
    assert.ok(!/when not set|not set:/.test(spec.doc), key);
    assert.ok(!spec.secret || (spec.default === undefined && spec.example === undefined), key);
  }
});

Deno.test("KEY_SECTIONS has every key once, in the order of the table", () => {
  assert.deepEqual(KEY_SECTIONS.flatMap(({ keys }) => keys), Object.keys(KEYS));
  assert.ok(KEY_SECTIONS.every(({ keys }) => keys.length > 0));
});
