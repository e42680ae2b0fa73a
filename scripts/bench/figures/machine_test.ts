import assert from "node:assert/strict";
import { distributionOf } from "./distribution.ts";
import { machineText, measureMachine } from "./machine.ts";

const QUIET = {
  cores: 4,
  processor: "Cortex-A76",
  load: 0.2,
  flushMs: distributionOf([1, 2, 3]),
  pageNs: { slept: 999, awake: 30 },
};

Deno.test("machineText() says what the disk and a sleep cost, and warns of a machine that forgets, at the limit and below", () => {
  assert.match(
    machineText(QUIET),
    /^4 cores \(Cortex-A76\), .*load 0\.2\. .*median 2\.00 ms.* 999 ns, again: 30 ns\.\n$/,
  );
  assert.match(machineText({ ...QUIET, pageNs: { slept: 1000, awake: 30 } }), /forgets/);
});

Deno.test("measureMachine() measures this one", async () => {
  const { cores, flushMs, pageNs } = await measureMachine();
  assert.ok(cores >= 1);
  assert.equal(flushMs.count, 200);
  assert.ok(flushMs.median > 0 && pageNs.slept > 0 && pageNs.awake > 0);
});
