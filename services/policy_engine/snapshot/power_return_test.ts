import assert from "node:assert/strict";
import { encodeAgentStatus } from "../../../lib/messages/agent/status.ts";
import { settle } from "../../../lib/time/test_clock.ts";
import { DOUBT_MS, KEPT_DOUBT_MS, PowerDoubt, powerHistoryOf } from "./power_return.ts";
import { BACK, house, LOST } from "../testdata/test_policy.ts";

const SAVED = Date.UTC(2026, 10, 24, 12);
const iso = (ms: number) => new Date(ms).toISOString();

const rows = [
  ["was on before the snapshot", { ts: SAVED + 60_000, uptime_s: 60 }, "kept"],
  ["was switched on 1 s after the snapshot", { ts: SAVED + 60_000, uptime_s: 59 }, "lost"],
  ["was switched on half a second after it, long ago", { ts: SAVED + 1_000_000, uptime_s: 999.5 }, "lost"],
  ["spoke before the snapshot", { ts: SAVED, uptime_s: 1 }, undefined],
  ["does not say how long it runs", { ts: SAVED + 60_000 }, undefined],
  ["does not say when it spoke", { uptime_s: 5 }, undefined],
  ["is gone", { online: false, ts: SAVED + 60_000, uptime_s: 5 }, undefined],
] as const;
for (
  const [name, { ts, ...rest }, expected] of rows.map(([n, s, e]) => [n, { ts: undefined, ...s }, e] as const)
) {
  Deno.test(`powerHistoryOf() of a host that ${name} is ${expected}`, () => {
    const status = { online: true, ts: ts === undefined ? undefined : iso(ts), ...rest };
    assert.equal(powerHistoryOf(status, SAVED), expected);
  });
}

Deno.test("powerHistoryOf() says nothing when the snapshot was stamped by a clock that had not been set", () => {
  assert.equal(powerHistoryOf({ online: true, ts: iso(SAVED), uptime_s: 5 }, 60_000), undefined);
});

Deno.test("powerHistoryOf() believes a snapshot from the first moment of 2026 on", () => {
  const firstMs = Date.UTC(2026, 0, 1);
  const status = { online: true, ts: iso(SAVED), uptime_s: 5 };
  assert.deepEqual([powerHistoryOf(status, firstMs), powerHistoryOf(status, firstMs - 1)], [
    "lost",
    undefined,
  ]);
});

Deno.test("PowerDoubt keeps what a host said when it later says too little", () => {
  const doubt = new PowerDoubt({ savedAtMs: SAVED, beganMonoMs: 0 });
  const ts = iso(SAVED + 600_000);
  doubt.noteStatus("a", { agent: "a", online: true, uptime_s: 30, ts });
  doubt.noteStatus("a", { agent: "a", online: true, ts });
  assert.equal(doubt.isPowerBack(["a"]), true);
});

Deno.test("PowerDoubt ends sooner when a host had power all the while, and believes it before the others", () => {
  const doubt = new PowerDoubt({ savedAtMs: SAVED, beganMonoMs: 1000 });
  const noteStatus = (agent: string, uptime_s: number) =>
    doubt.noteStatus(agent, { agent, online: true, uptime_s, ts: iso(SAVED + 600_000) });
  assert.equal(doubt.isPowerBack(["a", "b"]), false);
  noteStatus("a", 30);
  assert.equal(doubt.endMonoMs, 1000 + 300_000);
  assert.equal(doubt.isPowerBack(["a", "b"]), true);
  assert.equal(doubt.isPowerBack(["b"]), false);
  noteStatus("b", 86_400);
  assert.equal(doubt.endMonoMs, 1000 + 120_000);
  assert.equal(doubt.isPowerBack(["a", "b"]), false);
});

/**
 * A Pi without a clock battery that was off for `awayMs`. Its clock goes on three hours back, or `clockMs` after the time of
 * the snapshot, where systemd or fake-hwclock stored it.
 */
async function rebooted(awayMs: number, clockMs = -3 * 3_600_000, boots: { bootId?: string }[] = [{}, {}]) {
  const h = await house(boots[0]);
  await h.presence(true);
  await h.pass(190, LOST);
  await h.ack("accepted");
  await h.presence(false);
  const savedAtMs = h.clock.wallMs();
  const told = h.commands.length;
  await h.clock.advance(0);
  h.clock.jumpWall(clockMs);
  await h.restart(boots[1]);
  /** The host's clock is right. */
  const host = async (uptime_s: number) => {
    const ts = iso(savedAtMs + awayMs);
    const status = encodeAgentStatus({ agent: "pc", online: true, uptime_s, ts });
    h.broker.publish("power-manager/pc/status", status, { retain: true });
    await settle();
  };
  return { h, host, since: () => h.actions().slice(told) };
}

Deno.test("PolicyEngine forgets the outage when its host was switched on while a Pi without a clock was off", async () => {
  const { h, host, since } = await rebooted(1_800_000);
  await h.clock.advance(30_000);
  await host(60);
  await h.clock.advance(1_200_000);
  // It was told some seconds before the snapshot, so it is called off; that does no harm to a host that has booted.
  assert.ok(since().every((action) => action === "abort pc"), since().join());
  assert.equal(h.status().state, "unknown");
  assert.match(h.log().text(), /OUTAGE FORGOTTEN device=Study/);
  assert.ok(h.events.some(({ kind }) => kind === "outage_forgotten"));
  await h.feed({ ...LOST, grid_age_s: 0, soc_age_s: 0 });
  await h.pass(190, LOST);
  assert.equal(since().at(-1), "shutdown pc", "a fresh word counts again");
  await h.stop();
});

Deno.test("PolicyEngine goes on with the outage when its host had power all the while, two minutes after the reboot", async () => {
  const { h, host, since } = await rebooted(1_800_000);
  await host(86_400);
  await h.clock.advance(KEPT_DOUBT_MS - 2000);
  assert.deepEqual(since(), []);
  await h.clock.advance(4000);
  assert.deepEqual(since(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine goes on with the outage when no host says anything of its power, five minutes after the reboot", async () => {
  const { h, since } = await rebooted(1_800_000);
  await h.presence(true);
  await h.clock.advance(DOUBT_MS - 2000);
  assert.deepEqual(since(), []);
  await h.clock.advance(4000);
  assert.deepEqual(since(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine in doubt acts at once on a fresh word that the grid is gone, whatever the hosts say", async () => {
  const { h, host, since } = await rebooted(1_800_000);
  await host(60);
  await h.pass(20, LOST);
  assert.deepEqual(since(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine in doubt calls hosts off at once on a fresh word that the grid is there", async () => {
  const { h, host, since } = await rebooted(1_800_000);
  await host(60);
  await h.pass(700, BACK);
  assert.ok(since().every((action) => action === "abort pc"), since().join());
  await h.stop();
});

const AFTER_A_REBOOT = [{ bootId: "a" }, { bootId: "b" }];

Deno.test("PolicyEngine forgets the outage of a host that was switched on while a Pi with a stored clock was off", async () => {
  const { h, host, since } = await rebooted(7_200_000, 40_000, AFTER_A_REBOOT);
  await host(60);
  await h.clock.advance(1_200_000);
  assert.ok(since().every((action) => action === "abort pc"), since().join());
  assert.match(h.log().text(), /OUTAGE FORGOTTEN device=Study/);
  await h.stop();
});

Deno.test("PolicyEngine on a Pi with a stored clock goes on with the outage of a host that had power all the while", async () => {
  const { h, host, since } = await rebooted(7_200_000, 40_000, AFTER_A_REBOOT);
  await host(86_400);
  await h.clock.advance(KEPT_DOUBT_MS - 2000);
  assert.deepEqual(since(), []);
  await h.clock.advance(4000);
  assert.deepEqual(since(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine in doubt asks the same after a second restart: a host that came up in between had lost its power", async () => {
  const { h, host, since } = await rebooted(7_200_000, 40_000, AFTER_A_REBOOT);
  await host(60);
  // The clock is set, and the snapshot stored by it: now the host has run since before the newest snapshot.
  h.clock.jumpWall(7_000_000);
  await h.clock.advance(120_000);
  await h.restart();
  await host(60);
  await h.clock.advance(DOUBT_MS - 120_000 - 2000);
  assert.doesNotMatch(h.log().text(), /OUTAGE FORGOTTEN/);
  assert.deepEqual(since(), []);
  await h.clock.advance(1_200_000);
  assert.ok(since().every((action) => action === "abort pc"), since().join());
  assert.match(h.log().text(), /OUTAGE FORGOTTEN device=Study/);
  await h.restart();
  await h.clock.advance(600_000);
  assert.doesNotMatch(h.log().text(), /OUTAGE FORGOTTEN/, "it is settled");
  await h.stop();
});

for (
  const [name, boots] of [
    ["in the same boot", [{ bootId: "a" }, { bootId: "a" }]],
    ["that nobody can tell from a reboot", [{}, {}]],
    ["after an update from a version that knew no boots", [{}, { bootId: "a" }]],
  ] as const
) {
  Deno.test(`PolicyEngine goes on with the outage half a minute after a short stop ${name}`, async () => {
    const { h, since } = await rebooted(40_000, 40_000, [...boots]);
    await h.presence(true);
    await h.clock.advance(28_000);
    assert.deepEqual(since(), []);
    await h.clock.advance(4000);
    assert.deepEqual(since(), ["shutdown pc"]);
    await h.stop();
  });
}

Deno.test("PolicyEngine in doubt shows no timer that runs, and says so until a fresh word comes", async () => {
  const h = await house({ bootId: "a" });
  await h.pass(60, LOST);
  assert.equal(h.status().state, "critical");
  assert.ok(h.status().timer_left_s !== undefined);
  assert.equal(h.status().in_doubt, undefined);
  assert.equal(h.status().boot_id, "a");
  await h.restart({ bootId: "b" });
  await h.clock.advance(200_000);
  const { state, in_doubt, timer_left_s, sentence, boot_id } = h.status();
  assert.deepEqual([state, in_doubt, timer_left_s, boot_id], ["critical", true, undefined, "b"]);
  assert.match(sentence, /^There was an outage before the reboot, and nobody knows yet whether it goes on;/);
  await h.pass(10, { ...LOST, soc: 50 });
  assert.equal(h.status().in_doubt, undefined);
  assert.match(h.status().sentence, /^On battery, charge of 50 %;/);
  await h.stop();
});
