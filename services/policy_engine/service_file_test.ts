/** The service with a policy file: stages, feeds, witnesses, waking. */
import assert from "node:assert/strict";
import { settle } from "../../lib/time/test_clock.ts";
import { parsePolicyFile } from "./rules/policy_file.ts";
import { CONFIG, house, LOST } from "./testdata/test_policy.ts";

const STATIONS = { Study: ["tv", "nas", "pi"] };
const MAC = "01:23:45:67:89:ab";
const withFile = (text: string, stations: Record<string, string[]> = STATIONS) =>
  house({ stations, file: parsePolicyFile(text, "policy.toml", { ...CONFIG, stations }) });

const STAGES = `
[recovery]
soc_min = 50
[station.Study]
last = "pi"
[[station.Study.stage]]
hosts = ["tv"]
soc_min = 40
[[station.Study.stage]]
hosts = ["nas"]
[host.tv]
mac = "${MAC}"
[host.nas]
mac = "${MAC.replace("ab", "cd")}"
`;
const onBattery = (soc: number) => ({ soc, grid_connected: false, discharge_min: soc * 6 });

Deno.test("PolicyEngine shuts stages down one after the other, each after the proof of the one before", async () => {
  const h = await withFile(STAGES);
  for (const agent of STATIONS.Study) await h.presence(true, agent);
  await h.feed(onBattery(40));
  await h.pass(180, onBattery(39));
  assert.deepEqual(h.actions(), ["shutdown tv"]);
  assert.equal(h.commands[0]?.stage, 1);
  await h.ack("accepted", "tv");
  await h.presence(false, "tv");
  await h.pass(60, onBattery(38));
  assert.deepEqual(h.actions(), ["shutdown tv"], "the others' limit is not reached");
  await h.pass(180, onBattery(10));
  assert.deepEqual(h.actions(), ["shutdown tv", "shutdown nas"]);
  assert.match(h.log().text(), /STAGE BEGINS device=Study stage=2 reason="the one before it is done"/);
  await h.ack("accepted", "nas");
  await h.pass(60, onBattery(10));
  assert.equal(h.commands.length, 2, "the nas is still online");
  await h.presence(false, "nas");
  await h.pass(2, onBattery(10));
  assert.deepEqual(h.actions(), ["shutdown tv", "shutdown nas", "shutdown pi"]);
  assert.deepEqual(h.status().hosts?.map(({ stage, state }) => [stage, state]), [[1, "down"], [2, "down"], [
    3,
    "told",
  ]]);
  assert.match(h.status().sentence, /stage 3 of 3: .*2 of 3 hosts are down/);
  await h.stop();
});

Deno.test("PolicyEngine goes on to the next stage when the time of the one before is up", async () => {
  const h = await withFile(STAGES);
  await h.feed(onBattery(10));
  await h.pass(180, onBattery(10));
  assert.deepEqual(h.actions(), ["shutdown tv"]);
  await h.pass(298, onBattery(10));
  assert.ok(!h.actions().includes("shutdown nas"));
  await h.pass(4, onBattery(10));
  assert.ok(h.actions().includes("shutdown nas"));
  await h.stop();
});

Deno.test("PolicyEngine hurries when the battery would not last for the stages that are left", async () => {
  const h = await withFile(STAGES);
  await h.feed(onBattery(10));
  await h.pass(180, onBattery(10));
  await h.pass(10, { soc: 10, grid_connected: false, discharge_min: 4 });
  assert.deepEqual(h.actions(), ["shutdown tv", "shutdown nas", "shutdown pi"]);
  assert.match(h.log().text(), /stage=2 reason="the battery does not last until stage 1 is done"/);
  await h.stop();
});

Deno.test("PolicyEngine calls off all that were told when the grid returns between two stages, and tells no more", async () => {
  const h = await withFile(STAGES);
  await h.presence(true, "tv");
  await h.feed(onBattery(10));
  await h.pass(180, onBattery(10));
  await h.ack("accepted", "tv");
  await h.feed({ soc: 10, grid_connected: true });
  assert.deepEqual(h.actions(), ["shutdown tv", "abort tv"]);
  await h.ack("aborted", "tv");
  await h.pass(1200, { soc: 20, grid_connected: true });
  assert.equal(h.commands.length, 2);
  await h.stop();
});

/** Everybody down by an outage; the grid is back since a moment. */
async function afterOutage() {
  const h = await withFile(STAGES);
  for (const agent of STATIONS.Study) await h.presence(true, agent);
  await h.feed(onBattery(10));
  await h.pass(180, onBattery(10));
  for (const agent of STATIONS.Study) {
    await h.ack("accepted", agent);
    await h.presence(false, agent);
    await h.pass(2, onBattery(10));
  }
  assert.deepEqual(h.actions(), ["shutdown tv", "shutdown nas", "shutdown pi"]);
  await h.feed({ soc: 10, grid_connected: true });
  return h;
}

Deno.test("PolicyEngine wakes hosts in order, when the grid is stable and the battery charged, until they are up", async () => {
  const h = await afterOutage();
  await h.pass(600, { soc: 49, grid_connected: true });
  assert.deepEqual(h.woken, [], "charged too little");
  await h.pass(20, { soc: 50, grid_connected: true });
  assert.deepEqual(h.woken, [MAC.replace("ab", "cd")], "what went down last comes first");
  await h.pass(60, { soc: 51, grid_connected: true });
  assert.equal(h.woken.length, 2, "again until it is up");
  assert.equal(h.status().state, "recovery");
  await h.presence(true, "nas");
  await h.pass(2, { soc: 51, grid_connected: true });
  assert.equal(h.woken.at(-1), MAC, "then the next");
  await h.presence(true, "tv");
  await h.pass(600, { soc: 51, grid_connected: true });
  assert.equal(h.woken.length, 3);
  assert.equal(h.events.filter(({ kind }) => kind === "host_awake").length, 2);
  assert.equal(h.commands.filter(({ action }) => action === "shutdown").length, 3);
  await h.stop();
});

Deno.test("PolicyEngine wakes a host that went down although it was called off, also after a restart", async () => {
  const h = await withFile(STAGES);
  await h.presence(true, "tv");
  await h.pass(190, onBattery(30));
  await h.ack("accepted", "tv");
  const back = { soc: 60, grid_connected: true };
  await h.pass(10, back);
  assert.deepEqual(h.actions(), ["shutdown tv", "abort tv"]);
  await h.ack("failed", "tv");
  await h.restart();
  await h.presence(false, "tv");
  await h.pass(120, back);
  assert.equal(h.status().hosts?.[0]?.state, "down");
  assert.equal(h.events.filter(({ kind }) => kind === "host_not_called_off").length, 1);
  await h.pass(300, back);
  assert.ok(h.woken.includes(MAC), h.status().sentence);
  await h.stop();
});

Deno.test("PolicyEngine does not wake before the grid has been there without a break for its time", async () => {
  const h = await afterOutage();
  await h.pass(290, { soc: 80, grid_connected: true });
  await h.pass(20, onBattery(80));
  await h.pass(298, { soc: 80, grid_connected: true });
  assert.deepEqual(h.woken, []);
  await h.pass(10, { soc: 80, grid_connected: true });
  assert.equal(h.woken.length, 1);
  await h.stop();
});

Deno.test("PolicyEngine does not wake while it is blind", async () => {
  const h = await afterOutage();
  await h.pass(100, { soc: 80, grid_connected: true });
  await h.clock.advance(3_600_000);
  assert.deepEqual(h.woken, []);
  await h.stop();
});

Deno.test("PolicyEngine remembers over a restart whom it has to wake", async () => {
  const h = await afterOutage();
  await h.pass(20, { soc: 80, grid_connected: true });
  await h.restart();
  await h.pass(298, { soc: 80, grid_connected: true });
  assert.deepEqual(h.woken, [], "how long the grid was there meanwhile, nobody knows");
  await h.pass(10, { soc: 80, grid_connected: true });
  assert.equal(h.woken.length, 1);
  await h.restart();
  await h.pass(120, { soc: 80, grid_connected: true });
  assert.ok(h.woken.length >= 1);
  await h.presence(true, "nas");
  assert.equal(h.events.filter(({ kind }) => kind === "host_awake").length, 1);
  await h.stop();
});

Deno.test("PolicyEngine in a second outage during recovery tells those that come up, and wakes again afterwards", async () => {
  const h = await afterOutage();
  await h.pass(310, { soc: 60, grid_connected: true });
  assert.equal(h.woken.length, 1, "the nas is being woken");
  const commanded = h.commands.length;
  await h.pass(190, onBattery(9));
  await h.pass(302, onBattery(9));
  assert.ok(h.actions().slice(commanded).includes("shutdown nas"), h.actions().join());
  assert.ok(!h.actions().slice(commanded).includes("shutdown tv"), "it never was woken");
  await h.pass(800, { soc: 60, grid_connected: true });
  assert.ok(h.woken.length >= 2, "the nas never came up: it is woken again");
  await h.presence(true, "nas");
  await h.pass(2, { soc: 60, grid_connected: true });
  assert.equal(h.woken.at(-1), MAC);
  await h.stop();
});

Deno.test("PolicyEngine lets a host go with any of its stations when the owner says so", async () => {
  const stations = { Study: ["nas"], Attic: ["nas"] };
  const h = await withFile('[host.nas]\ngoes_with = "any"\n', stations);
  await h.feed({ soc: 80, grid_connected: true }, "Attic");
  await h.feed(LOST);
  await h.pass(180, LOST);
  assert.deepEqual(h.actions(), ["shutdown nas"]);
  await h.stop();
});

Deno.test("PolicyEngine gives a host its own limits", async () => {
  const h = await withFile("[host.tv]\non_battery_min = 5\ndebounce_sec = 0\n");
  await h.feed(onBattery(90));
  await h.pass(298, onBattery(90));
  assert.deepEqual(h.actions(), []);
  await h.pass(4, onBattery(90));
  assert.deepEqual(h.actions(), ["shutdown tv"]);
  assert.match(h.commands[0]?.reason ?? "", /5 min on battery is at or above 5 min/);
  await h.stop();
});

Deno.test("PolicyEngine triggers on a charge that falls too fast", async () => {
  const h = await withFile("[station.Study]\nfalling_percent_per_min = 3\ndebounce_sec = 0\n");
  let soc = 90;
  await h.feed({ soc, grid_connected: false });
  for (let minute = 0; minute < 6; minute++) await h.pass(60, { soc: soc -= 3, grid_connected: false });
  assert.equal(h.actions().length, 3);
  assert.match(h.commands[0]?.reason ?? "", /the charge falls by 3 %\/min/);
  await h.stop();
});

const PLUG = `
[[witness]]
name = "plug"
topic = "plug"
present_when_equals = "ON"
stale_after_sec = 60
`;
const sayPlug = async (h: Awaited<ReturnType<typeof house>>, reading: string, retain = false) => {
  h.broker.publish("plug", reading, { retain });
  await h.clock.advance(100);
};

Deno.test("PolicyEngine shuts nobody down on a witness alone while the station says that the grid is there", async () => {
  const h = await withFile(PLUG);
  for (let i = 0; i < 60; i++) {
    await h.feed({ soc: 5, grid_connected: true });
    await sayPlug(h, "OFF");
    await h.clock.advance(10_000);
  }
  assert.deepEqual(h.actions(), []);
  assert.equal(h.events.filter(({ kind }) => kind === "witness_disagrees").length, 1);
  assert.match(
    h.status().sentence,
    /Readings differ: the station says that the grid is there, plug says that the grid is gone/,
  );
  await h.stop();
});

Deno.test("PolicyEngine believes a witness when the station is silent: the outage begins, and ends", async () => {
  const h = await withFile(PLUG);
  await h.feed({ soc: 50, grid_connected: true });
  await h.clock.advance(3_600_000);
  await sayPlug(h, "ON");
  await sayPlug(h, "OFF");
  assert.equal(h.status().state, "on_battery");
  assert.equal(h.status().soc, 50, "until now nothing was drawn");
  assert.match(h.status().sentence, /On battery \(as plug says, the station is silent\), estimated charge/);
  for (let i = 0; i < 100; i++) {
    await h.clock.advance(30_000);
    if (i < 50) await sayPlug(h, "OFF");
  }
  assert.ok(h.actions().includes("shutdown tv"), "a witness that falls silent too changes nothing");
  await sayPlug(h, "ON");
  assert.equal(h.status().state, "recovery");
  assert.ok(h.actions().includes("abort tv"));
  await h.stop();
});

Deno.test("PolicyEngine estimates no slower for minutes that were said while the grid was there", async () => {
  const h = await withFile(PLUG);
  await h.pass(60, { soc: 100, grid_connected: true, discharge_min: 2323 });
  for (let minute = 0; minute < 60; minute++) {
    await sayPlug(h, "OFF");
    await h.clock.advance(60_000);
  }
  assert.ok(h.actions().includes("shutdown tv"), h.status().sentence);
  await h.stop();
});

Deno.test("PolicyEngine says of a witness that fell silent too that it is the last word, and no more", async () => {
  const h = await withFile(PLUG);
  await h.feed({ soc: 50, grid_connected: true });
  await h.clock.advance(200_000);
  await sayPlug(h, "ON");
  await h.clock.advance(59_000);
  assert.match(h.status().sentence, /The grid is there \(as plug says, the station is silent\)/);
  await h.clock.advance(2000);
  assert.match(
    h.status().sentence,
    /The grid was there at the last reading, 61 s ago \(as plug last said, the station is silent\)/,
  );
  await h.stop();
});

Deno.test("PolicyEngine takes no word of a witness that the broker kept", async () => {
  const h = await withFile(PLUG);
  h.broker.publish("plug", "OFF", { retain: true });
  await settle();
  await h.restart();
  await h.clock.advance(1000);
  assert.equal(h.status().state, "on_battery", "it was heard live before");
  const fresh = await withFile(PLUG);
  fresh.broker.forgetBuses();
  fresh.broker.publish("plug", "OFF", { retain: true });
  await fresh.restart();
  await fresh.clock.advance(1000);
  assert.equal(fresh.status().state, "unknown");
  await h.stop();
  await fresh.stop();
});

Deno.test("PolicyEngine asks a NUT server elsewhere, and believes it when the station is silent", async () => {
  const h = await withFile('[[witness]]\nname = "rack"\nnut = { host = "192.0.2.1", ups = "ups" }\n');
  await h.feed({ soc: 50, grid_connected: true });
  h.nut.answer = 'VAR ups ups.status "OB DISCHRG"';
  await h.pass(100, { soc: 50, grid_connected: true });
  assert.equal(h.status().state, "online", "not on a witness alone");
  await h.clock.advance(140_000);
  assert.equal(h.status().state, "on_battery");
  assert.match(h.status().sentence, /as rack says, the station is silent/);
  h.nut.answer = 'VAR ups ups.status "OL CHRG"';
  await h.clock.advance(15_000);
  assert.equal(h.status().state, "online");
  await h.stop();
  assert.equal(h.clock.pending, 0);
});
