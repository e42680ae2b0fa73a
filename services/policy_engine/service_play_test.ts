/** A simulated event on a running system: it drives the policy as a station does, and leaves nothing behind. */
import assert from "node:assert/strict";
import { settle } from "../../lib/time/test_clock.ts";
import { house, KEY } from "./testdata/test_policy.ts";

const DEVICE = "SimulatedDevice";
const PLAYED = {
  simulated: true,
  expires_s: 15,
  soc: 9,
  grid_connected: false,
  age_s: 0,
  grid_age_s: 0,
  soc_age_s: 0,
  discharge_min: 60,
};
const CONFIG = {
  stations: { [DEVICE]: ["pc"], Study: ["nas"] },
  simulatedStations: [DEVICE],
  debounceSec: 60,
};

async function scene(change: object = {}) {
  const h = await house({ ...CONFIG, agentKeys: { pc: KEY, nas: KEY }, ...change });
  const play = async (state: object = {}, device = DEVICE, retain = false) => {
    const text = JSON.stringify({ device, ...PLAYED, ...state });
    h.broker.publish(`bridge-ecoflow/${device}/json/state`, text, { retain });
    await settle();
  };
  /** The feed plays on, a state every five seconds. */
  const playFor = async (seconds: number, state: object = {}) => {
    for (let left = seconds; left > 0; left -= 5) {
      await play(state);
      await h.clock.advance(5000);
    }
  };
  const said = () => h.broker.retained(`power-manager/policy/${DEVICE}`);
  return { ...h, play, playFor, said };
}

Deno.test("a play drives the hosts that are mapped to it on purpose, and is marked in status, journal and command", async () => {
  const h = await scene();
  await h.playFor(65);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  assert.match(h.commands[0]?.reason ?? "", /^SIMULATED: SimulatedDevice: /);
  const status = h.status(DEVICE);
  assert.equal(status.simulated, true);
  assert.match(status.sentence, /^SIMULATED: /);
  const marked = h.events.filter(({ device, agent }) => device === DEVICE || agent === "pc");
  assert.ok(marked.length >= 4);
  for (const { text, data, kind } of marked) {
    if (kind !== "agent_ack") {
      assert.deepEqual([text.startsWith("SIMULATED: "), data?.simulated], [true, true], text);
    }
  }
  assert.match(h.log().text(), /TIMER START device=SimulatedDevice .*simulated=true/);
  await h.playFor(5, { grid_connected: true });
  await h.ack("aborted");
  await h.playFor(20, { grid_connected: true });
  assert.deepEqual(h.actions(), ["shutdown pc", "abort pc"]);
  await h.stop();
});

Deno.test("a play that nobody goes on with ends by itself: the timer is aborted and nobody is told", async () => {
  const h = await scene();
  await h.playFor(40);
  assert.equal(h.status(DEVICE).state, "critical");
  // The feed was killed: nothing more comes.
  await h.clock.advance(600_000);
  assert.deepEqual(h.actions(), []);
  assert.ok(
    h.events.some(({ kind, text }) => kind === "simulation_ended" && /nobody went on with it/.test(text)),
  );
  assert.ok(h.events.some(({ kind }) => kind === "timer_aborted"));
  assert.equal(h.status(DEVICE).state, "unknown");
  assert.equal(h.status(DEVICE).simulated, undefined);
  await h.stop();
});

for (
  const [name, lastMs, wanted] of [["1 ms before its end", 14_999, true], [
    "at its end",
    15_000,
    false,
  ]] as const
) {
  Deno.test(`a play's last state counts ${name}: ${wanted}`, async () => {
    const h = await scene();
    await h.play({ expires_s: 15 });
    // The look comes once a second.
    await h.clock.advance(lastMs);
    assert.equal(!h.events.some(({ kind }) => kind === "simulation_ended"), wanted);
    await h.stop();
  });
}

Deno.test("a play whose end takes a shutdown back calls the host off", async () => {
  const h = await scene();
  await h.playFor(65);
  h.broker.publish(`bridge-ecoflow/${DEVICE}/json/state`, "");
  await settle();
  assert.deepEqual(h.actions(), ["shutdown pc", "abort pc"]);
  await h.ack("aborted");
  await h.clock.advance(10_000);
  assert.equal(h.status(DEVICE).state, "unknown", "nothing of it is left");
  await h.stop();
});

Deno.test("a play survives no restart: what was played is no outage of before", async () => {
  const h = await scene();
  await h.playFor(40);
  assert.doesNotMatch(h.store.text ?? "", /SimulatedDevice/);
  await h.restart();
  await h.clock.advance(900_000);
  assert.deepEqual(h.actions(), []);
  await h.stop();
});

Deno.test("a play is no plan for an agent that loses us", async () => {
  const h = await scene();
  await h.playFor(10);
  const plan = JSON.parse(h.broker.retained("power-manager/pc/plan") ?? "{}");
  assert.equal(plan.state ?? "online", "online");
  await h.stop();
});

for (
  const [name, state, device] of [
    ["of a real station's name", {}, "Study"],
    ["that says no end", { expires_s: undefined }, DEVICE],
    ["that was held up for longer than it lasts", { ts: "1970-01-01T00:00:00.000Z" }, DEVICE],
  ] as const
) {
  Deno.test(`a simulated state ${name} is refused`, async () => {
    const h = await scene();
    for (let i = 0; i < 60; i++) {
      await h.play(state, device);
      await h.clock.advance(5000);
    }
    assert.deepEqual(h.actions(), []);
    assert.match(h.log().text(), /SIMULATED STATE REFUSED/);
    assert.equal(h.events.filter(({ kind }) => kind === "timer_started").length, 0);
    await h.stop();
  });
}

Deno.test("a play never counts as a station that carries a host through a real outage", async () => {
  const h = await scene({ stations: { [DEVICE]: ["nas"], Study: ["nas"] } });
  const real = { soc: 9, grid_connected: false, age_s: 0, grid_age_s: 0, soc_age_s: 0, discharge_min: 60 };
  for (let i = 0; i < 20; i++) {
    await h.play({ grid_connected: true, soc: 100 });
    await h.feed(real, "Study");
    await h.clock.advance(5000);
  }
  assert.deepEqual(h.actions(), ["shutdown nas"]);
  await h.stop();
});

Deno.test("a state that is not simulated ends the play under the same name, and counts", async () => {
  const h = await scene();
  await h.playFor(30);
  await h.feed({ soc: 80, grid_connected: true }, DEVICE);
  assert.ok(h.events.some(({ kind }) => kind === "simulation_ended"));
  await h.play();
  assert.match(h.log().text(), /SIMULATED STATE REFUSED/);
  assert.equal(h.status(DEVICE).state, "online");
  assert.deepEqual(h.actions(), []);
  await h.stop();
});

Deno.test("a play without hosts commands nobody and leaves no station behind", async () => {
  const h = await scene({ stations: { Study: ["nas"] } });
  await h.playFor(90);
  assert.deepEqual(h.actions(), []);
  assert.equal(h.status(DEVICE).simulated, true);
  await h.clock.advance(60_000);
  assert.equal(h.said(), undefined);
  await h.stop();
});

Deno.test("a simulated state that the broker kept is refused", async () => {
  const h = await scene();
  await h.play({}, DEVICE, true);
  await h.clock.advance(30_000);
  await h.restart();
  await h.clock.advance(900_000);
  assert.deepEqual(h.actions(), []);
  assert.match(h.log().text(), /SIMULATED STATE REFUSED .*the broker kept it/);
  await h.stop();
});

for (
  const [name, stations] of [["still mapped", CONFIG.stations], ["mapped no more", {
    Study: ["nas"],
  }]] as const
) {
  Deno.test(`a play that the daemon's end cut off leaves no status behind, with its host ${name}`, async () => {
    const h = await scene();
    await h.playFor(65);
    assert.deepEqual(h.actions(), ["shutdown pc"]);
    assert.match(h.said() ?? "", /SIMULATED: /);
    await h.restart({ stations });
    await h.pass(10, { soc: 80, grid_connected: true }, "Study");
    await h.ack("aborted");
    await h.pass(400, { soc: 80, grid_connected: true }, "Study");
    if (name === "still mapped") {
      assert.deepEqual(h.actions(), ["shutdown pc", "abort pc"]);
      assert.ok(
        h.events.some(({ text }) => text === "SIMULATED: the shutdown of pc is aborted: the grid is back"),
      );
    }
    assert.doesNotMatch(h.said() ?? "", /SIMULATED|critical|shutting_down|recovery/);
    await h.stop();
  });
}

Deno.test("a host that hangs on a real station too is not called off with a play that the daemon's end cut off", async () => {
  const h = await scene({ stations: { [DEVICE]: ["nas"], Study: ["nas"] }, agentKeys: { nas: KEY } });
  await h.pass(70, { soc: 5, grid_connected: false }, "Study");
  assert.deepEqual(h.actions(), ["shutdown nas"]);
  await h.play();
  await h.restart();
  await h.pass(60, { soc: 5, grid_connected: false }, "Study");
  assert.ok(!h.actions().includes("abort nas"), h.actions().join());
  await h.stop();
});
