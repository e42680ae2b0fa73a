import assert from "node:assert/strict";
import { mutantsOf } from "./operators.ts";
import { EXPLAINED } from "./survivors.ts";

const ROOT = new URL("../../", import.meta.url);

const files = new Set([...EXPLAINED.keys()].map((id) => id.slice(0, id.indexOf(" "))));
for (const file of files) {
  Deno.test(`EXPLAINED explains only mutants that ${file} has`, () => {
    const mutants = new Set(mutantsOf(file, Deno.readTextFileSync(new URL(file, ROOT))).map(({ id }) => id));
    const gone = [...EXPLAINED.keys()].filter((id) => id.startsWith(`${file} `) && !mutants.has(id));
    assert.deepEqual(gone, []);
  });
}
