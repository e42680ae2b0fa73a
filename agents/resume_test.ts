import assert from "node:assert/strict";
import { HEAR_FIRST_MS } from "./shutdown/shutdown_run.ts";
import { startHost } from "./testing.ts";

/** An agent that counts the delay by itself. */
const COUNTS = { commands: { before: [], last: { schedule: () => [], now: [["off"]], returns: false } } };

/** An agent that was killed while it counted 60 s, and is started again so long after the command. */
async function restarted(afterMs: number, meanwhile: "abort" | "silence" | "no broker") {
  const first = await startHost(COUNTS);
  await first.send(first.command({ id: "s1", delay_sec: 60 }));
  await first.kill();
  if (meanwhile === "abort") {
    await first.send(first.command({ id: "a1", action: "abort" }), { expirySec: 300 });
  }
  if (meanwhile === "no broker") first.broker.goDown();
  await first.clock.advance(afterMs);
  return await startHost(COUNTS, first.around);
}

for (const afterMs of [58_000, 60_000, 90_000]) {
  Deno.test(`Agent restarted ${afterMs / 1000} s into a wait of 60 s hears the abort that waited, and stays up`, async () => {
    const h = await restarted(afterMs, "abort");
    await h.clock.advance(120_000);
    assert.deepEqual(h.runner.ran, []);
    assert.deepEqual(h.statuses("a1"), ["accepted", "aborted"]);
    assert.deepEqual(h.statuses("s1"), ["aborted"]);
    await h.stop();
  });
}

Deno.test("Agent restarted after its wait was over ends the host as soon as it has heard that nothing waited", async () => {
  const h = await restarted(90_000, "silence");
  assert.deepEqual(h.runner.ran, []);
  await h.clock.advance(5000);
  assert.deepEqual(h.runner.ran, ["off"]);
  await h.stop();
});

Deno.test("Agent restarted after its wait was over ends the host although no broker answers, a little later", async () => {
  const h = await restarted(90_000, "no broker");
  await h.clock.advance(HEAR_FIRST_MS - 1);
  assert.deepEqual(h.runner.ran, []);
  await h.clock.advance(1);
  assert.deepEqual(h.runner.ran, ["off"]);
  await h.stop();
});

Deno.test("Agent restarted again and again without a broker ends the host all the same", async () => {
  let h = await restarted(90_000, "no broker");
  for (let i = 0; i < 2; i++) {
    await h.clock.advance(HEAR_FIRST_MS - 5000);
    assert.deepEqual(h.runner.ran, []);
    await h.agent.stop();
    h = await startHost(COUNTS, h.around);
  }
  assert.deepEqual(h.runner.ran, ["off"]);
  await h.stop();
});
