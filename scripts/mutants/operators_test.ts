import assert from "node:assert/strict";
import { allMutantsIn, mutantsOf } from "./operators.ts";

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

Deno.test("allMutantsIn() makes one text that does what each mutant does when its number holds", () => {
  const code = "const r = []; if (!a) r.push(a < b && b - 1 > 0 ? a ?? b : [a, b].some((x) => x > 2));\n" +
    "if (b > 2) r.push(1); else r.push(2);\n" +
    "r.push(Math.max(a - b, -3)); return r;";
  const inputs = [[0, 0], [0, 1], [undefined, 2], [0, 3], [3, 1], [null, 5], [false, 4]];
  const run = (text: string, isMutant?: (number: number) => boolean) =>
    inputs.map(([a, b]) => String(new Function("a", "b", "globalThis", text)(a, b, { isMutant })));
  const asModule = (text: string) => text.replaceAll("!)", ")").replaceAll(")!", ")");
  const [shared, mutants] = [allMutantsIn("a.ts", code, 7), mutantsOf("a.ts", code)];
  assert.deepEqual(run(asModule(shared)), run(code));
  mutants.forEach(({ id, text }, index) =>
    assert.deepEqual(run(asModule(shared), (number) => number === 7 + index), run(asModule(text)), id)
  );
  assert.ok(mutants.length > 12);
});
