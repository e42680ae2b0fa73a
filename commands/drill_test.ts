import assert from "node:assert/strict";
import { type DrillReport, encodeDrillReport } from "../lib/messages/drill.ts";
import { encodeAgentAck } from "../lib/messages/agent/ack.ts";
import { parseAgentCommand } from "../lib/messages/agent/command.ts";
import { DEFAULT_ROOTS, matchesFilter } from "../lib/mqtt/topics.ts";
import { settle } from "../lib/time/test_clock.ts";
import { house, KEY } from "../services/policy_engine/testdata/test_policy.ts";
import { callDrill, drillText, readRequest } from "./drill.ts";

const MQTT = {
  host: "memory",
  port: 1,
  clientId: "drill",
  cleanSession: true,
  keepAliveSec: 30,
  connectTimeoutMs: 1000,
} as const;

Deno.test("callDrill() asks the policy engine and returns with the end of that drill, not of an earlier one", async () => {
  const h = await house({
    stations: { Study: ["pc", "nas"] },
    takesDrills: true,
    agentKeys: { pc: KEY, nas: KEY },
  });
  const old: DrillReport = {
    id: "old",
    state: "ended",
    sentence: "x",
    hosts: [],
    ts: "2026-11-23T19:00:00Z",
  };
  h.broker.publish("power-manager/drill/report", encodeDrillReport(old), { retain: true });
  h.broker.watch(({ topic, payload }) => {
    if (!matchesFilter("power-manager/+/cmd", topic)) return;
    const { id, agent = "", action } = parseAgentCommand(payload, topic);
    assert.equal(action, "drill");
    queueMicrotask(() =>
      h.broker.publish(`power-manager/${agent}/ack`, encodeAgentAck({ id, agent, status: "done" }))
    );
  });
  await h.feed({ soc: 80, grid_connected: true });
  const seen: string[] = [];
  const { request } = readRequest(["--device", "Study"]);
  const report = await callDrill({
    connect: h.broker.connect,
    mqtt: MQTT,
    roots: DEFAULT_ROOTS,
    request,
    onReport: ({ id, state }) => seen.push(`${id === request.id} ${state}`),
  });
  assert.equal(report.sentence, "2 of 2 hosts are ready.");
  assert.ok(seen.every((line) => line.startsWith("true")), seen.join());
  assert.match(
    drillText(report),
    /^host +station +stage +result +answered +prepared[^]*\npc +Study +1 +done +0 s/,
  );
  await h.stop();
  await settle();
});

Deno.test("callDrill() says when the broker cannot be reached", async () => {
  const h = await house();
  h.broker.goDown();
  const { request } = readRequest(["--all"]);
  const call = { connect: h.broker.connect, mqtt: MQTT, roots: DEFAULT_ROOTS, request, onReport: () => {} };
  await assert.rejects(callDrill(call), /no connection to the broker: memory broker is down/);
  await h.stop();
});

for (const args of [[], ["--all", "--device", "x"], ["--agent", "a", "--all"]]) {
  Deno.test(`readRequest() refuses ${JSON.stringify(args)}`, () => {
    assert.throws(() => readRequest(args), /exactly one of --agent, --device and --all/);
  });
}

Deno.test("readRequest() takes several agents", () => {
  assert.deepEqual(readRequest(["--agent", "a", "--agent", "b", "--env", "x.env"]).request.agents, [
    "a",
    "b",
  ]);
});

Deno.test("drillText() fits a terminal, whatever a host has to say", () => {
  const detail = "1 NUT client is logged in; NUT has no rehearsal, so nothing was shown to them";
  const host = {
    agent: "nas",
    device: "Study",
    stage: 1,
    state: "done",
    answered_s: 0,
    done_s: 0,
    detail,
  } as const;
  const text = drillText(
    { id: "d", state: "ended", sentence: "1 of 1 hosts are ready.", hosts: [host], ts: "" } as const,
  );
  assert.match(text.replaceAll(/\s+/g, " "), new RegExp(`nas: ${detail}`));
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
});
