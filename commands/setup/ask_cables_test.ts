import assert from "node:assert/strict";
import { askCables } from "./ask_cables.ts";

const READING = { grid: true, soc: 80, status: "OL" };

async function asked(ups: readonly string[], answers: string[]) {
  const set: object[] = [];
  const said: string[] = [];
  await askCables(
    { set: (keys: object) => void set.push(keys) },
    ["Study", "Attic"],
    ups.map((name) => ({ ups: name, description: "", reading: READING })),
    { ask: () => Promise.resolve(answers.shift() ?? "none"), say: (text) => void said.push(text) },
  );
  return { set, said: said.join("\n") };
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
