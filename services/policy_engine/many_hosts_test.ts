/** Many hosts on one station that speak in one moment: a status names all of them. */
import assert from "node:assert/strict";
import { FEW, TOGETHER_MS } from "../../lib/time/gathering.ts";
import { house } from "./testdata/test_policy.ts";

const ON_BATTERY = { soc: 80, grid_connected: false };

async function rack(hosts: number) {
  const names = Array.from({ length: hosts }, (_, i) => `host-${i}`);
  const h = await house({ stations: { Study: names }, agentKeys: {}, debounceSec: 0 });
  await h.feed({ soc: 80, grid_connected: true });
  for (const name of names) await h.presence(false, name);
  await h.clock.advance(5000);
  let statuses = 0;
  h.broker.watch(({ topic }) => {
    if (topic === "power-manager/policy/Study") statuses++;
  });
  const states = () => new Set(h.status().hosts?.map(({ state }) => state));
  return { h, names, statuses: () => statuses, states };
}

Deno.test("PolicyEngine tells of many hosts that come online together in few statuses, and of all within the time", async () => {
  const { h, names, statuses, states } = await rack(100);
  for (const name of names) await h.presence(true, name);
  assert.ok(statuses() <= 2, `${statuses()} statuses`);
  await h.clock.advance(TOGETHER_MS);
  assert.deepEqual([...states()], ["online"]);
  assert.ok(statuses() <= 3, `${statuses()} statuses`);
  await h.stop();
  assert.equal(h.clock.pending, 0);
});

Deno.test("PolicyEngine tells of a host at once where there are few", async () => {
  const { h, names, statuses, states } = await rack(FEW);
  for (const name of names) await h.presence(true, name);
  assert.deepEqual([...states()], ["online"]);
  assert.equal(statuses(), FEW);
  await h.stop();
});

Deno.test("PolicyEngine with statuses that wait commands every host at once when the battery ends", async () => {
  const { h, names } = await rack(100);
  await h.feed(ON_BATTERY);
  for (const name of names) await h.presence(true, name);
  await h.feed({ ...ON_BATTERY, soc: 9 });
  assert.equal(h.status().soc, 9);
  assert.deepEqual(h.actions(), names.map((name) => `shutdown ${name}`));
  await h.stop();
});

Deno.test("PolicyEngine with statuses that wait commands nobody while the grid is there", async () => {
  const { h, names } = await rack(100);
  for (const name of names) await h.presence(true, name);
  await h.feed({ soc: 9, grid_connected: true });
  await h.clock.advance(60_000);
  assert.deepEqual(h.actions(), []);
  await h.stop();
});
