import assert from "node:assert/strict";
import { type AgentPlan, encodeAgentPlan, parseAgentPlan } from "./plan.ts";

const PLAN: AgentPlan = {
  id: "p1",
  agent: "nas",
  device: "Study",
  state: "on_battery",
  issued_at: "2026-11-23T19:00:00Z",
  deadline_at: "2026-11-23T19:30:00Z",
  deadline_in_s: 1800,
  delay_sec: 60,
  reason: "on battery",
  sig: "ab".repeat(32),
};

Deno.test("parseAgentPlan() reads what encodeAgentPlan() wrote, also without what may be absent", () => {
  assert.deepEqual(parseAgentPlan(encodeAgentPlan(PLAN), "test"), PLAN);
  const { deadline_at: _at, deadline_in_s: _in, delay_sec: _delay, sig: _sig, ...least } = PLAN;
  assert.deepEqual(parseAgentPlan(encodeAgentPlan({ ...least, state: "online" }), "test").state, "online");
});

for (
  const [change, wanted] of [
    [{ state: "critical" }, /"state"/],
    [{ deadline_at: "soon" }, /"deadline_at" must be an ISO 8601 time/],
    [{ deadline_in_s: -1 }, /"deadline_in_s" must be a whole number from 0/],
    [{ sig: "AB" }, /"sig" must be 64 lower-case hex digits/],
    [{ id: "" }, /"id" must not be empty/],
    [{ agent: undefined }, /"agent"/],
  ] as const
) {
  Deno.test(`parseAgentPlan() refuses ${JSON.stringify(change)} by name`, () => {
    assert.throws(() => parseAgentPlan(JSON.stringify({ ...PLAN, ...change }), "test"), wanted);
  });
}
