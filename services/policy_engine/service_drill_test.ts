/** Drills through the service. */
import assert from "node:assert/strict";
import { type DrillReport, encodeDrillRequest, parseDrillReport } from "../../lib/messages/drill.ts";
import { settle } from "../../lib/time/test_clock.ts";
import { hasValidSignature } from "../../lib/pairing/signing.ts";
import { DRILL_ANSWER_MS, DRILL_LIMIT_MS } from "./requests/drill.ts";
import { parsePolicyFile } from "./rules/policy_file.ts";
import { CONFIG, house, KEY, LOST } from "./testdata/test_policy.ts";

type House = Awaited<ReturnType<typeof house>>;
const stations = { Study: ["pc", "nas"], Attic: ["mac"] };
const agentKeys = { pc: KEY, nas: KEY, mac: KEY };
const drilling = (change = {}) => house({ stations, takesDrills: true, agentKeys, ...change });
const report = (h: House): DrillReport =>
  parseDrillReport(h.broker.retained("power-manager/drill/report") ?? "", "report");
const states = (h: House) => report(h).hosts.map(({ agent, state }) => `${agent} ${state}`);
async function ask(h: House, request: object, retain = false) {
  const text = encodeDrillRequest({ id: "d1", ...request });
  h.broker.publish("power-manager/drill/request", text, { retain });
  await settle();
}
const GRID = { soc: 90, grid_connected: true, discharge_min: 0, out_watts: 60, battery_wh: 286 };

Deno.test("PolicyEngine drills: signed commands, every answer timed, and what would have happened when", async () => {
  const h = await drilling();
  await h.feed(GRID);
  await ask(h, { device: "Study", by: "me" });
  assert.deepEqual(h.actions(), ["drill pc", "drill nas"]);
  const [command] = h.commands;
  assert.ok(command && hasValidSignature(command, KEY));
  assert.equal(command.drill, true);
  assert.deepEqual(states(h), ["pc waiting", "nas waiting"]);
  await h.clock.advance(500);
  await h.ack("accepted", "pc");
  await h.clock.advance(4500);
  await h.ack("running", "nas");
  await h.ack("done", "pc");
  assert.equal(report(h).state, "running");
  await h.clock.advance(15_000);
  await h.ack("done", "nas");
  const { state, sentence, hosts } = report(h);
  assert.equal(state, "ended");
  assert.equal(sentence, "2 of 2 hosts are ready.");
  assert.deepEqual(hosts.map(({ answered_s, done_s, needs_s }) => [answered_s, done_s, needs_s]), [
    [0.5, 5, 125],
    [5, 20, 140],
  ]);
  // 80 points at 60 W of 286 Wh, a quarter faster, and the debounce.
  assert.equal(hosts[0]?.told_after_min, Math.round(80 / (60 / 286 * 100 / 60 * 1.25) + 3));
  assert.deepEqual(h.events.map(({ kind }) => kind).filter((kind) => kind.startsWith("drill")), [
    "drill_begins",
    "drill_ended",
  ]);
  assert.equal(h.status().hosts?.[0]?.state, "unknown", "a drill shuts nobody down");
  await h.clock.advance(600_000);
  assert.equal(h.commands.length, 2);
  await h.stop();
});

Deno.test("PolicyEngine learns from a drill how much time to reserve, also over a restart", async () => {
  const h = await drilling({ stations: { Study: ["pc"] } });
  await h.feed(GRID);
  await ask(h, { all: true });
  await h.ack("done");
  await h.restart();
  const left = (minutes: number) => ({ soc: 50, grid_connected: false, discharge_min: minutes });
  await h.pass(40, left(7));
  // 120 s by the drill, a quarter more, and the debounce of 3 min: 5.5 min instead of 8.
  assert.equal(h.status().state, "on_battery");
  await h.pass(10, left(5));
  assert.equal(h.status().state, "critical");
  await h.stop();
});

Deno.test("PolicyEngine ends a drill with what it has: silent, refused and failed hosts", async () => {
  const h = await drilling();
  await h.feed(GRID);
  await ask(h, { all: true });
  await h.ack("rejected", "pc");
  await h.ack("failed", "nas");
  await h.clock.advance(DRILL_ANSWER_MS);
  assert.equal(report(h).state, "running", "the nas may still get done");
  await h.clock.advance(DRILL_LIMIT_MS);
  assert.equal(report(h).state, "ended");
  assert.deepEqual(states(h), ["pc rejected", "nas failed", "mac silent"]);
  assert.equal(report(h).sentence, "0 of 3 hosts are ready.");
  await h.stop();
});

Deno.test("PolicyEngine refuses drills that cannot be, and says why", async () => {
  const h = await drilling();
  await h.feed(GRID);
  for (
    const [request, reason] of [
      [{ agents: ["pc", "tv"] }, /there is no host "tv"/],
      [{ device: "Shed" }, /no hosts on a station "Shed"/],
    ] as const
  ) {
    await ask(h, request);
    assert.equal(report(h).state, "refused");
    assert.match(report(h).sentence, reason);
  }
  await h.feed(LOST);
  await ask(h, { agents: ["pc"] });
  assert.match(report(h).sentence, /"Study" is on battery/);
  await h.feed(GRID);
  await ask(h, { agents: ["pc"] });
  await ask(h, { agents: ["nas"], id: "d2" });
  assert.equal(report(h).id, "d1", "one drill at a time, and its report stays");
  await ask(h, {}, false);
  assert.deepEqual(h.actions(), ["drill pc"]);
  await h.stop();
});

Deno.test("PolicyEngine refuses a drill that was asked for more than a minute ago, and leaves the report of one that runs", async () => {
  const h = await drilling();
  await h.feed(GRID);
  const issued_at = new Date(h.clock.wallMs() - 61_000).toISOString();
  await ask(h, { all: true, issued_at });
  const { state, sentence } = report(h);
  assert.deepEqual([state, sentence], ["refused", "No drill now: it was asked for 61 s ago."]);
  await ask(h, { agents: ["pc"], id: "d2" });
  await ask(h, { all: true, id: "d3", issued_at });
  assert.deepEqual([report(h).id, report(h).state], ["d2", "running"]);
  assert.deepEqual(h.actions(), ["drill pc"]);
  const told = h.events.filter(({ kind }) => kind.startsWith("drill")).map(({ kind, text }) =>
    `${kind}: ${text}`
  );
  assert.deepEqual(told, [
    "drill_refused: No drill now: it was asked for 61 s ago",
    "drill_begins: A drill begins: pc",
    "drill_refused: No drill now: it was asked for 61 s ago",
  ]);
  await h.stop();
});

Deno.test("PolicyEngine takes no request that the broker kept, and none that is no request", async () => {
  const h = await drilling();
  await h.feed(GRID);
  h.broker.publish("power-manager/drill/request", "nonsense");
  await settle();
  assert.match(h.log().text(), /PAYLOAD REFUSED topic=power-manager\/drill\/request/);
  h.broker.forgetBuses();
  await ask(h, { all: true }, true);
  await h.restart();
  assert.deepEqual(h.actions(), []);
  await h.stop();
});

Deno.test("PolicyEngine ends a drill when an outage begins, and goes on to protect", async () => {
  const h = await drilling({ stations: { Study: ["pc"] } });
  await h.feed(GRID);
  await ask(h, { all: true });
  await h.feed(LOST);
  await h.clock.advance(1000);
  assert.equal(report(h).state, "ended");
  assert.match(report(h).sentence, /^Ended early, "Study" is on battery; 0 of 1 hosts are ready/);
  await h.pass(180, LOST);
  assert.deepEqual(h.actions(), ["drill pc", "shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine drills once a month when it is told to, also when it is restarted on that day", async () => {
  const text = "[drill]\nmonthly_day = 24\nhour = 0\n";
  const h = await drilling({ file: parsePolicyFile(text, "p", { ...CONFIG, stations }) });
  const untilMs = new Date(2026, 10, 24).getTime() - h.clock.wallMs();
  await h.feed(GRID);
  h.clock.jumpWall(untilMs - 5000);
  await h.clock.advance(3000);
  assert.deepEqual(h.actions(), []);
  await h.feed(LOST);
  await h.clock.advance(5000);
  assert.deepEqual(h.actions(), [], "not in an outage");
  await h.feed(GRID);
  await h.clock.advance(2000);
  assert.deepEqual(h.actions(), ["drill pc", "drill nas", "drill mac"]);
  assert.equal(report(h).id, "monthly-2026-11");
  await h.restart();
  await h.clock.advance(3_600_000);
  assert.equal(h.commands.length, 3);
  await h.stop();
});

Deno.test("PolicyEngine drills no agent without a key: an older program may take a drill for a shutdown", async () => {
  const h = await drilling({ agentKeys: { pc: KEY } });
  await h.feed(GRID);
  await ask(h, { device: "Study" });
  assert.deepEqual(h.actions(), ["drill pc"]);
  assert.deepEqual(states(h), ["pc waiting", "nas rejected"]);
  assert.match(report(h).hosts[1]?.detail ?? "", /no key/);
  await h.ack("done", "pc");
  assert.equal(report(h).state, "ended");
  await h.stop();
});

Deno.test("PolicyEngine drills a NUT host, which has no key", async () => {
  const h = await drilling({ agentKeys: { pc: KEY }, keylessHosts: ["nas"] });
  await h.feed(GRID);
  await ask(h, { device: "Study" });
  assert.deepEqual(h.actions(), ["drill pc", "drill nas"]);
  await h.stop();
});
