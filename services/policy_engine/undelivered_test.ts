/** A command that the broker does not take: the words stay true, it is tried again, and nobody is lost by the waiting. */
import assert from "node:assert/strict";
import { settle } from "../../lib/time/test_clock.ts";
import { BACK, house, LOST } from "./testdata/test_policy.ts";

const COMMANDS = "power-manager/pc/cmd";
const LONG_AGO = { age_s: 200, grid_age_s: 200, soc_age_s: 200 };

Deno.test("PolicyEngine says SHUTDOWN SENT and told only of a command that the broker took, and tries a refused one again", async () => {
  const h = await house();
  h.broker.refuses.set(COMMANDS, 0);
  await h.presence(true);
  await h.feed({ ...LOST, ...LONG_AGO });
  await h.pass(182, LOST);
  assert.equal(h.broker.refuses.get(COMMANDS), 1);
  const log = () => h.log().text();
  assert.doesNotMatch(log(), /SHUTDOWN SENT/);
  assert.equal(h.events.some(({ kind }) => kind === "shutdown_sent"), false);
  assert.equal(log().match(/COMMAND NOT DELIVERED/g)?.length, 1);
  const [host] = h.status().hosts ?? [];
  assert.equal(host?.state, "sending");
  assert.match(host?.detail ?? "", /Not authorized/);
  assert.match(h.status().sentence, /Shutting down.*the broker has not taken the command for pc yet/);
  // A broker that goes on refusing is asked ever more seldom, and the owner is not told again and again.
  await h.pass(100, LOST);
  const tries = h.broker.refuses.get(COMMANDS) ?? 0;
  assert.ok(tries >= 4 && tries <= 7, `${tries} tries in 100 s`);
  assert.equal(log().match(/COMMAND NOT DELIVERED/g)?.length, 1);
  assert.equal(h.events.filter(({ kind }) => kind === "command_not_delivered").length, 1);
  // The owner mends the access list: the host goes down within a minute, not after the cooldown.
  h.broker.refuses.clear();
  await h.pass(61, LOST);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  assert.equal(h.commands[0]?.id, host?.command_id);
  assert.match(log(), new RegExp(`SHUTDOWN SENT agent=pc .*id=${host?.command_id}`));
  assert.equal(h.events.filter(({ kind }) => kind === "shutdown_sent").length, 1);
  assert.equal(h.status().hosts?.[0]?.state, "told");
  assert.doesNotMatch(h.status().sentence, /has not taken/);
  await h.stop();
});

Deno.test("PolicyEngine does not try a refused shutdown again when the grid is back, also over a restart", async () => {
  const h = await house();
  h.broker.refuses.set(COMMANDS, 0);
  await h.presence(true);
  await h.feed({ ...LOST, ...LONG_AGO });
  await h.pass(182, LOST);
  await h.pass(20, BACK);
  assert.match(h.log().text(), /COMMAND NOT DELIVERED agent=pc action=abort/);
  assert.doesNotMatch(h.log().text(), /ABORT SENT/);
  h.broker.refuses.clear();
  await h.restart();
  await h.pass(400, BACK);
  assert.equal(h.actions().includes("shutdown pc"), false);
  await h.stop();
});

Deno.test("PolicyEngine says told of a command that waited for the broker only when the broker has it", async () => {
  const h = await house();
  await h.presence(true);
  await h.feed({ ...LOST, ...LONG_AGO });
  await h.clock.advance(100_000);
  h.broker.goDown();
  await h.clock.advance(100_000);
  assert.match(h.log().text(), /BROKER DOWN: the command waits for it/);
  assert.doesNotMatch(h.log().text(), /SHUTDOWN SENT/);
  h.broker.goUp();
  await settle();
  await h.clock.advance(2000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  assert.equal(h.log().text().match(/SHUTDOWN SENT/g)?.length, 1);
  assert.equal(h.status().hosts?.[0]?.state, "told");
  await h.stop();
});

Deno.test("PolicyEngine takes a host's answer for the broker's, when that comes first or never", async () => {
  const h = await house();
  h.broker.refuses.set(COMMANDS, 0);
  await h.presence(true);
  await h.feed({ ...LOST, ...LONG_AGO });
  await h.pass(182, LOST);
  const id = h.status().hosts?.[0]?.command_id;
  h.broker.publish("power-manager/pc/ack", JSON.stringify({ id, agent: "pc", status: "accepted" }));
  await settle();
  assert.equal(h.status().hosts?.[0]?.state, "accepted");
  assert.equal(h.log().text().match(/SHUTDOWN SENT/g)?.length, 1);
  assert.equal(h.events.filter(({ kind }) => kind === "shutdown_sent").length, 1);
  const tries = h.broker.refuses.get(COMMANDS);
  await h.pass(60, LOST);
  assert.equal(h.broker.refuses.get(COMMANDS), tries);
  await h.stop();
});

Deno.test("PolicyEngine tells a host that is online and does not answer again, with the same id, until it answers", async () => {
  const h = await house();
  await h.presence(true);
  await h.feed({ ...LOST, ...LONG_AGO });
  await h.pass(182, LOST);
  assert.equal(h.said.length, 1);
  await h.pass(20, LOST);
  assert.equal(h.said.length, 2, "the broker may have lost it with the agent's session");
  assert.equal(h.commands.length, 1);
  assert.equal(h.status().hosts?.[0]?.state, "told");
  assert.equal(h.log().text().match(/SHUTDOWN SENT/g)?.length, 1);
  // It lives as long as a first one: it is signed anew.
  const [first, again] = h.said;
  assert.ok((again?.issued_at ?? "") > (first?.issued_at ?? ""));
  assert.match(h.log().text(), /NO ANSWER: the command is sent again agent=pc/);
  await h.restart();
  await h.pass(5, LOST);
  assert.equal(h.said.length, 2, "a restart does not forget when it was said");
  await h.pass(250, LOST);
  assert.ok(h.said.length >= 5 && h.said.length <= 8, `${h.said.length} times in a cooldown`);
  await h.ack("accepted");
  const { length } = h.said;
  await h.pass(120, LOST);
  assert.equal(h.said.length, length);
  await h.pass(120, BACK);
  const [shutdown, ...aborts] = h.actions();
  assert.equal(shutdown, "shutdown pc");
  assert.deepEqual(new Set(aborts), new Set(["abort pc"]));
  assert.equal(h.said.filter(({ action }) => action === "shutdown").length, length);
  await h.stop();
});
