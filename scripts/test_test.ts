import assert from "node:assert/strict";
import { countTests, sumOf } from "./test.ts";

Deno.test("countTests() reads the last summary line, coloured or not", () => {
  assert.deepEqual(countTests("ok | 3 passed (2 steps) | 0 failed | 1 ignored (12ms)\n"), {
    passed: 3,
    failed: 0,
    ignored: 1,
  });
  assert.deepEqual(countTests("\u001b[31mFAILED\u001b[0m | 3 passed | 2 failed (1s)\n"), {
    passed: 3,
    failed: 2,
    ignored: 0,
  });
});

Deno.test("countTests() says nothing when no test ran", () => {
  assert.equal(countTests("error: module not found\n"), undefined);
});

const OK = { output: "ok | 3 passed | 0 failed | 1 ignored (1s)\n", code: 0 };

for (
  const [name, runs, wanted] of [
    ["both well", [OK, OK], { passed: 6, failed: 0, ignored: 2, code: 0 }],
    ["the second with a failed test", [OK, { output: "FAILED | 2 passed | 1 failed (1s)\n", code: 1 }], {
      passed: 5,
      failed: 1,
      ignored: 1,
      code: 1,
    }],
    ["a module that does not load", [OK, { output: "error: not found\n", code: 1 }], {
      passed: 3,
      failed: 1,
      ignored: 1,
      code: 1,
    }],
    ["a run that tested nothing", [OK, { output: "ok | 0 passed | 0 failed (1s)\n", code: 0 }], {
      passed: 3,
      failed: 1,
      ignored: 1,
      code: 1,
    }],
    ["a run that ended without a word", [{ output: "", code: 137 }, OK], {
      passed: 3,
      failed: 1,
      ignored: 1,
      code: 137,
    }],
  ] as const
) {
  Deno.test(`sumOf() counts ${name}`, () => assert.deepEqual(sumOf(runs), wanted));
}
