/** Two hosts with one name and key, as after a disk was copied. */
import assert from "node:assert/strict";
import { encodeAgentStatus, parseAgentStatus } from "../lib/messages/agent/status.ts";
import { emptyDisk, startHost, surroundings, testHostTime } from "./testing.ts";

Deno.test("two agents with one name and key both stay connected, both obey, and their statuses tell them apart", async () => {
  const around = surroundings();
  const marks = new Set<string | undefined>();
  around.broker.watch(({ topic, payload }) => {
    if (topic === "power-manager/pc/status") marks.add(parseAgentStatus(payload, topic).boot);
  });
  const one = await startHost({}, around);
  const copy = await startHost({}, {
    ...around,
    stores: emptyDisk(),
    time: testHostTime(around.clock, "another start"),
  });
  await around.clock.advance(60_000);
  await one.send(one.command());
  for (const host of [one, copy]) {
    assert.equal(host.runner.ran.at(-1), "shutdown 60");
    assert.doesNotMatch(host.log.text(), /BROKER DOWN/);
  }
  assert.equal(marks.size, 2);
  assert.equal(marks.has(undefined), false);
  await copy.stop();
  await one.stop();
});

Deno.test("Agent says again that it is online when the broker has told of its old connection's end", async () => {
  const around = surroundings();
  around.time.sleptMs = 20_000;
  const h = await startHost({}, around);
  // The will of the connection from before the host was started anew.
  const will = encodeAgentStatus({ agent: "pc", online: false });
  h.broker.publish("power-manager/pc/status", will, { retain: true, qos: 1 });
  assert.equal(h.status().online, false);
  await h.clock.advance(60_000);
  assert.equal(h.status().online, true);
  await h.stop();
  assert.equal(h.clock.pending, 0);
});

Deno.test("Agent names no start of its host that it only guessed from the clock", async () => {
  const around = surroundings();
  const h = await startHost({}, { ...around, time: testHostTime(around.clock, "started-1200000") });
  assert.equal(h.status().boot, undefined);
  assert.equal(h.status().hostname, "pc.lan");
  await h.stop();
});
