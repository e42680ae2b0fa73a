import assert from "node:assert/strict";
import { compileModel } from "./compiled_model.ts";
import { modelSchema } from "./model_spec.ts";
import { findModel, MODELS } from "./models.ts";
import { parseValue } from "../../../lib/messages/parse.ts";

Deno.test("MODELS are 49, named once each, and share no prefix", () => {
  assert.equal(MODELS.length, 49);
  assert.equal(new Set(MODELS.map((m) => m.model)).size, MODELS.length);
  const prefixes = MODELS.flatMap((m) => m.prefixes);
  assert.deepEqual(prefixes.filter((p, i) => prefixes.indexOf(p) !== i), []);
});

Deno.test("MODELS keep the rules that hold for a user's file", () => {
  for (const model of MODELS) parseValue(modelSchema, model, model.model);
});

Deno.test("compileModel() finds every field of every table", async () => {
  for (const model of MODELS) await compileModel(model);
});

Deno.test("MODELS have a grid rule for every power station but the one whose grid is not known", () => {
  const without = MODELS.filter((m) => m.role === "station" && !m.grid?.some((i) => i.absent === "decides"));
  assert.deepEqual(without.map((m) => m.model), ["STREAM 5000 / STREAM AC 5000"]);
});

Deno.test("MODELS never judge by what is 0 or stuck with the grid present", () => {
  const fields = (prefix: string) => JSON.stringify(findModel(prefix)?.grid ?? []);
  for (const prefix of ["R651", "R654", "R631"]) {
    assert.doesNotMatch(
      fields(prefix),
      /plug_in_info_ac_in_flag|plug_in_info_ac_in_vol|chg_line_plug_in_flag|feq/,
    );
  }
  assert.doesNotMatch(fields("MR51"), /plug_in_info_ac_in_flag|chg_line_plug_in_flag/);
  for (const model of MODELS) {
    assert.doesNotMatch(JSON.stringify(model.grid ?? []), /chargerType|output_watts/);
  }
});

Deno.test("findModel() takes the longest prefix", () => {
  const rows: [string, string | undefined][] = [
    ["R651ZEB400000000", "RIVER 3"],
    ["R511ZEB400000000", "DELTA Pro"],
    ["R5AAZEB400000000", "RIVER mini"],
    ["D3M1ZEB400000000", "DELTA 3 Max Plus"],
    ["D361ZEB400000000", "DELTA 3 (1500)"],
    ["D3AAZEB400000000", "DELTA 1000/1300"],
    ["DCEBZEB400000000", "DELTA Pro"],
    ["DC01ZEB400000000", "Alternator Charger"],
    ["XX99ZEB400000000", undefined],
    ["", undefined],
  ];
  for (const [sn, model] of rows) assert.equal(findModel(sn)?.model, model, sn);
});

Deno.test("findModel() lets a user's table win over the product's with the same prefix", () => {
  const own = { ...MODELS[0], model: "mine", prefixes: ["R651"] } as typeof MODELS[number];
  assert.equal(findModel("R651X", [own, ...MODELS])?.model, "mine");
});

Deno.test("MODELS cover the same models, prefixes and families as the protocol facts", async () => {
  let text: string;
  try {
    text = await Deno.readTextFile(new URL("../../../../shared/protocol/normalized.json", import.meta.url));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    // deno-lint-ignore no-console
    return console.log("facts skipped: ../shared/protocol/normalized.json is absent");
  }
  const facts = JSON.parse(text).models as {
    model: string;
    serial_prefixes: string[];
    protocol: string;
    family: string;
    rated_capacity_wh?: number;
  }[];
  const shape = (model: string, prefixes: string[], protocol: string, family: string, wh?: number) =>
    [model, [...prefixes].sort().join(), protocol, family, wh ?? 0].join(" | ");
  assert.deepEqual(
    MODELS.map((m) => shape(m.model, m.prefixes, m.protocol, m.family, m.rated_wh)).sort(),
    facts.map((f) => shape(f.model, f.serial_prefixes, f.protocol, f.family, f.rated_capacity_wh)).sort(),
  );
});
