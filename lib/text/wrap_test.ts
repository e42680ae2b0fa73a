import assert from "node:assert/strict";
import { wrap } from "./wrap.ts";

for (
  const [name, text, wanted] of [
    ["a line that fits", "0123 56789", "0123 56789"],
    ["a line one longer", "0123 567890", "0123\n  567890"],
    ["a word longer than a line", "0123456789abc def", "0123456789abc\n  def"],
    ["a long word alone", "0123456789abc", "0123456789abc"],
    ["two lines", "aaaa bbbb cccc\nd", "aaaa bbbb\n  cccc\nd"],
  ] as const
) Deno.test(`wrap() keeps words whole: ${name}`, () => assert.equal(wrap(text, 10, 2), wanted));
