import assert from "node:assert/strict";
import type { Bus, BusMessage } from "../../../lib/workers/bus.ts";
import { Isolation } from "../../../lib/workers/isolation.ts";
import { encodeAgentStatus } from "../../../lib/messages/agent/status.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../../lib/mqtt/topics.ts";
import { testContext } from "../../../lib/testing.ts";
import { Subscriptions } from "./subscriptions.ts";
import { CONFIG } from "../testdata/test_policy.ts";

/** Subscriptions on a bus that a test speaks through, because a memory broker is always in order. */
function listener() {
  const topics = topicsUnder(DEFAULT_ROOTS);
  const handlers = new Map<string, (message: BusMessage) => void>();
  let link = (_up: boolean) => {};
  const bus: Bus = {
    publish: () => Promise.resolve(),
    subscribe: (filter, handle) => void handlers.set(filter, handle),
    onLink: (handle) => void (link = handle),
  };
  const heard: string[] = [];
  const none = () => {};
  const context = testContext({ service: "policy_engine", publishes: [], subscribes: [] }, CONFIG);
  const isolation = new Isolation(context, "part_failed");
  new Subscriptions({ ...context, bus, isolation }, topics, undefined, {
    onState: none,
    onStateGone: none,
    onCloud: none,
    onWitness: none,
    onAck: none,
    onStatus: (agent, { online }) => void heard.push(`${agent} ${online ? "on" : "off"}`),
    onDrillRequest: none,
    onAbortRequest: none,
  }).listen();
  return {
    heard,
    reconnect: () => [false, true].forEach((up) => link(up)),
    say: (online: boolean, retained: boolean) =>
      handlers.get(topics.agentStatus("+"))?.({
        topic: topics.agentStatus("pc"),
        payload: new TextEncoder().encode(encodeAgentStatus({ agent: "pc", online })),
        retained,
      }),
  };
}

Deno.test("Subscriptions do not take a presence that the broker kept for news when the agent has spoken since", () => {
  const { heard, say } = listener();
  say(true, false);
  say(false, true);
  assert.deepEqual(heard, ["pc on"]);
  say(false, false);
  assert.deepEqual(heard, ["pc on", "pc off"]);
});

Deno.test("Subscriptions take what the broker kept at the start, and after it was away: the agent may have gone meanwhile", () => {
  const { heard, say, reconnect } = listener();
  say(true, true);
  say(true, false);
  reconnect();
  say(false, true);
  assert.deepEqual(heard, ["pc on", "pc on", "pc off"]);
});
