import assert from "node:assert/strict";
import { mutantsOf } from "./operators.ts";
import { allMutantsIn } from "./switches.ts";

Deno.test("allMutantsIn() makes one text that does what each mutant does when its number holds", () => {
  const code = "const r = []; if (!a) r.push(a < b && b - 1 > 0 ? a ?? b : [a, b].some((x) => x > 2));\n" +
    "if ((b & 1) === 1 || r.length >= b * 1) r.push(a && b / 2 <= 1); const c = () => r.push(a || r.pop());\n" +
    "if (a === 3 && c()) c();\n" +
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

/** Which mutants of a function of `a` and `b` would have made a difference. */
function seenIn(code: string, a: unknown, b: unknown): string[] {
  const mutants = mutantsOf("a.ts", code);
  const seen = new Set<string>();
  const sawMutant = (number: number) => seen.add(mutants[number]?.id.replace(/^.*» /, "") ?? "");
  const text = allMutantsIn("a.ts", code, 0).replaceAll("!)", ")").replaceAll(")!", ")");
  new Function("a", "b", "globalThis", text)(a, b, { sawMutant });
  return [...seen].sort();
}

const rows: readonly [code: string, a: unknown, b: unknown, seen: readonly string[]][] = [
  ["return a < b;", 1, 1, ["< -> <="]],
  ["return a < b;", 1, 2, []],
  ["return a >= b;", 1, 1, [">= -> >"]],
  ["return a >= b;", 2, 1, []],
  ["return a - b;", 2, 0, []],
  ["return a - b;", 2, 1, ["- -> +"]],
  ["return a * b;", 2, 1, []],
  ["return a / b;", 2, 4, ["/ -> *"]],
  ["return a === b;", 1, 2, ["=== -> !=="]],
  ["return !a;", 1, 2, ["!a -> a"]],
  ["return a ?? b;", 0, 2, []],
  ["return a ?? b;", null, 2, ["a ?? b -> (a)!"]],
  ["return a && b;", true, true, []],
  ["return a && b;", true, false, ["&& -> ||"]],
  ["return a && b;", false, false, []],
  ["return a && b.c;", undefined, undefined, ["&& -> ||"]],
  ["return a || b;", true, true, []],
  ["return a || b;", false, true, ["|| -> &&"]],
  ["return a || b.pop();", true, [1], ["|| -> &&"]],
  ["return a && b.pop();", true, [true], ["&& -> ||"]],
  ["return a && b.includes(a);", true, [true], []],
  ["return a && b.includes(a);", false, [], ["&& -> ||"]],
  ["return a ? b : a;", true, 2, ["a -> false"]],
  ["return a ? b : a;", false, 2, ["a -> true"]],
  ["return a.pop() ? b : a;", [1], 2, ["a.pop() -> false", "a.pop() -> true"]],
  ["if (a) return 0;", false, 2, ["a -> true"]],
  ["if (a) return 0;", true, 2, ["0 -> 1", "a -> false"]],
];
for (const [code, a, b, seen] of rows) {
  Deno.test(`allMutantsIn() sees in "${code}" with ${a} and ${JSON.stringify(b)}: ${seen.join(", ") || "nothing"}`, () => {
    assert.deepEqual(seenIn(code, a, b), seen);
  });
}

Deno.test("allMutantsIn() sees the mutants of what throws, and lets it throw", () => {
  const code = "if (a.isB()) return 1;";
  const fails = {
    isB: () => {
      throw new Error("no");
    },
  };
  const seen: number[] = [];
  const text = allMutantsIn("a.ts", code, 0);
  const run = new Function("a", "globalThis", text);
  assert.throws(() => run(fails, { sawMutant: (number: number) => seen.push(number) }), /^Error: no$/);
  assert.deepEqual(new Set(seen), new Set([0, 1]));
});
