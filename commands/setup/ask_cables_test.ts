import assert from "node:assert/strict";
import { askCables } from "./ask_cables.ts";

const READING = { grid: true, soc: 80, status: "OL" };

/** @param serials What the UPSes say of theirs, by name */
async function asked(ups: readonly string[], answers: string[], serials: Record<string, string> = {}) {
  const presets: string[] = [];
  const set: object[] = [];
  const said: string[] = [];
  await askCables(
    { set: (keys: object) => void set.push(keys) },
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

Deno.test("askCables() asks of each UPS whose cable it is, and again after what is no station", async () => {
  const { set, said } = await asked(["a", "b", "c"], ["Cellar", "Study", "none", "Study", "Attic"]);
  assert.deepEqual(set, [{ NUT_SOURCES_JSON: '{"Study":{"ups":"a"},"Attic":{"ups":"c"}}' }]);
  assert.match(said, /must be one of Study, Attic, or none, found "Cellar"/);
  assert.match(said, /must be one of Attic, or none, found "Study"/);
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
