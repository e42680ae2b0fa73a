import assert from "node:assert/strict";
import type { AgentCommand } from "../lib/messages/agent/command.ts";
import { settle } from "../lib/time/test_clock.ts";
import { CHALLENGE_MS } from "./obey/challenge.ts";
import { startHost } from "./testing.ts";

const MIN = 60_000;
type Host = Awaited<ReturnType<typeof startHost>>;

/** A command of a daemon whose clock is so far behind this host's. */
function late(h: Host, change: Partial<AgentCommand> = {}, behindMs = 10 * MIN): AgentCommand {
  return h.command({ issued_at: new Date(h.clock.wallMs() - behindMs).toISOString(), ...change });
}

const challengeOf = (h: Host, id: string) => h.acks.findLast((ack) => ack.id === id)?.challenge;

for (const behindMs of [10 * MIN, -10 * MIN]) {
  Deno.test(`Agent asks a daemon whose clock is ${behindMs / MIN} min behind for a proof, and obeys the answer`, async () => {
    const h = await startHost();
    const id = await h.send(late(h, {}, behindMs));
    assert.deepEqual(h.runner.ran, []);
    assert.deepEqual(h.statuses(id), ["rejected"]);
    assert.match(
      h.acks.at(-1)?.detail ?? "",
      /^(expired|from the future).*this host's clock says 2026-11-23T19:00/,
    );
    const answer = late(h, { id, challenge: challengeOf(h, id) }, behindMs);
    await h.send(answer);
    assert.equal(h.statuses(id).at(-1), "shutting_down");
    const abortId = await h.send(late(h, { action: "abort" }, behindMs));
    await h.send(late(h, { id: abortId, action: "abort", challenge: challengeOf(h, abortId) }, behindMs));
    assert.equal(h.statuses(abortId).at(-1), "aborted");
    // Recorded and sent again, it is no proof any more: its id was obeyed.
    const before = h.runner.ran.length;
    await h.send(answer);
    assert.equal(challengeOf(h, id), undefined);
    assert.equal(h.runner.ran.length, before);
    await h.stop();
  });
}

Deno.test("Agent takes an answer for a minute, for the command that was asked, and from no earlier run", async () => {
  const h = await startHost();
  const id = await h.send(late(h));
  const challenge = challengeOf(h, id);
  await h.send(late(h, { challenge }));
  await h.clock.advance(CHALLENGE_MS + 1);
  await h.send(late(h, { id, challenge }));
  const again = challengeOf(h, id);
  assert.ok(again !== undefined && again !== challenge);
  await h.stop();
  const next = await startHost({}, h.around);
  await next.send(late(next, { id, challenge: again }));
  assert.deepEqual([...h.runner.ran, ...next.runner.ran], []);
  await next.stop();
});

Deno.test("Agent on battery beyond its plan's deadline obeys no recording of an old shutdown, with an old plan or without", async () => {
  const h = await startHost();
  h.broker.publish("power-manager/orchestrator/status", JSON.stringify({ online: true }), { retain: true });
  const oldPlan = h.plan({ deadline_in_s: 60 });
  const oldShutdown = h.command();
  await h.clock.advance(60 * MIN);
  await h.sendPlan(h.plan({ deadline_in_s: 600 }));
  await h.clock.advance(20 * MIN);
  // Beyond the deadline, and the daemon is there and knows better: a person may hold the shutdown back.
  for (let i = 0; i < 30; i++) {
    await h.send(oldShutdown);
    h.broker.publish("power-manager/pc/plan", JSON.stringify(oldPlan), { qos: 1 });
    // Whoever cannot sign cannot answer either.
    await h.send({ ...oldShutdown, challenge: challengeOf(h, oldShutdown.id) });
    await h.clock.advance(MIN);
  }
  assert.deepEqual(h.runner.ran, []);
  assert.ok(h.acks.every(({ status }) => status === "rejected"));
  await h.stop();
});

Deno.test("Agent flooded with forged commands still asks a daemon with a wrong clock for a proof", async () => {
  const h = await startHost();
  for (let i = 0; i < 100; i++) {
    h.broker.publish("power-manager/pc/cmd", JSON.stringify({ ...h.command(), delay_sec: 0 }));
  }
  await settle();
  const id = await h.send(late(h));
  await h.send(late(h, { id, challenge: challengeOf(h, id) }));
  assert.equal(h.statuses(id).at(-1), "shutting_down");
  await h.stop();
});
