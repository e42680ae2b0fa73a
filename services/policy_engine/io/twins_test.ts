import assert from "node:assert/strict";
import { Twins, TWINS_REMEMBERED_MS } from "./twins.ts";
import { house, LOST } from "../testdata/test_policy.ts";
import { encodeAgentStatus } from "../../../lib/messages/agent/status.ts";
import { settle } from "../../../lib/time/test_clock.ts";

const MINUTE = 60_000;
const on = (change: object) => ({ agent: "pc", online: true, ...change });

/** What is heard, a minute apart, and whether the last of it shows two hosts. */
const rows: readonly [name: string, heard: readonly object[], isTwin: boolean][] = [
  ["one host that says the same again", [{ boot: "a" }, { boot: "a" }, { boot: "a" }], false],
  ["a host that is started anew, twice", [{ boot: "a" }, { boot: "b" }, { boot: "c" }], false],
  ["two hosts in turn", [{ boot: "a" }, { boot: "b" }, { boot: "a" }], true],
  [
    "two hosts without a boot mark, by name",
    [{ hostname: "x" }, { hostname: "y" }, { hostname: "x" }],
    true,
  ],
  [
    "two hosts of one name, by uptime",
    [{ hostname: "x", uptime_s: 9000 }, { hostname: "x", uptime_s: 100 }, { hostname: "x", uptime_s: 9120 }],
    true,
  ],
  [
    "one host whose uptime is measured badly",
    [{ hostname: "x", uptime_s: 9000 }, { hostname: "x", uptime_s: 9119 }, { hostname: "x", uptime_s: 9060 }],
    false,
  ],
  ["one that says nothing of itself", [{}, { boot: "a" }, {}], false],
];
for (const [name, heard, isTwin] of rows) {
  Deno.test(`Twins.heard() ${isTwin ? "notices" : "lets pass"} ${name}`, () => {
    const twins = new Twins();
    const told = heard.map((status, index) => twins.heard("pc", on(status), index * MINUTE));
    assert.deepEqual(
      told.map((text) => text !== undefined),
      heard.map((_, i) => isTwin && i === heard.length - 1),
    );
    assert.deepEqual(twins.names(heard.length * MINUTE), isTwin ? ["pc"] : []);
  });
}

Deno.test("Twins tells once, and forgets them when only one is heard for an hour", () => {
  const twins = new Twins();
  let told = 0;
  for (let i = 0; i < 20; i++) {
    if (twins.heard("pc", on({ boot: i % 2 === 0 ? "a" : "b" }), i * MINUTE) !== undefined) told++;
  }
  assert.equal(told, 1);
  assert.deepEqual(twins.names(19 * MINUTE + TWINS_REMEMBERED_MS - 1), ["pc"]);
  assert.deepEqual(twins.names(19 * MINUTE + TWINS_REMEMBERED_MS), []);
});

Deno.test("PolicyEngine tells of two hosts with one name, in log, journal and health, and still tells them to go", async () => {
  const h = await house();
  for (const [hostname, boot] of [["old-pc", "a"], ["new-pc", "b"], ["old-pc", "a"], ["new-pc", "b"]]) {
    const status = encodeAgentStatus({ agent: "pc", online: true, hostname, boot });
    h.broker.publish("power-manager/pc/status", status, { retain: true });
    await settle();
  }
  assert.deepEqual(h.events.filter(({ kind }) => kind === "agent_twins").map(({ severity }) => severity), [
    "warning",
  ]);
  assert.match(h.log().text(), /TWO HOSTS WITH ONE NAME.*old-pc/);
  await h.pass(200, LOST);
  assert.ok(h.health().includes("agent_twins"));
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});
