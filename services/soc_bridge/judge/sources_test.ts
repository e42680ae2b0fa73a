import assert from "node:assert/strict";
import { compileModel } from "../models/compiled_model.ts";
import { findModel } from "../models/models.ts";
import { Readings } from "../decode/readings.ts";
import { asked } from "./sources.ts";

const rows: readonly [
  name: string,
  packCount: number | undefined,
  said: number | undefined,
  count: number | undefined,
][] = [
  ["what the station says", 0, 3, 3],
  ["nothing where it says 0", 0, 0, undefined],
  ["nothing where it has not said it", 0, undefined, undefined],
  ["nothing where no table says where", undefined, 3, undefined],
];
for (const [name, packCount, said, count] of rows) {
  Deno.test(`asked() counts as packs ${name}`, async () => {
    const spec = findModel("R651");
    assert.ok(spec);
    const model = { ...await compileModel(spec), packCount };
    const readings = new Readings(1);
    readings.beginPayload();
    if (said !== undefined) readings.set(0, said, 1);
    assert.deepEqual(asked(model, readings, undefined, 7).scope, { count, freshSinceMonoMs: 7 });
  });
}
