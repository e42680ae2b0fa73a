import assert from "node:assert/strict";
import type { AgentCommand } from "../../lib/messages/agent/command.ts";
import { parseAgentPlan } from "../../lib/messages/agent/plan.ts";
import { hasValidSignature } from "../../lib/pairing/signing.ts";
import { settle } from "../../lib/time/test_clock.ts";
import { DOUBT_MS } from "./snapshot/power_return.ts";
import { BACK, house, KEY, LOST, memoryStore } from "./testdata/test_policy.ts";

Deno.test("PolicyEngine tells the host when the debounce ends, signed, with delay and lifetime", async () => {
  const h = await house();
  await h.feed(LOST);
  await h.clock.advance(100_000);
  await h.feed(LOST);
  await h.clock.advance(79_000);
  assert.deepEqual(h.actions(), []);
  await h.clock.advance(1000);
  const [command] = h.commands;
  assert.ok(command && hasValidSignature(command, KEY));
  assert.equal(command.action, "shutdown");
  assert.equal(command.delay_sec, 60);
  assert.equal(command.ttl_sec, 300);
  assert.match(command.reason ?? "", /Study: the charge of 9 % is at or below 10 %/);
  assert.match(h.log().text(), /TIMER START[^]*SHUTDOWN TRIGGERED[^]*SHUTDOWN SENT agent=pc/);
  await h.stop();
  assert.equal(h.clock.pending, 0);
});

Deno.test("PolicyEngine never tells a host while the last word is that the grid is there, whatever else is missing", async () => {
  for (const state of [{ soc: 0, grid_connected: true }, { soc: 0 }, { grid_connected: true }, {}]) {
    const h = await house();
    await h.feed(state);
    await h.clock.advance(3_600_000);
    assert.deepEqual(h.actions(), [], JSON.stringify(state));
    await h.stop();
  }
});

Deno.test("PolicyEngine lets a running timer go on when nothing more arrives, and says that it is blind", async () => {
  const h = await house();
  await h.feed(LOST);
  await h.clock.advance(125_000);
  assert.equal(h.status().blind, true);
  await h.clock.advance(55_000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  assert.match(h.log().text(), /BLIND ON BATTERY/);
  await h.stop();
});

Deno.test("PolicyEngine estimates the charge when the internet dies with the grid, and shuts down on the estimate", async () => {
  const h = await house();
  await h.feed({ soc: 40, grid_connected: false, discharge_min: 60, battery_wh: 286, out_watts: 100 });
  await h.clock.advance(20 * 60_000);
  const { soc = 100, soc_estimated, sentence } = h.status();
  assert.equal(soc_estimated, true);
  assert.ok(soc < 40 && soc > 10, String(soc));
  assert.match(sentence, /estimated charge/);
  assert.deepEqual(h.actions(), []);
  await h.clock.advance(40 * 60_000);
  assert.equal(h.actions()[0], "shutdown pc");
  assert.match(h.commands[0]?.reason ?? "", /estimated charge/);
  await h.stop();
});

Deno.test("PolicyEngine blind on the grid warns and does nothing", async () => {
  const h = await house();
  await h.feed({ soc: 50, grid_connected: true });
  await h.clock.advance(3_600_000);
  assert.deepEqual(h.actions(), []);
  assert.equal(h.events.filter(({ kind }) => kind === "blind").length, 1);
  assert.equal(h.status().state, "online");
  assert.equal(h.status().blind, true);
  await h.stop();
});

Deno.test("PolicyEngine is not moved by an old state that says the grid is back", async () => {
  const h = await house();
  await h.feed({ ...LOST, grid_age_s: 0, soc_age_s: 0, link: "live" });
  await h.clock.advance(60_000);
  await h.feed({ ...BACK, grid_age_s: 300, soc_age_s: 300, link: "stale" });
  await h.clock.advance(120_000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine aborts the timer when the grid returns or the charge rises, and begins anew", async () => {
  const h = await house();
  for (const safe of [BACK, { soc: 11, grid_connected: false }]) {
    await h.feed(LOST);
    await h.clock.advance(179_000);
    await h.feed(safe);
    await h.clock.advance(10_000);
  }
  assert.deepEqual(h.actions(), []);
  await h.feed(LOST);
  await h.clock.advance(180_000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine calls off after the trigger until the agent says so, and is online again", async () => {
  const h = await house();
  await h.presence(true);
  await h.feed(LOST);
  await h.clock.advance(180_000);
  await h.ack("accepted");
  await h.feed(BACK);
  assert.deepEqual(h.actions(), ["shutdown pc", "abort pc"]);
  assert.equal(h.status().state, "recovery");
  await h.clock.advance(16_000);
  assert.deepEqual(h.actions(), ["shutdown pc", "abort pc", "abort pc"]);
  await h.ack("aborted");
  await h.clock.advance(600_000);
  assert.equal(h.commands.length, 3);
  assert.equal(h.status().state, "online");
  assert.equal(h.status().hosts?.[0]?.state, "online");
  await h.stop();
});

Deno.test("PolicyEngine leaves a host alone that is proven down", async () => {
  const h = await house();
  await h.presence(true);
  await h.feed(LOST);
  await h.clock.advance(180_000);
  await h.ack("accepted");
  await h.presence(false);
  assert.equal(h.status().hosts?.[0]?.state, "down");
  await h.clock.advance(900_000);
  await h.feed(BACK);
  await h.clock.advance(300_000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  assert.deepEqual(h.events.filter(({ kind }) => kind === "host_down").length, 1);
  await h.stop();
});

Deno.test("PolicyEngine does not take a host for down that answers on its way back to the network", async () => {
  const h = await house();
  await h.presence(false);
  await h.pass(190, LOST);
  await h.ack("accepted");
  await h.clock.advance(20);
  await h.presence(true);
  await h.pass(120, LOST);
  assert.equal(h.status().hosts?.[0]?.state, "accepted");
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  assert.deepEqual(h.events.filter(({ kind }) => kind === "host_down"), []);
  await h.presence(false);
  assert.equal(h.status().hosts?.[0]?.state, "down");
  await h.stop();
});

Deno.test("PolicyEngine tells a host again that comes up in the middle of the outage", async () => {
  const h = await house();
  await h.presence(true);
  await h.feed(LOST);
  await h.clock.advance(180_000);
  await h.ack("accepted");
  await h.presence(false);
  await h.clock.advance(60_000);
  await h.presence(true);
  assert.deepEqual(h.actions(), ["shutdown pc", "shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine repeats to an agent that never answers, after each cooldown", async () => {
  const h = await house();
  await h.feed(LOST);
  await h.clock.advance(180_000 + 299_000);
  assert.equal(h.commands.length, 1);
  await h.clock.advance(1000);
  assert.equal(h.commands.length, 2);
  assert.notEqual(h.commands[0]?.id, h.commands[1]?.id);
  await h.stop();
});

Deno.test("PolicyEngine waits with a host on two stations until both end, unless the other was never heard", async () => {
  const stations = { Study: ["nas"], Attic: ["nas"] };
  const h = await house({ stations });
  await h.feed({ soc: 80, grid_connected: true }, "Attic");
  await h.feed(LOST);
  await h.clock.advance(600_000);
  assert.deepEqual(h.actions(), []);
  await h.feed(LOST, "Attic");
  await h.clock.advance(180_000);
  assert.deepEqual(h.actions(), ["shutdown nas"]);
  await h.feed(BACK, "Attic");
  assert.deepEqual(h.actions(), ["shutdown nas", "abort nas"]);
  await h.stop();

  const alone = await house({ stations });
  await alone.feed(LOST);
  await alone.clock.advance(180_000);
  assert.deepEqual(alone.actions(), ["shutdown nas"]);
  await alone.stop();
});

Deno.test("PolicyEngine does not rely for ever on a station that fell silent with the grid", async () => {
  const h = await house({ stations: { Study: ["nas"], Attic: ["nas"] } });
  await h.feed({ soc: 80, grid_connected: true }, "Attic");
  await h.clock.advance(4 * 3_600_000 - 600_000);
  await h.pass(590, LOST);
  assert.deepEqual(h.actions(), []);
  await h.pass(20, LOST);
  assert.deepEqual(h.actions(), ["shutdown nas"]);
  await h.feed({ soc: 80, grid_connected: true }, "Attic");
  assert.deepEqual(h.actions(), ["shutdown nas", "abort nas"]);
  await h.stop();
});

Deno.test("PolicyEngine keeps the reserve for a host on two stations that end together", async () => {
  const devices = ["Study", "Attic"];
  const h = await house({ stations: Object.fromEntries(devices.map((device) => [device, ["nas"]])) });
  const endSec = 1800;
  let leftSec = endSec;
  for (; leftSec > 0 && h.actions().length === 0; leftSec -= 10) {
    const state = { soc: 100 * leftSec / endSec, grid_connected: false, discharge_min: leftSec / 60 };
    for (const device of devices) await h.feed(state, device);
    await h.clock.advance(10_000);
  }
  assert.deepEqual(h.actions(), ["shutdown nas"]);
  assert.ok(leftSec >= 290, `told ${leftSec} s before both are empty`);
  await h.stop();
});

Deno.test("PolicyEngine killed and started again at every tenth second of an outage tells once and calls off", async () => {
  for (let killSec = 0; killSec <= 260; killSec += 10) {
    const h = await house();
    await h.presence(true);
    await h.feed(LOST);
    for (let sec = 0; sec < 200; sec += 10) {
      if (sec === killSec) await h.restart();
      await h.clock.advance(10_000);
      await h.feed(LOST);
    }
    // Killed in the moment of the command, it says it once more, with its id: agents obey an id once.
    assert.deepEqual(new Set(h.actions()), new Set(["shutdown pc"]), `killed at ${killSec} s`);
    assert.equal(distinct(h.said).length, 1, `killed at ${killSec} s`);
    await h.ack("accepted");
    if (killSec >= 200) await h.restart();
    await h.feed(BACK);
    await h.clock.advance(1000);
    assert.equal(h.actions().at(-1), "abort pc", `killed at ${killSec} s`);
    await h.ack("aborted");
    await h.restart();
    await h.clock.advance(600_000);
    assert.equal(distinct(h.said).length, 2, `killed at ${killSec} s`);
    await h.stop();
  }
});

/** Each command once, however often it was said. */
function distinct(commands: readonly AgentCommand[]): string[] {
  return [...new Set(commands.map(({ action, agent, id }) => `${action} ${agent} ${id}`))];
}

for (const [afterMs, isRepeated] of [[249, true], [250, false]] as const) {
  Deno.test(
    `PolicyEngine killed ${afterMs} ms after its command ${
      isRepeated ? "says it again with its id" : "does not repeat it"
    }`,
    async () => {
      const h = await house();
      await h.presence(true);
      await h.feed(LOST);
      await h.pass(180, LOST);
      assert.deepEqual(h.actions(), ["shutdown pc"]);
      await h.clock.advance(afterMs);
      await h.restart();
      await h.pass(10, LOST);
      assert.equal(h.said.length, isRepeated ? 2 : 1);
      assert.equal(distinct(h.said).length, 1);
      await h.stop();
    },
  );
}

Deno.test("PolicyEngine resumes a running timer with what was left of it", async () => {
  const h = await house();
  await h.feed({ ...LOST, ts: new Date(h.clock.wallMs()).toISOString() });
  await h.clock.advance(100_000);
  await h.restart();
  assert.match(h.log().text(), /RESUMED device=Study state=critical/);
  await h.clock.advance(79_000);
  assert.deepEqual(h.actions(), []);
  await h.clock.advance(2000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

for (const jumpMs of [-1e10, 1e9]) {
  Deno.test(`PolicyEngine is not moved by a wall clock that jumps by ${jumpMs} ms`, async () => {
    const h = await house();
    await h.feed(LOST);
    h.clock.jumpWall(jumpMs);
    await h.clock.advance(179_000);
    assert.deepEqual(h.actions(), []);
    await h.clock.advance(1000);
    assert.deepEqual(h.actions(), ["shutdown pc"]);
    await h.stop();
  });
}

Deno.test("PolicyEngine started long after a power cut does not act on the old outage before anybody speaks", async () => {
  const h = await house();
  await h.feed({ ...LOST, ts: new Date(h.clock.wallMs()).toISOString() });
  await h.clock.advance(180_000);
  await h.ack("accepted");
  const commanded = h.commands.length;
  h.clock.jumpWall(5 * 3_600_000);
  await h.restart();
  await h.clock.advance(20_000);
  await h.feed(BACK);
  await h.clock.advance(600_000);
  assert.ok(h.actions().slice(commanded).every((action) => action.startsWith("abort")), h.actions().join());
  await h.stop();
});

Deno.test("PolicyEngine keeps its timers while the broker is away, and its command waits for it", async () => {
  const h = await house();
  await h.feed(LOST);
  await h.clock.advance(60_000);
  h.broker.goDown();
  await h.clock.advance(150_000);
  assert.deepEqual(h.actions(), []);
  h.broker.goUp();
  await settle();
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  assert.match(h.log().text(), /BROKER DOWN: the command waits/);
  await h.stop();
});

Deno.test("PolicyEngine on a full disk goes on protecting, and says so", async () => {
  const h = await house();
  h.store.fails = true;
  await h.feed(LOST);
  await h.clock.advance(180_000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  assert.ok(h.health().includes("snapshot_not_stored"));
  assert.equal(h.log().entries.filter(({ text }) => text === "SNAPSHOT NOT STORED").length, 1);
  h.store.fails = false;
  await h.clock.advance(10_000);
  assert.ok(!h.health().includes("snapshot_not_stored"));
  await h.stop();
});

Deno.test("PolicyEngine puts a broken snapshot aside and starts safely", async () => {
  const store = memoryStore();
  store.text = "{broken";
  const h = await house({}, store);
  assert.equal(store.aside, "{broken");
  assert.match(h.log().text(), /SNAPSHOT REFUSED .*kept_as=policy.json.refused/);
  await h.feed(LOST);
  await h.clock.advance(181_000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine writes little: nothing while all is well, one a minute on battery", async () => {
  const h = await house();
  for (let i = 0; i < 360; i++) {
    await h.feed({ soc: 80 + (i % 3), grid_connected: true });
    await h.clock.advance(10_000);
  }
  assert.ok(h.store.writes <= 2, String(h.store.writes));
  const before = h.store.writes;
  await h.feed({ soc: 80, grid_connected: false, discharge_min: 900 });
  await h.clock.advance(600_000);
  assert.ok(h.store.writes - before <= 12, String(h.store.writes - before));
  await h.stop();
});

Deno.test("PolicyEngine refuses payloads that are no state, ack or status, once a topic, and serves the others", async () => {
  const h = await house();
  for (let i = 0; i < 50; i++) {
    for (
      const topic of ["bridge-ecoflow/Study/json/state", "power-manager/pc/ack", "power-manager/pc/status"]
    ) {
      h.broker.publish(topic, ["nonsense", "{}", '{"device":3,"soc":"x"}', "[]"][i % 4] ?? "");
    }
  }
  await settle();
  assert.equal(h.log().entries.filter(({ text }) => text === "PAYLOAD REFUSED").length, 3);
  await h.feed(LOST);
  await h.clock.advance(180_000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine watches stations without hosts, and ignores accessories", async () => {
  const h = await house();
  await h.feed({ soc: 50, grid_connected: false }, "Shed");
  assert.equal(h.status("Shed").state, "on_battery");
  await h.feed({ soc: 1, grid_connected: false, role: "accessory" });
  await h.clock.advance(600_000);
  assert.deepEqual(h.actions(), []);
  await h.stop();
});

Deno.test("PolicyEngine sends unsigned commands to an agent without a key, and warns at the start", async () => {
  const h = await house({ agentKeys: {} });
  assert.deepEqual(h.health(), ["unsigned_commands"]);
  await h.feed(LOST);
  await h.clock.advance(180_000);
  assert.equal(h.commands[0]?.sig, undefined);
  assert.equal(h.commands[0]?.action, "shutdown");
  await h.stop();
});

Deno.test("PolicyEngine does not warn of hosts that the NUT server tells: nobody else hears their commands", async () => {
  const h = await house({ stations: { Study: ["pc", "nas"] }, agentKeys: {}, keylessHosts: ["nas"] });
  assert.deepEqual(h.healthTexts().filter((text) => /unsigned/.test(text)), [
    "agents without a key get unsigned commands: pc",
  ]);
  await h.stop();
});

Deno.test("PolicyEngine counts down in its status", async () => {
  const h = await house();
  await h.feed(LOST);
  assert.equal(h.status().timer_left_s, 180);
  await h.clock.advance(10_000);
  assert.ok((h.status().timer_left_s ?? 999) <= 175);
  assert.match(h.status().sentence, /hosts are told to shut down in \d+ s unless the grid returns/);
  await h.stop();
});

const LONG_AGO = { grid_age_s: 0, soc_age_s: 0, age_s: 0 };

/** A house that was killed 10 s before its hosts were to be told; the broker kept nothing of its station. */
async function killedInDebounce(awayMs: number) {
  const h = await house();
  await h.feed(LOST);
  await h.clock.advance(170_000);
  h.clock.jumpWall(awayMs);
  h.broker.publish("bridge-ecoflow/Study/json/state", "", { retain: true });
  await h.restart();
  await h.clock.advance(5000);
  return h;
}

Deno.test("PolicyEngine counts truly down after a short stop, when old words must wait", async () => {
  const h = await killedInDebounce(0);
  const { timer_left_s = 0, sentence } = h.status();
  assert.match(sentence, new RegExp(`told to shut down in ${timer_left_s} s`));
  await h.clock.advance(timer_left_s * 1000 - 1000);
  assert.deepEqual(h.actions(), []);
  await h.clock.advance(1000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine counts nothing down while a reboot leaves it in doubt, and tells when the doubt is over", async () => {
  const h = await killedInDebounce(10 * 60_000);
  assert.equal(h.status().in_doubt, true);
  assert.equal(h.status().timer_left_s, undefined);
  await h.clock.advance(DOUBT_MS - 5000 - 1);
  assert.deepEqual(h.actions(), []);
  await h.clock.advance(1000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine gives each agent a signed plan: online, with a deadline on battery, at once when told", async () => {
  const h = await house();
  const plan = () => parseAgentPlan(h.broker.retained("power-manager/pc/plan") ?? "", "plan");
  assert.equal(h.broker.retained("power-manager/pc/plan"), undefined, "nothing is known yet");
  await h.feed({ soc: 80, grid_connected: true });
  assert.equal(plan().state, "online");
  assert.equal(plan().deadline_at, undefined);
  assert.ok(hasValidSignature(plan(), KEY));
  await h.feed({ soc: 80, grid_connected: false, discharge_min: 160, ...LONG_AGO });
  assert.equal(plan().state, "on_battery");
  // 70 points at 80/160 %/min, a quarter faster, and the debounce.
  assert.equal(plan().deadline_in_s, 70 / (0.5 * 1.25) * 60 + 180);
  assert.equal(
    plan().deadline_at,
    new Date(h.clock.wallMs() + (plan().deadline_in_s ?? 0) * 1000).toISOString(),
  );
  assert.equal(plan().delay_sec, 60);
  const { id } = plan();
  await h.clock.advance(30_000);
  await h.feed({ soc: 79.8, grid_connected: false, discharge_min: 160, ...LONG_AGO });
  assert.equal(plan().id, id, "a deadline that hardly moved is not sent again");
  await h.feed({ soc: 9, grid_connected: false, discharge_min: 18, ...LONG_AGO });
  assert.equal(plan().deadline_in_s, 180);
  await h.clock.advance(180_000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.feed(BACK);
  assert.equal(plan().state, "online");
  await h.stop();
});

Deno.test("PolicyEngine plans for a host on two stations with the last of them", async () => {
  const h = await house({ stations: { Study: ["pc"], Attic: ["pc"] } });
  const plan = () => parseAgentPlan(h.broker.retained("power-manager/pc/plan") ?? "", "plan");
  await h.feed({ soc: 80, grid_connected: true }, "Attic");
  await h.feed({ soc: 12, grid_connected: false, discharge_min: 24 });
  assert.deepEqual([plan().state, plan().device], ["online", "Attic"]);
  await h.feed({ soc: 80, grid_connected: false, discharge_min: 160 }, "Attic");
  assert.deepEqual([plan().state, plan().device], ["on_battery", "Attic"]);
  await h.stop();
});

Deno.test("PolicyEngine triggers earlier when the minutes left would not suffice", async () => {
  const h = await house();
  await h.feed({ soc: 30, grid_connected: false, discharge_min: 20, ...LONG_AGO });
  await h.clock.advance(1000);
  assert.equal(h.status().state, "on_battery");
  await h.feed({ soc: 28, grid_connected: false, discharge_min: 9, ...LONG_AGO });
  assert.equal(h.status().state, "on_battery", "5 min for the hosts and 3 for the debounce");
  await h.feed({ soc: 27, grid_connected: false, discharge_min: 8, ...LONG_AGO });
  assert.equal(h.status().state, "critical");
  await h.clock.advance(100_000);
  await h.feed({ soc: 27, grid_connected: false, discharge_min: 8, ...LONG_AGO });
  await h.clock.advance(80_000);
  assert.match(
    h.commands[0]?.reason ?? "",
    /8 min to empty is no more than the 8 min that an orderly shutdown needs/,
  );
  await h.stop();
});

Deno.test("PolicyEngine tells nobody on minutes or a load that the station no longer says", async () => {
  const heavy = { soc: 90, grid_connected: false, out_watts: 1500, battery_wh: 100 };
  for (const state of [{ ...heavy, discharge_min: 7 }, heavy]) {
    const h = await house();
    await h.pass(30, state);
    assert.equal(h.status().state, "critical");
    await h.pass(900, { soc: 90, grid_connected: false, battery_wh: 100 });
    assert.equal(h.status().state, "on_battery");
    assert.deepEqual(h.actions(), []);
    await h.stop();
  }
});

Deno.test("PolicyEngine does not wait for minutes that the station no longer says", async () => {
  const h = await house();
  await h.pass(60, { soc: 90, grid_connected: false, discharge_min: 600, out_watts: 20, battery_wh: 245 });
  await h.pass(190, { soc: 30, grid_connected: false, out_watts: 1200, battery_wh: 245 });
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine sends a command again, with its id, that the broker never had when it was killed", async () => {
  const h = await house();
  await h.feed(LOST);
  await h.clock.advance(170_000);
  h.broker.goDown();
  await h.clock.advance(20_000);
  assert.deepEqual(h.actions(), []);
  await h.restart();
  h.broker.goUp();
  await settle();
  await h.clock.advance(40_000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  const { id } = h.commands[0] ?? {};
  assert.match(h.log().text(), new RegExp(`SHUTDOWN SENT .*id=${id}`));
  await h.restart();
  await h.clock.advance(60_000);
  assert.deepEqual(h.actions(), ["shutdown pc"], "this time the broker had it");
  await h.stop();
});

Deno.test("PolicyEngine tells a dead broker, a dead internet, a refusing cloud and a silent station apart", async () => {
  const h = await house({ followsCloud: true });
  const cloud = async (link: string) => {
    const status = { link, detail: "x", ts: new Date(h.clock.wallMs()).toISOString() };
    h.broker.publish("bridge-ecoflow/status", JSON.stringify(status), { retain: true });
    await h.clock.advance(6000);
    return h.status().sentence;
  };
  await h.feed({ soc: 50, grid_connected: false, link: "live" });
  await h.clock.advance(121_000);
  assert.match(
    await cloud("down"),
    /On battery at the last reading, 2 min ago, estimated charge .* Nothing fresh for .*internet is gone/,
  );
  assert.match(await cloud("refused"), /cloud refuses us/);
  assert.match(await cloud("up"), /the cloud is there, but nothing comes from the station/);
  await h.feed({
    soc: 50,
    grid_connected: false,
    grid_age_s: 130,
    soc_age_s: 130,
    age_s: 130,
    link: "offline",
  });
  assert.match(await cloud("up"), /the cloud says that the station is offline/);
  await h.stop();
});

Deno.test("PolicyEngine counts a battery as empty when its estimate is too old", async () => {
  const h = await house();
  await h.feed({ soc: 99, grid_connected: false, out_watts: 1, battery_wh: 5000 });
  await h.clock.advance(4 * 3_600_000 + 170_000);
  assert.deepEqual(h.actions(), []);
  await h.clock.advance(20_000);
  assert.match(h.commands[0]?.reason ?? "", /unheard for too long to be estimated, counts as empty/);
  await h.stop();
});

Deno.test("PolicyEngine does not show a charge on the grid that is no longer true", async () => {
  const h = await house();
  await h.feed({ soc: 80, grid_connected: true });
  assert.equal(h.status().soc, 80);
  await h.clock.advance(130_000);
  assert.equal(h.status().soc, undefined);
  assert.equal(h.status().blind, true);
  await h.stop();
});

Deno.test("PolicyEngine is blind when the grid is not told any more, although the charge is", async () => {
  const h = await house();
  await h.feed({ soc: 80, grid_connected: true });
  for (let i = 0; i < 13; i++) {
    await h.clock.advance(10_000);
    await h.feed({ soc: 80, soc_age_s: 0, age_s: 0 });
  }
  assert.equal(h.status().blind, true);
  await h.stop();
});

Deno.test("PolicyEngine resumes its timer although the wall clock was set by years before it was killed", async () => {
  for (const jumpMs of [1e11, -1e11]) {
    const h = await house();
    await h.feed({ ...LOST, ...LONG_AGO });
    await h.clock.advance(100_000);
    h.clock.jumpWall(jumpMs);
    await h.clock.advance(2000);
    await h.restart();
    await h.pass(70, LOST);
    assert.deepEqual(h.actions(), []);
    await h.pass(10, LOST);
    assert.deepEqual(h.actions(), ["shutdown pc"]);
    await h.stop();
  }
});

Deno.test("PolicyEngine neither repeats nor calls off a command when nobody knows anything any more", async () => {
  const h = await house();
  await h.feed(LOST);
  await h.clock.advance(180_000);
  h.broker.publish("bridge-ecoflow/Study/json/state", "", { retain: true });
  h.clock.jumpWall(5 * 3_600_000);
  // The clock jumped while we were away: the keeper had no chance to note it.
  await h.restart();
  await h.clock.advance(1_200_000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.feed(BACK);
  assert.deepEqual(h.actions(), ["shutdown pc", "abort pc"]);
  await h.stop();
});

for (
  const [name, awayMs] of [["in doubt after a reboot", 20 * 60_000], [
    "when nobody knows anything",
    5 * 3_600_000,
  ]] as const
) {
  Deno.test(`PolicyEngine ${name} repeats no command to a host that comes online`, async () => {
    const h = await house();
    await h.presence(false);
    await h.feed({ ...LOST, ...LONG_AGO });
    await h.clock.advance(181_000);
    assert.deepEqual(h.actions(), ["shutdown pc"]);
    h.clock.jumpWall(awayMs);
    await h.restart();
    await h.clock.advance(10_000);
    await h.presence(true);
    await h.clock.advance(60_000);
    assert.deepEqual(h.actions(), ["shutdown pc"], h.status().sentence);
    await h.stop();
  });
}

Deno.test("PolicyEngine writes into the journal what happened, why, with figures and ids", async () => {
  const h = await house();
  await h.feed({ soc: 9, grid_connected: false, discharge_min: 20, ...LONG_AGO });
  await h.pass(180, { soc: 8, grid_connected: false, discharge_min: 18 });
  const [lost, timer, triggered, sent] = h.events;
  assert.deepEqual([lost?.kind, timer?.kind, triggered?.kind, sent?.kind], [
    "grid_lost",
    "timer_started",
    "shutdown_triggered",
    "shutdown_sent",
  ]);
  assert.deepEqual(lost?.data, { soc: 9, is_estimate: false, minutes_left: 20, on_battery_s: 0 });
  assert.deepEqual(triggered?.data, { soc: 8, is_estimate: false, minutes_left: 18, on_battery_s: 180 });
  assert.equal(sent?.data?.id, h.commands[0]?.id);
  for (const { text } of h.events) assert.ok(text.length > 20, text);
  await h.stop();
});

Deno.test("PolicyEngine spares the SD card: nothing while all is well, a small file a minute on battery", async () => {
  const h = await house({ stations: { Study: ["pc", "nas", "tv"], Attic: ["mac"] } });
  let bytes = 0;
  const { write } = h.store;
  h.store.write = (text) => {
    bytes += text.length;
    write(text);
  };
  await h.pass(10, { soc: 80, grid_connected: true });
  const before = h.store.writes;
  await h.pass(1200, { soc: 80, grid_connected: true });
  assert.equal(h.store.writes, before, "while all is well");
  bytes = 0;
  await h.pass(600, { soc: 80, grid_connected: false, out_watts: 50, battery_wh: 1000 });
  assert.ok(h.store.writes - before <= 12, `${h.store.writes - before} writes in 10 min on battery`);
  assert.ok(bytes <= 12_000, `${bytes} bytes in 10 min on battery`);
  await h.stop();
});

Deno.test("PolicyEngine does not wait out a debounce that the battery would not outlast, and counts down truly", async () => {
  const h = await house();
  await h.feed({ soc: 8, grid_connected: false, discharge_min: 4, ...LONG_AGO });
  assert.equal(h.status().timer_left_s, 60);
  await h.clock.advance(59_000);
  assert.deepEqual(h.actions(), []);
  await h.clock.advance(1000);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine keeps the whole debounce for states that are fed by hand, however the charge jumps", async () => {
  const h = await house();
  await h.feed({ soc: 90, grid_connected: true });
  for (let i = 0; i < 20; i++) {
    await h.feed({ soc: 90, grid_connected: false });
    await h.clock.advance(10_000);
  }
  for (let i = 0; i < 18; i++) {
    assert.deepEqual(h.actions(), [], `${i * 10} s`);
    await h.feed({ soc: 5, grid_connected: false });
    await h.clock.advance(10_000);
  }
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine says that a refused command reached nobody", async () => {
  const h = await house();
  h.broker.refuses.set("power-manager/pc/cmd", 0);
  await h.pass(200, LOST);
  const event = h.events.find(({ kind }) => kind === "command_not_delivered");
  assert.equal(event?.severity, "danger");
  assert.match(
    event?.text ?? "",
    /^pc was NOT reached: its command "shutdown" was not delivered, .*Not authorized/,
  );
  assert.match(h.log().text(), /COMMAND NOT DELIVERED agent=pc action=shutdown/);
  await h.stop();
});

Deno.test("PolicyEngine says a refused plan and status again ever more seldom, and at once when they may be said", async () => {
  const h = await house();
  const topics = ["power-manager/pc/plan", "power-manager/policy/Study"];
  for (const topic of topics) h.broker.refuses.set(topic, 0);
  await h.pass(3600, { soc: 60, grid_connected: true });
  for (const [topic, tries] of h.broker.refuses) {
    assert.ok(tries >= 20 && tries <= 80, `${topic}: ${tries} tries`);
  }
  h.broker.refuses.clear();
  await h.pass(60, { soc: 60, grid_connected: true });
  for (const topic of topics) assert.ok(h.broker.retained(topic), topic);
  await h.stop();
});

Deno.test("PolicyEngine says with TIMER START who is told to shut down, and in how many seconds", async () => {
  const h = await house({ stations: { Study: ["pc", "nas"] } });
  await h.feed({ soc: 9, grid_connected: false, ...LONG_AGO });
  const started = h.events.find(({ kind }) => kind === "timer_started");
  assert.match(
    started?.text ?? "",
    /^Study: the charge of 9 % is at or below 10 %; pc, nas are told to shut down in 180 s unless the grid returns$/,
  );
  assert.equal(started?.data?.timer_s, 180);
  assert.match(h.log().text(), /TIMER START device=Study reason=".*" seconds=180 hosts="pc nas"/);
  await h.stop();
  const nobody = await house({ stations: { Study: [] } });
  await nobody.feed({ soc: 9, grid_connected: false, ...LONG_AGO });
  assert.match(
    nobody.events.find(({ kind }) => kind === "timer_started")?.text ?? "no timer",
    /no timer|no host/,
  );
  await nobody.stop();
});

for (const [saysAfterMs, isTold] of [[500, false], [14_000, false], [undefined, true]] as const) {
  Deno.test(
    `PolicyEngine started beside an old state ${
      isTold ? "tells" : "does not tell"
    } that it is blind when the station ${
      saysAfterMs === undefined ? "stays silent" : `speaks after ${saysAfterMs} ms`
    }`,
    async () => {
      const h = await house();
      await h.feed({
        ...BACK,
        age_s: 0,
        grid_age_s: 0,
        soc_age_s: 0,
        ts: new Date(h.clock.wallMs()).toISOString(),
      });
      await h.clock.advance(1000);
      h.clock.jumpWall(600_000);
      await h.restart();
      await h.clock.advance(saysAfterMs ?? 14_000);
      assert.doesNotMatch(h.log().text(), /BLIND/);
      assert.equal(h.status().blind, true, "what is not known is never shown as known");
      if (saysAfterMs !== undefined) await h.feed({ ...BACK, age_s: 0, grid_age_s: 0, soc_age_s: 0 });
      await h.clock.advance(2000);
      assert.equal(/BLIND device=Study/.test(h.log().text()), isTold);
      assert.equal(h.events.some(({ kind }) => kind === "blind"), isTold);
      assert.equal(h.events.some(({ kind }) => kind === "sees_again"), false);
      await h.stop();
    },
  );
}
