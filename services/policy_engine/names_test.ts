import assert from "node:assert/strict";
import { LIMITS } from "./testdata/limits.ts";
import { settle } from "../../lib/time/test_clock.ts";
import { parseAgentMap } from "../../lib/config/stations.ts";
import { parsePolicyFile } from "./rules/policy_file.ts";
import { emptyHouse, House } from "./house.ts";
import { simpleRules } from "./rules/simple_rules.ts";
import { house, LOST } from "./testdata/test_policy.ts";

/** What every object of the language answers to. */
const INHERITED = Object.getOwnPropertyNames(Object.prototype);

/** A map of the configuration, read as it is at the start. */
function stationsOf(map: string) {
  const problems: string[] = [];
  const stations = parseAgentMap(map, problems);
  assert.deepEqual(problems, []);
  return stations;
}

for (const name of INHERITED) {
  Deno.test(`PolicyEngine shuts a host called ${name} down in time, and the one beside it`, async () => {
    const stations = stationsOf(`{"Study":["pc","${name}"],"${name}":["${name}","nas"]}`);
    const h = await house({ stations });
    for (const agent of ["pc", "nas", name]) await h.presence(true, agent);
    for (let left = 200; left > 0; left -= 10) {
      for (const device of ["Study", name]) await h.feed({ ...LOST, grid_age_s: 0, soc_age_s: 0 }, device);
      await h.clock.advance(10_000);
    }
    assert.deepEqual(
      h.actions().toSorted(),
      ["nas", "pc", name].map((agent) => `shutdown ${agent}`).toSorted(),
    );
    // A restart keeps what was told: nobody is told a second time under another id.
    const ids = new Map(h.commands.map(({ agent, id }) => [agent, id] as const));
    await h.restart();
    await h.pass(20, LOST);
    for (const { agent, id } of h.commands) assert.equal(id, ids.get(agent));
    assert.deepEqual(h.health().filter((code) => code.endsWith("_failed")), []);
    await h.stop();
  });

  Deno.test(`a stranger called ${name}, in topics and requests, stops nobody`, async () => {
    const h = await house({ takesDrills: true, takesAborts: true });
    await h.presence(true);
    h.broker.publish(`bridge-ecoflow/${name}/json/state`, JSON.stringify({ device: name, ...LOST }), {
      retain: true,
    });
    await h.presence(true, name);
    for (
      const [topic, body] of [
        ["drill/request", { id: "a", device: name }],
        ["drill/request", { id: "b", agents: [name] }],
        ["abort/request", { id: "c", device: name }],
        [`${name}/ack`, { id: "d", agent: name, status: "accepted" }],
      ] as const
    ) h.broker.publish(`power-manager/${topic}`, JSON.stringify(body));
    await settle();
    await h.pass(200, LOST);
    assert.deepEqual(h.actions(), ["shutdown pc"]);
    assert.deepEqual(h.health().filter((code) => code.endsWith("_failed")), []);
    await h.stop();
  });

  Deno.test(`a policy file may name a host and a station ${name}`, () => {
    const stations = stationsOf(`{"${name}":["${name}"]}`);
    const limits = { ...LIMITS, stations };
    const text = `[host.${name}]\nsoc_min = 33\n[station.${name}]\ndebounce_sec = 7\n`;
    const file = parsePolicyFile(text, "policy.toml", limits);
    assert.deepEqual(Object.entries(file.host).map(([host, { soc_min }]) => [host, soc_min]), [[name, 33]]);
    assert.deepEqual(Object.keys(file.station), [name]);
    // And one that the configuration does not know is refused by name.
    assert.throws(
      () => parsePolicyFile(text, "policy.toml", { ...limits, stations: {} }),
      new RegExp(`host.${name} must be a host of DEVICE_TO_AGENTS_JSON`),
    );
  });
}

Deno.test("PolicyEngine goes on with the others when one host's command cannot be made, and says so", async () => {
  // No name is known to throw any more: here a key that is no text does it.
  const agentKeys = { bad: 7 as unknown as string };
  const h = await house({ stations: { Study: ["bad", "pc"], Attic: ["nas"] }, agentKeys });
  for (const agent of ["pc", "nas", "bad"]) await h.presence(true, agent);
  for (let left = 200; left > 0; left -= 10) {
    for (const device of ["Study", "Attic"]) await h.feed({ ...LOST, grid_age_s: 0, soc_age_s: 0 }, device);
    await h.clock.advance(10_000);
  }
  assert.deepEqual(h.actions().toSorted(), ["shutdown nas", "shutdown pc"]);
  assert.ok(h.health().includes("part_failed"));
  assert.match(h.healthTexts().join(), /host "bad"/);
  assert.match(h.log().text(), /PART FAILED: the others go on/);
  await h.stop();
});

Deno.test("House goes on with the other hosts and stations when one throws, and tries it again", () => {
  const rules = simpleRules(
    { ...LIMITS, debounceSec: 0, stations: { Study: ["bad", "pc"], Attic: ["nas"] } },
    0,
  );
  const failed: string[] = [];
  let isBroken = true;
  let calls = 0;
  const newId = () => {
    // The first host of the house is asked for first.
    if (isBroken && calls++ === 0) throw new Error("broken");
    return `id-${calls}`;
  };
  const isolate = <T>(what: string, act: () => T) => {
    try {
      return act();
    } catch {
      failed.push(what);
    }
  };
  const house = new House(emptyHouse(rules), rules, newId, isolate);
  const told: string[] = [];
  const take = (effects: ReturnType<House["step"]>) => {
    for (const effect of effects) {
      if (effect.kind === "host" && effect.effect.kind === "send") told.push(effect.agent);
    }
  };
  const arrival = { atMonoMs: 1000, atWallMs: 1000, retained: false };
  for (const device of ["Study", "Attic"]) {
    const state = { device, ...LOST, grid_age_s: 0, soc_age_s: 0 };
    take(house.step({ kind: "state", device, state, arrival }, 1000));
  }
  for (let i = 1; i < 4; i++) take(house.step({ kind: "tick" }, 1000 + i * 1000));
  assert.deepEqual(failed, ['host "bad"']);
  assert.deepEqual(told.toSorted(), ["bad", "nas", "pc"]);
  isBroken = false;
});
