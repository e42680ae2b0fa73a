import assert from "node:assert/strict";
import { mutantsOf } from "./operators.ts";

const rows: readonly [code: string, mutants: readonly string[]][] = [
  ["const a = b < c;", ["const a = b <= c;"]],
  ["const a = b ?? c;", ["const a = (b)!;"]],
  ["const a = !b;", ["const a = b;"]],
  ["const a = b && c;", ["const a = b || c;"]],
  ["const a = 300_000;", ["const a = 300001;"]],
  ["const a = b.some(c);", ["const a = b.every(c);"]],
  ["if (a) b();", ["if (true) b();", "if (false) b();", "if (a) ;"]],
  ["const a = b ? c : d;", ["const a = true ? c : d;", "const a = false ? c : d;"]],
  ['import { a } from "b";', []],
  ["interface A { readonly b: 1 }", []],
  ["const a: 1 | undefined = b;", []],
  ['// b < c\nconst a = "b < c";', []],
];
for (const [code, mutants] of rows) {
  Deno.test(`mutantsOf() makes ${mutants.length} of ${JSON.stringify(code)}`, () => {
    assert.deepEqual(mutantsOf("a.ts", code).map(({ text }) => text), mutants);
  });
}

Deno.test("mutantsOf() names equal changes of equal lines apart, and the same way whatever stands above", () => {
  const twice = mutantsOf("a.ts", "x = a < b;\nx = a < b;");
  assert.deepEqual(twice.map(({ id }) => id), ["a.ts «x = a < b;» < -> <=", "a.ts «x = a < b;» < -> <= (2)"]);
  assert.equal(mutantsOf("a.ts", "\n\nx = a < b;")[0]?.id, twice[0]?.id);
});
