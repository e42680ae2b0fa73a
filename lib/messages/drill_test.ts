import assert from "node:assert/strict";
import {
  type DrillReport,
  type DrillRequest,
  encodeDrillReport,
  encodeDrillRequest,
  parseDrillReport,
  parseDrillRequest,
} from "./drill.ts";

const requests: readonly DrillRequest[] = [
  { id: "d", agents: ["pc"] },
  { id: "d", device: "Study", by: "me" },
  { id: "d", all: true },
];
for (const request of requests) {
  Deno.test(`parseDrillRequest() reads ${JSON.stringify(request)}`, () => {
    assert.deepEqual(parseDrillRequest(encodeDrillRequest(request), "test"), request);
  });
}

for (
  const [text, wanted] of [
    ["", /empty payload/],
    ["{}", /"id"/],
    ['{"id":"d"}', /exactly one of/],
    ['{"id":"d","all":true,"device":"x"}', /exactly one of/],
    ['{"id":"d","agents":[]}', /at least one agent/],
    ['{"id":"d","all":false}', /"all"/],
    ['{"id":"d","agent":"pc"}', /"agent"/],
  ] as const
) {
  Deno.test(`parseDrillRequest() refuses ${text || "nothing"}`, () => {
    assert.throws(() => parseDrillRequest(text, "test"), wanted);
  });
}

Deno.test("parseDrillReport() reads what encodeDrillReport() wrote", () => {
  const report: DrillReport = {
    id: "d",
    state: "ended",
    sentence: "1 of 1 hosts is ready.",
    started_at: "2026-11-23T19:00:00Z",
    ended_at: "2026-11-23T19:00:09Z",
    hosts: [{
      agent: "pc",
      device: "Study",
      stage: 1,
      state: "done",
      answered_s: 0.1,
      done_s: 9,
      told_after_min: 40,
      needs_s: 129,
    }],
    ts: "2026-11-23T19:00:09Z",
  };
  assert.deepEqual(parseDrillReport(encodeDrillReport(report), "test"), report);
});
