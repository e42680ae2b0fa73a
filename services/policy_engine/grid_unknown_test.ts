/** A station that does not tell the grid any more, and owners who say whose word counts. */
import assert from "node:assert/strict";
import { parseAgentPlan } from "../../lib/messages/agent/plan.ts";
import { parsePolicyFile } from "./rules/policy_file.ts";
import { CONFIG, house } from "./testdata/test_policy.ts";

const UNTOLD = { soc: 80, grid_unknown: true };
const WITNESS = `
[[witness]]
name = "plug"
topic = "plug"
pointer = ""
present_when_equals = "ON"
absent_when_equals = "OFF"
`;
const withFile = (text: string) => house({ file: parsePolicyFile(text, "policy.toml", CONFIG) });
type House = Awaited<ReturnType<typeof house>>;
const kinds = (h: House) => h.events.map(({ kind }) => kind);
const count = (h: House, kind: string) => kinds(h).filter((one) => one === kind).length;
const plan = (h: House) => parseAgentPlan(h.broker.retained("power-manager/pc/plan") ?? "", "plan");
/** Time passes, with the station's state and the witness's word. */
async function pass(h: House, seconds: number, state: object, plug: "ON" | "OFF") {
  for (let left = seconds; left > 0; left -= 10) {
    h.broker.publish("plug", plug);
    await h.pass(Math.min(left, 10), state);
  }
}

Deno.test("PolicyEngine takes a grid that is not told any more as unknown: said once, warned of, and nobody is told", async () => {
  const h = await house();
  await h.feed({ soc: 80, grid_connected: true });
  await h.pass(600, UNTOLD);
  await h.pass(600, { ...UNTOLD, soc: 2 });
  assert.deepEqual(h.actions(), [], "no shutdown by it alone, however low the charge");
  const { state, grid_unknown, grid_connected, blind, sentence } = h.status();
  assert.deepEqual([state, grid_unknown, grid_connected, blind], ["unknown", true, undefined, false]);
  assert.match(
    sentence,
    /^The station speaks, but does not tell any more whether the grid is there; nothing is shut down/,
  );
  assert.match(sentence, /charge of 2 %\.$/);
  assert.equal(count(h, "grid_unknown"), 1);
  assert.equal(count(h, "blind"), 0, "it is not silent");
  assert.ok(h.health().includes("grid_unknown") && !h.health().includes("station_unheard"));
  assert.ok(!h.health().includes("station_blind"));
  assert.deepEqual([plan(h).state, plan(h).deadline_at], ["online", undefined]);
  assert.match(plan(h).reason ?? "", /does not tell any more whether the grid is there/);
  await h.feed({ soc: 80, grid_connected: true });
  await h.clock.advance(1000);
  assert.equal(count(h, "grid_known"), 1);
  assert.equal(h.status().state, "online");
  assert.match(plan(h).reason ?? "", /the grid is there/);
  assert.ok(!h.health().includes("grid_unknown"));
  await h.stop();
});

Deno.test("PolicyEngine tells it once of a station without hosts too, and of the end", async () => {
  const h = await house();
  for (const state of [{ soc: 80, grid_connected: true }, UNTOLD, UNTOLD]) {
    await h.feed({ ...state, ts: undefined }, "Shed");
    await h.clock.advance(10_000);
  }
  const told = () => h.events.filter(({ device, kind }) => device === "Shed" && kind.startsWith("grid_"));
  assert.deepEqual(told().map(({ kind, severity }) => [kind, severity]), [["grid_unknown", "warning"]]);
  assert.match(told()[0]?.text ?? "", /whether the grid is there; no host is listed under it/);
  await h.feed({ soc: 80, grid_connected: true }, "Shed");
  await h.clock.advance(10_000);
  assert.deepEqual(told().map(({ kind }) => kind), ["grid_unknown", "grid_known"]);
  await h.stop();
});

Deno.test("PolicyEngine goes on with an outage whose grid is not told any more: hosts are told by the charge", async () => {
  const h = await house();
  await h.pass(30, { soc: 12, grid_connected: false });
  await h.pass(60, { soc: 10.1, grid_unknown: true });
  assert.equal(h.status().state, "on_battery");
  assert.match(h.status().sentence, /as the station said last; it does not tell it any more/);
  await h.pass(179, { soc: 10, grid_unknown: true });
  assert.deepEqual(h.actions(), [], "1 tick before the debounce ends");
  await h.pass(1, { soc: 10, grid_unknown: true });
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

for (const [risen, isTold] of [[9.9, true], [10, false]] as const) {
  Deno.test(`PolicyEngine in such an outage ${isTold ? "tells hosts" : "tells nobody"} when the charge rises from 8 to ${risen} %`, async () => {
    const h = await house();
    await h.pass(30, { soc: 9, grid_connected: false });
    await h.pass(30, { soc: 8, grid_unknown: true });
    await h.pass(300, { soc: risen, grid_unknown: true });
    assert.deepEqual(h.actions(), isTold ? ["shutdown pc"] : []);
    assert.equal(/the charge rises/.test(h.status().sentence), !isTold);
    // It falls again: the battery ends after all.
    await h.pass(200, { soc: 9, grid_unknown: true });
    assert.deepEqual([...new Set(h.actions())], ["shutdown pc"]);
    await h.stop();
  });
}

Deno.test("PolicyEngine calls hosts off when the charge rises while the grid is not told any more", async () => {
  const h = await house();
  await h.pass(190, { soc: 9, grid_connected: false });
  await h.ack("accepted");
  await h.pass(30, { soc: 9, grid_unknown: true });
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.pass(10, { soc: 11, grid_unknown: true });
  assert.deepEqual(h.actions(), ["shutdown pc", "abort pc"]);
  await h.stop();
});

Deno.test("PolicyEngine does not count a rise of the charge in an outage that is told", async () => {
  const h = await house();
  await h.pass(30, { soc: 5, grid_connected: false });
  await h.pass(200, { soc: 9, grid_connected: false });
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine lets a witness decide while the station does not tell the grid", async () => {
  const h = await withFile(WITNESS);
  await h.feed({ soc: 80, grid_connected: true });
  await pass(h, 60, { soc: 9, grid_unknown: true }, "ON");
  assert.equal(h.status().state, "online");
  assert.match(
    h.status().sentence,
    /^The grid is there \(as plug says, the station does not tell it any more\), charge of 9 %\.$/,
  );
  assert.ok(!h.health().includes("grid_unknown"), "somebody says it");
  await pass(h, 179, { soc: 9, grid_unknown: true }, "OFF");
  assert.deepEqual(h.actions(), []);
  await pass(h, 1, { soc: 9, grid_unknown: true }, "OFF");
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await pass(h, 10, { soc: 9, grid_unknown: true }, "ON");
  assert.deepEqual(h.actions(), ["shutdown pc", "abort pc"]);
  // The witness falls silent: what it said last ends, and the outage does not begin again.
  await h.pass(600, { soc: 9, grid_unknown: true });
  assert.equal(h.status().state, "unknown");
  assert.equal(h.actions().filter((action) => action === "shutdown pc").length, 1);
  await h.stop();
});

Deno.test("PolicyEngine remembers over a restart that the grid is unknown, and says it once", async () => {
  const h = await house();
  await h.feed({ soc: 80, grid_connected: true });
  await h.pass(300, UNTOLD);
  await h.restart();
  await h.pass(60, { ...UNTOLD, soc: 2 });
  assert.equal(h.status().state, "unknown");
  assert.equal(count(h, "grid_unknown"), 1);
  await h.pass(400, { ...UNTOLD, soc: 2 });
  assert.deepEqual(h.actions(), []);
  await h.stop();
});

Deno.test("PolicyEngine goes on after a restart with an outage whose grid is not told any more", async () => {
  const h = await house();
  await h.pass(30, { soc: 12, grid_connected: false });
  await h.pass(60, { soc: 11, grid_unknown: true });
  await h.restart();
  await h.pass(240, { soc: 9, grid_unknown: true });
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test("PolicyEngine after a restart does not begin an outage again that a witness ended before it fell silent", async () => {
  const h = await withFile(WITNESS);
  await h.pass(30, { soc: 9, grid_connected: false });
  await pass(h, 30, { soc: 9, grid_unknown: true }, "ON");
  await h.pass(180, { soc: 9, grid_unknown: true });
  assert.equal(h.status().state, "unknown");
  await h.restart();
  await h.pass(600, { soc: 9, grid_unknown: true });
  assert.equal(h.status().state, "unknown");
  assert.deepEqual(h.actions(), []);
  await h.stop();
});

Deno.test("PolicyEngine does not say that the grid is there by an indicator of minutes ago, nor that a station that speaks is silent", async () => {
  const h = await house();
  await h.feed({ soc: 80, grid_connected: true });
  // A bridge that does not say that the grid is unknown.
  await h.pass(1020, { soc: 10 });
  const { sentence } = h.status();
  assert.match(sentence, /^The grid was there at the last reading, 17 min ago; charge of 10 %\./);
  assert.match(sentence, /The station speaks, but nobody has confirmed the grid for 17 min\.$/);
  assert.ok(h.health().includes("grid_unknown") && !h.health().includes("station_blind"));
  assert.match(h.events.find(({ kind }) => kind === "blind")?.text ?? "", /the station speaks/);
  assert.deepEqual(h.actions(), []);
  await h.stop();
});

Deno.test('PolicyEngine with grid = "witness" does not hear the station\'s own word on the grid', async () => {
  const h = await withFile(`${WITNESS}[station.Study]\ngrid = "witness"\n`);
  await pass(h, 300, { soc: 9, grid_connected: false }, "ON");
  assert.deepEqual(h.actions(), []);
  assert.match(h.status().sentence, /^The grid is there \(as plug says\), charge of 9 %\.$/);
  assert.equal(count(h, "witness_disagrees"), 0);
  await pass(h, 179, { soc: 9, grid_connected: true }, "OFF");
  assert.deepEqual(h.actions(), []);
  await pass(h, 1, { soc: 9, grid_connected: true }, "OFF");
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  await h.stop();
});

Deno.test('PolicyEngine with grid = "witness" begins no outage in silence, and says that nobody sees the grid', async () => {
  const h = await withFile(`${WITNESS}[station.Study]\ngrid = "witness"\n`);
  await pass(h, 30, { soc: 9 }, "ON");
  await h.pass(110, { soc: 9, grid_connected: false });
  assert.equal(h.status().blind, false, "at its limit");
  await h.pass(300, { soc: 9, grid_connected: false });
  assert.equal(h.status().blind, true);
  assert.match(
    h.status().sentence,
    /^The grid was there at the last reading, 7 min ago \(as plug last said\); charge of 9 %/,
  );
  assert.deepEqual(h.actions(), []);
  await h.stop();
});

Deno.test('PolicyEngine with grid = "witness" goes on at once after a restart when the witness says that the grid is gone', async () => {
  const h = await withFile(`${WITNESS}[station.Study]\ngrid = "witness"\n`);
  await pass(h, 170, { soc: 9 }, "OFF");
  await h.restart();
  await pass(h, 9, { soc: 9 }, "OFF");
  assert.deepEqual(h.actions(), []);
  await pass(h, 1, { soc: 9 }, "OFF");
  assert.deepEqual(h.actions(), ["shutdown pc"], "no wait for the station's own word");
  await h.stop();
});

Deno.test('PolicyEngine with grid = "off" begins no outage, says so, and calls off what an earlier start had begun', async () => {
  const h = await house();
  await h.pass(190, { soc: 9, grid_connected: false });
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  assert.equal(plan(h).state, "on_battery");
  await h.restart({ file: parsePolicyFile('[station.Study]\ngrid = "off"\n', "policy.toml", CONFIG) });
  await h.pass(600, { soc: 2, grid_connected: false });
  assert.equal(h.actions().filter((action) => action === "shutdown pc").length, 1);
  assert.equal(h.status().state, "unknown");
  assert.match(h.status().sentence, /grid = "off"/);
  assert.equal(plan(h).state, "online");
  assert.ok(!h.health().includes("station_unheard"));
  await h.stop();
});

for (const [minutes, isDoubtful, isTold] of [[3, undefined, true], [3, true, false]] as const) {
  Deno.test(`PolicyEngine ${isTold ? "acts" : "does not act"} on ${minutes} min that are ${isDoubtful ? "" : "not "}doubted`, async () => {
    const h = await house();
    const state = {
      soc: 80,
      grid_connected: false,
      discharge_min: minutes,
      out_watts: 100,
      battery_wh: 1000,
    };
    await h.pass(300, { ...state, ...(isDoubtful ? { discharge_min_doubtful: true } : {}) });
    assert.deepEqual(h.actions(), isTold ? ["shutdown pc"] : []);
    if (isDoubtful) assert.ok((plan(h).deadline_in_s ?? 0) > 3600, "nor does the plan");
    await h.stop();
  });
}

const ON_PORTS = {
  grid_connected: false,
  outage_ports: [{ port: "ac1", min_soc: 15 }, { port: "ac2", min_soc: 33 }],
};
for (
  const [file, soc, isTold, isWarned] of [
    ['[host.pc]\nport = "ac2"', 36.1, false, false],
    ['[host.pc]\nport = "ac2"', 36, true, false],
    ['[host.pc]\nport = "ac1"', 18.1, false, false],
    ['[host.pc]\nport = "ac1"', 18, true, false],
    ['[host.pc]\nport = { Study = "ac1" }', 18.1, false, false],
    ["", 36.1, false, true],
    ["", 36, true, true],
    ["[station.Study]\nmin_soc = 50", 53.1, false, false],
    ["[station.Study]\nmin_soc = 50", 53, true, false],
  ] as const
) {
  Deno.test(`PolicyEngine with ${JSON.stringify(file)} at ${soc} % ${isTold ? "tells the host" : "does not"}`, async () => {
    const h = await withFile(file);
    await h.pass(200, { soc, ...ON_PORTS });
    assert.deepEqual(h.actions(), isTold ? ["shutdown pc"] : []);
    assert.equal(h.health().includes("outlet_unknown"), isWarned);
    await h.stop();
  });
}

Deno.test("PolicyEngine counts the energy that the owner says, not the station's", async () => {
  const h = await withFile("[station.Study]\ntotal_wh = 6000");
  const state = { soc: 50, grid_connected: false, out_watts: 600, battery_wh: 60 };
  await h.pass(300, state);
  assert.deepEqual(h.actions(), [], "five hours, not three minutes");
  await h.stop();
  const without = await house();
  await without.pass(300, state);
  assert.deepEqual(without.actions(), ["shutdown pc"]);
  await without.stop();
});

Deno.test("PolicyEngine says that a model is a guess, of a station with hosts alone", async () => {
  const h = await house();
  for (const device of ["Study", "Attic"]) {
    await h.feed({ soc: 80, grid_connected: true, model_guess: true }, device);
  }
  await h.clock.advance(1000);
  assert.match(h.status().sentence, /model is a guess/);
  assert.doesNotMatch(h.status("Attic").sentence, /guess/);
  assert.ok(h.health().includes("model_guess"));
  assert.ok(h.healthTexts().every((text) => !text.includes("Attic")));
  await h.feed({ soc: 80, grid_connected: true });
  await h.clock.advance(1000);
  assert.ok(!h.health().includes("model_guess"));
  await h.stop();
});

Deno.test('PolicyEngine with grid = "witness" is blind after a restart until the witness speaks', async () => {
  const h = await withFile(`${WITNESS}[station.Study]\ngrid = "witness"\n`);
  // Station and witness speak in the same moment, and say the same.
  await pass(h, 30, { soc: 80, grid_connected: true }, "ON");
  for (const _ of [1, 2]) {
    await h.restart();
    await h.pass(20, { soc: 80, grid_connected: true });
    assert.deepEqual([h.status().state, h.status().blind], ["online", true]);
  }
  await pass(h, 10, { soc: 80, grid_connected: true }, "ON");
  assert.equal(h.status().blind, false);
  await h.stop();
});

Deno.test("PolicyEngine is blind after a restart to a station that only a witness ever told of", async () => {
  const h = await withFile(WITNESS);
  for (let i = 0; i < 3; i++) {
    h.broker.publish("plug", "ON");
    await h.clock.advance(10_000);
  }
  assert.deepEqual([h.status().state, h.status().blind], ["online", false]);
  await h.restart();
  await h.clock.advance(2000);
  assert.deepEqual([h.status().state, h.status().blind], ["online", true]);
  assert.match(
    h.status().sentence,
    /^The grid was there at the last reading, \d+ s ago; nobody has told the charge yet\. Nothing fresh for \d\d s/,
  );
  await h.stop();
});

Deno.test("PolicyEngine does not forget what a silent station's battery lost when a witness tells of the grid in between", async () => {
  const h = await withFile(WITNESS);
  await h.pass(60, { soc: 50, grid_connected: false });
  const witnessed = async (seconds: number, word: "ON" | "OFF") => {
    for (let left = seconds; left > 0; left -= 10) {
      h.broker.publish("plug", word);
      await h.clock.advance(10_000);
    }
  };
  // Nothing more of the station: an unknown load counts as 2 %/min.
  await witnessed(900, "OFF");
  const before = h.status().soc ?? NaN;
  assert.ok(before < 25, `${before} %`);
  await witnessed(60, "ON");
  assert.equal(h.status().state, "online");
  await witnessed(10, "OFF");
  assert.ok((h.status().soc ?? NaN) <= before, `${h.status().soc} % after ${before} %`);
  await h.feed({ soc: 80, grid_connected: false });
  await h.clock.advance(1000);
  assert.equal(h.status().soc, 80, "a fresh reading counts at once");
  await h.stop();
});
