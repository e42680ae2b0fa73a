import assert from "node:assert/strict";
import { countTests } from "./test.ts";

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
