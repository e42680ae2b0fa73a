import assert from "node:assert/strict";
import {
  type AgentEffect,
  type AgentInput,
  type AgentState,
  AWAY_MS,
  AWAY_ON_BATTERY_MS,
  stepAgent,
  UNHEARD,
} from "./agent_watch.ts";
import { house } from "../testdata/test_policy.ts";

const ONLINE: AgentState = { kind: "online", isGoingDown: false };
const GOING: AgentState = { kind: "online", isGoingDown: true };
const AWAY: AgentState = { kind: "away", sinceMonoMs: 1000 };
const LOST: AgentState = { kind: "lost", sinceMonoMs: 1000 };
const EXCUSED: AgentState = { kind: "excused" };
const heard = (online: boolean, more: { isGoingDown?: true; isCommanded?: true } = {}): AgentInput => ({
  kind: "presence",
  online,
  isGoingDown: false,
  isCommanded: false,
  ...more,
});
const tick = (isOnBattery = false, isLinkUp = true): AgentInput => ({ kind: "tick", isOnBattery, isLinkUp });

const rows: readonly [
  name: string,
  from: AgentState,
  input: AgentInput,
  atMs: number,
  to: AgentState,
  effect?: AgentEffect,
][] = [
  ["takes an agent that was never online for no loss", UNHEARD, heard(false), 1000, UNHEARD],
  ["hears it come online", UNHEARD, heard(true), 1000, ONLINE],
  ["hears it go", ONLINE, heard(false), 1000, AWAY],
  ["does not begin anew when that is repeated", AWAY, heard(false), 5000, AWAY],
  ["excuses a host that was told", ONLINE, heard(false, { isCommanded: true }), 1000, EXCUSED],
  ["hears that its host goes down", ONLINE, heard(true, { isGoingDown: true }), 1000, GOING],
  ["excuses one that said so before", GOING, heard(false), 1000, EXCUSED],
  ["excuses one that says so as it goes", ONLINE, heard(false, { isGoingDown: true }), 1000, EXCUSED],
  ["excuses nobody who stays up after all", GOING, heard(true), 1000, ONLINE],
  ["lets an excused one be away for ever", EXCUSED, tick(true), 1e12, EXCUSED],
  ["keeps an excuse when its absence is repeated", EXCUSED, heard(false), 1e12, EXCUSED],
  ["excuses nobody after a return", EXCUSED, heard(true), 1000, ONLINE],
  [
    "does not excuse one that is told only when it is away",
    AWAY,
    heard(false, { isCommanded: true }),
    2000,
    AWAY,
  ],
  ["waits 1 ms before the hold ends", AWAY, tick(), 1000 + AWAY_MS - 1, AWAY],
  ["loses it at the end of the hold", AWAY, tick(), 1000 + AWAY_MS, LOST, { kind: "lost", awayMs: AWAY_MS }],
  ["waits 1 ms before the hold on battery ends", AWAY, tick(true), 1000 + AWAY_ON_BATTERY_MS - 1, AWAY],
  ["loses it at the end of the hold on battery", AWAY, tick(true), 1000 + AWAY_ON_BATTERY_MS, LOST, {
    kind: "lost",
    awayMs: AWAY_ON_BATTERY_MS,
  }],
  ["counts what it was away before the outage", AWAY, tick(true), 400_000, LOST, {
    kind: "lost",
    awayMs: 399_000,
  }],
  ["counts no time without the broker", AWAY, tick(true, false), 1e12, { kind: "away", sinceMonoMs: 1e12 }],
  ["says nothing of one that is back in time", AWAY, heard(true), 1000 + AWAY_MS - 1, ONLINE],
  ["tells a loss once", LOST, tick(true), 1e12, LOST],
  ["tells no second loss when its absence is repeated", LOST, heard(false), 1e12, LOST],
  ["tells the return of a lost one", LOST, heard(true), 901_000, ONLINE, { kind: "back", awayMs: 900_000 }],
  ["says nothing while it is there", ONLINE, tick(true), 1e12, ONLINE],
];
for (const [name, from, input, atMs, to, effect] of rows) {
  Deno.test(`stepAgent() ${name}`, () => {
    const step = stepAgent(from, input, atMs);
    assert.deepEqual(step.state, to);
    assert.deepEqual(step.effect, effect);
  });
}

const HERE = { soc: 80, grid_connected: true };
const OUT = { soc: 80, grid_connected: false };
const kinds = ({ events }: Awaited<ReturnType<typeof house>>) =>
  events.map(({ kind }) => kind).filter((kind) => kind.startsWith("agent_"));

Deno.test("PolicyEngine journals agent_lost once after 10 min, and agent_back after it", async () => {
  const h = await house();
  await h.presence(true);
  await h.pass(60, HERE);
  await h.presence(false);
  await h.pass(590, HERE);
  assert.deepEqual(kinds(h), []);
  await h.pass(20, HERE);
  assert.deepEqual(kinds(h), ["agent_lost"]);
  const [lost] = h.events.filter(({ kind }) => kind === "agent_lost");
  assert.deepEqual([lost?.severity, lost?.agent, lost?.data], ["warning", "pc", { away_s: 600 }]);
  assert.equal(
    lost?.text,
    "pc: its agent has been gone for 10 min and nobody told the host to go down; a shutdown would not reach it now",
  );
  await h.presence(false);
  await h.pass(3600, HERE);
  await h.presence(true);
  await h.pass(60, HERE);
  assert.deepEqual(kinds(h), ["agent_lost", "agent_back"]);
  assert.match(h.log().text(), /AGENT LOST agent=pc[^]*AGENT BACK agent=pc/);
  await h.stop();
});

Deno.test("PolicyEngine loses an agent after 2 min on battery", async () => {
  const h = await house();
  await h.presence(true);
  await h.pass(10, OUT);
  await h.presence(false);
  await h.pass(110, OUT);
  assert.deepEqual(kinds(h), []);
  await h.pass(20, OUT);
  assert.deepEqual(kinds(h), ["agent_lost"]);
  await h.stop();
});

Deno.test("PolicyEngine loses no agent whose host it told to go down", async () => {
  const h = await house();
  await h.presence(true);
  await h.pass(200, { soc: 9, grid_connected: false });
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.ack("accepted");
  await h.presence(false);
  await h.pass(1200, { soc: 9, grid_connected: false });
  await h.pass(1200, HERE);
  assert.deepEqual(kinds(h), ["agent_ack"]);
  await h.presence(true);
  await h.pass(60, HERE);
  assert.deepEqual(kinds(h), ["agent_ack"]);
  await h.stop();
});

Deno.test("PolicyEngine loses an agent that was online before its own restart, once it is heard to go", async () => {
  const h = await house();
  await h.presence(true);
  await h.restart();
  await h.pass(1200, HERE);
  assert.deepEqual(kinds(h), []);
  // The broker says this for it: so it had its session until now.
  await h.presence(false);
  await h.pass(620, HERE);
  assert.deepEqual(kinds(h), ["agent_lost"]);
  await h.stop();
});

Deno.test("PolicyEngine takes an agent that was gone at its start for no loss, and time without the broker for none either", async () => {
  const h = await house();
  await h.presence(false);
  await h.restart();
  await h.pass(1200, HERE);
  assert.deepEqual(kinds(h), []);
  await h.presence(true);
  await h.presence(false);
  await h.pass(300, HERE);
  h.broker.goDown();
  await h.clock.advance(1_200_000);
  h.broker.goUp();
  await h.pass(590, HERE);
  assert.deepEqual(kinds(h), []);
  await h.pass(20, HERE);
  assert.deepEqual(kinds(h), ["agent_lost"]);
  await h.stop();
});

Deno.test("PolicyEngine leaves NUT clients to the NUT server", async () => {
  const h = await house({ keylessHosts: ["pc"] });
  await h.presence(true);
  await h.presence(false);
  await h.pass(1200, HERE);
  assert.deepEqual(kinds(h), []);
  await h.stop();
});
