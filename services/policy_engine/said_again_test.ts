/** A broker that was started again without what it had retained. */
import assert from "node:assert/strict";
import { emptyDisk, startHost, testHostTime } from "../../agents/testing.ts";
import { parseAgentPlan } from "../../lib/messages/agent/plan.ts";
import { encodeDrillRequest } from "../../lib/messages/drill.ts";
import { encodeOrchestratorStatus } from "../../lib/messages/orchestrator_status.ts";
import { settle } from "../../lib/time/test_clock.ts";
import { house } from "./testdata/test_policy.ts";

const MINUTE = 60_000;
const ON_BATTERY = {
  age_s: 0,
  grid_age_s: 0,
  soc_age_s: 0,
  soc: 50,
  battery_wh: 245,
  out_watts: 100,
  grid_connected: false,
};
const ON_GRID = { ...ON_BATTERY, grid_connected: true };

Deno.test("PolicyEngine says status, plans and the last drill again within 2 s to a broker that forgot them", async () => {
  const h = await house({ stations: { Study: ["pc", "nas"], Attic: ["den"] }, takesDrills: true });
  await h.feed(ON_BATTERY);
  await h.feed(ON_GRID, "Attic");
  h.broker.publish("power-manager/drill/request", encodeDrillRequest({ id: "d1", agents: ["den"] }));
  await h.clock.advance(30 * MINUTE);
  const own = () => h.broker.retainedTopics.filter((topic) => topic.startsWith("power-manager/"));
  const before = own();
  assert.deepEqual(before, [
    "power-manager/den/plan",
    "power-manager/drill/report",
    "power-manager/nas/plan",
    "power-manager/pc/plan",
    "power-manager/policy/Attic",
    "power-manager/policy/Study",
  ]);
  h.broker.goDown();
  h.broker.forgetRetained();
  h.broker.goUp();
  await h.clock.advance(2000);
  assert.deepEqual(own(), before);
  await h.stop();
});

Deno.test("a fresh agent gets its plan from a broker that forgot it, and acts alone by the deadline of then, not of now", async () => {
  const h = await house();
  await h.feed(ON_BATTERY);
  const first = parseAgentPlan(h.broker.retained("power-manager/pc/plan") ?? "", "plan");
  await h.clock.advance(10_000);
  h.broker.goDown();
  h.broker.forgetRetained();
  h.broker.goUp();
  await h.clock.advance(2000);
  const again = parseAgentPlan(h.broker.retained("power-manager/pc/plan") ?? "", "plan");
  assert.ok(again.issued_at > first.issued_at);
  const apartMs = Date.parse(again.deadline_at ?? "") - Date.parse(first.deadline_at ?? "");
  assert.ok(Math.abs(apartMs) <= 15_000, `the deadline moved by ${apartMs} ms`);
  const agent = await startHost({}, {
    clock: h.clock,
    broker: h.broker,
    stores: emptyDisk(),
    time: testHostTime(h.clock),
  });
  const status = encodeOrchestratorStatus({ online: true, version: "1", services: {}, ts: again.issued_at });
  h.broker.publish("power-manager/orchestrator/status", status, { retain: true });
  await settle();
  assert.equal(agent.status().plan_id, again.id);
  const leftMs = Date.parse(again.deadline_at ?? "") - h.clock.wallMs();
  h.broker.goDown();
  await h.clock.advance(leftMs - 10_000);
  assert.deepEqual(agent.runner.ran, []);
  await h.clock.advance(3 * MINUTE);
  assert.ok(agent.runner.ran.length > 0, "the host goes down alone");
  await agent.stop();
  h.broker.goUp();
  await h.stop();
});

Deno.test("PolicyEngine says nothing again over a mere restart that it does not know: a plan of doubt stays unsaid", async () => {
  const h = await house({ bootId: "one" });
  await h.clock.advance(2000);
  h.broker.goDown();
  h.broker.forgetRetained();
  h.broker.goUp();
  await h.clock.advance(5000);
  assert.equal(
    h.broker.retained("power-manager/pc/plan"),
    undefined,
    "nobody has said anything of the station",
  );
  await h.stop();
});

Deno.test("PolicyEngine leaves nothing of a station whose state was taken away, unless hosts hang on it", async () => {
  const h = await house();
  await h.feed(ON_BATTERY, "Cellar");
  await h.feed(ON_BATTERY);
  assert.notEqual(h.broker.retained("power-manager/policy/Cellar"), undefined);
  for (const device of ["Cellar", "Study", "Unheard"]) {
    h.broker.publish("power-manager/policy/Unheard", "{}", { retain: true });
    h.broker.publish(`bridge-ecoflow/${device}/json/state`, "", { retain: true });
  }
  await h.clock.advance(5 * MINUTE);
  assert.equal(h.broker.retained("power-manager/policy/Cellar"), undefined);
  assert.equal(h.broker.retained("power-manager/policy/Unheard"), undefined, "left by an earlier run");
  assert.equal(h.status().state, "on_battery", "what protects a host is never forgotten");
  assert.equal(h.status().blind, true);
  assert.doesNotMatch(h.log().text(), /REFUSED/);
  await h.stop();
});
