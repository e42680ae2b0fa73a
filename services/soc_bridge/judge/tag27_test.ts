import assert from "node:assert/strict";
import { isConnectedByTag27, stepTag27 } from "./tag27.ts";

Deno.test("isConnectedByTag27() takes 0 and 1 for connected and more for disconnected", () => {
  assert.deepEqual([0, 1, 2, 677].map(isConnectedByTag27), [true, true, false, false]);
});

Deno.test("stepTag27() decides at every report and names its evidence", () => {
  assert.deepEqual(stepTag27(61, 5), {
    present: false,
    evidence: "tag27=61",
    confirmedAtMonoMs: 5,
    pending: undefined,
  });
});
