import assert from "node:assert/strict";
import { askCables } from "./ask_cables.ts";
import type { CableBefore } from "./cables_before.ts";

const READING = { grid: true, soc: 80, status: "OL" };

/**
 * @param serials What the UPSes say of theirs, by name
 * @param before Cables of the configuration
 */
async function asked(
  ups: readonly string[],
  answers: string[],
  serials: Record<string, string> = {},
  before: readonly CableBefore[] = [],
) {
  const presets: string[] = [];
  const set: object[] = [];
  const said: string[] = [];
  await askCables(
    {
      set: (keys: object) => void set.push(keys),
      cablesBefore: () => ({ cables: before, agentsByStation: {} }),
    },
    [{ sn: "R651SIM000000001", name: "Study" }, { sn: "R651SIM000000002", name: "Attic" }],
    ups.map((name) => ({ ups: name, description: "", reading: { ...READING, serial: serials[name] } })),
    {
      ask: (_, preset = "") => {
        presets.push(preset);
        return Promise.resolve(answers.shift() ?? preset);
      },
      say: (text) => void said.push(text),
    },
  );
  return { set, said: said.join("\n"), presets };
}

const HERE = { host: "127.0.0.1", port: 3493 };
const FAR = { device: "Rack", ups: "r", host: "nas.lan", port: 3493, user: "me", tls: true };

Deno.test("askCables() asks of each UPS whose cable it is, and again after what is no station", async () => {
  const { set, said } = await asked(["a", "b", "c"], ["Cellar", "Study", "none", "Study", "Attic"]);
  assert.deepEqual(set, [{ NUT_SOURCES_JSON: '{"Study":{"ups":"a"},"Attic":{"ups":"c"}}' }]);
  assert.match(said, /must be one of Study, Attic, new, none, found "Cellar"/);
  assert.match(said, /must be one of Attic, new, none, found "Study"/);
});

Deno.test("askCables() leaves the configuration as it is when nothing is named, or nothing is there", async () => {
  assert.deepEqual((await asked(["a"], ["none"])).set, []);
  assert.deepEqual((await asked([], [])).set, []);
});

Deno.test("askCables() proposes the station whose serial number a UPS says, and none twice", async () => {
  const serials = { a: "r651-sim000000002", b: "AS123456", c: "R651SIM000000002" };
  const { set, presets } = await asked(["a", "b", "c"], [], serials);
  assert.deepEqual(presets, ["Attic", "none", "none"]);
  assert.deepEqual(set, [{ NUT_SOURCES_JSON: '{"Attic":{"ups":"a"}}' }]);
});

Deno.test("askCables() keeps the cables that it does not ask for, with all that stands beside them", async () => {
  const own = { device: "Study", ups: "a", ...HERE, serial: "AS12", user: "me" };
  const before = [{ entry: FAR, isInFile: false }, { entry: own, sn: "R651SIM000000001", isInFile: false }];
  // Study is named for "a": that is proposed, whatever the UPS says, and "b" is new.
  const { set, presets } = await asked(["a", "b"], ["", "Attic"].map((text) => text || "Study"), {}, before);
  assert.deepEqual(presets, ["Study", "none"]);
  assert.deepEqual(JSON.parse((set[0] as { NUT_SOURCES_JSON: string }).NUT_SOURCES_JSON), {
    Rack: { ups: "r", host: "nas.lan", user: "me", tls: true },
    Study: { ups: "a", serial: "AS12", user: "me" },
    Attic: { ups: "b" },
  });
  assert.deepEqual((await asked(["a"], ["Study"], {}, before)).set, [], "nothing was changed");
  assert.deepEqual((await asked([], [], {}, before)).set, []);
});

Deno.test("askCables() takes a cable away from the station that has it when it is another's or nobody's", async () => {
  const before = [{ entry: { device: "Study", ups: "a", ...HERE }, sn: "R651SIM000000001", isInFile: false }];
  assert.deepEqual((await asked(["a"], ["Attic"], {}, before)).set, [{
    NUT_SOURCES_JSON: '{"Attic":{"ups":"a"}}',
  }]);
  assert.deepEqual((await asked(["a"], ["none"], {}, before)).set, [{ NUT_SOURCES_JSON: undefined }]);
});

Deno.test("askCables() lets a station that has another name now keep its cable", async () => {
  const entry = { device: "Office", ups: "a", host: "localhost", port: 3493 };
  const { set, presets } = await asked(["a"], [], {}, [{ entry, sn: "R651SIM000000001", isInFile: false }]);
  assert.deepEqual(presets, ["Study"]);
  assert.deepEqual(set, [{ NUT_SOURCES_JSON: '{"Study":{"ups":"a","host":"localhost"}}' }]);
});

Deno.test("askCables() leaves a cable under its station's serial number, and gives the station no second one", async () => {
  const sn = "R651SIM000000001";
  const entry = { device: sn.toLowerCase(), ups: "a", ...HERE, user: "me" };
  const before = [{ entry, sn, isInFile: false }];
  assert.deepEqual((await asked(["a"], [], {}, before)).set, []);
  assert.deepEqual((await asked(["b"], ["Study"], {}, before)).set, [{
    NUT_SOURCES_JSON: '{"Study":{"ups":"b"}}',
  }]);
});

Deno.test("askCables() does not ask for what the policy file names, nor offers its station again", async () => {
  const before = [{ entry: { device: "Study", ups: "a", ...HERE }, sn: "R651SIM000000001", isInFile: true }];
  const { set, said, presets } = await asked(
    ["a", "b"],
    ["Study", "none"],
    { b: "R651SIM000000001" },
    before,
  );
  assert.deepEqual(presets, ["none", "none"]);
  assert.match(said, /It speaks for Study, as the policy file says/);
  assert.match(said, /must be one of Attic, new, none, found "Study"/);
  assert.deepEqual(set, []);
});

Deno.test("askCables() makes a UPS a station of its own, by a name that nobody has", async () => {
  const before = [{ entry: FAR, isInFile: false }];
  const answers = ["new", "Study", "Rack", "a/b", "Cellar"];
  const { set, said } = await asked(["c"], answers, {}, before);
  assert.deepEqual(JSON.parse((set[0] as { NUT_SOURCES_JSON: string }).NUT_SOURCES_JSON).Cellar, {
    ups: "c",
  });
  assert.equal(said.match(/must not be another station's/g)?.length, 2);
  assert.match(said, /must not contain/);
});
