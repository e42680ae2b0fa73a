import assert from "node:assert/strict";
import { parseCapture } from "../../../commands/decode/captures.ts";
import { decodeCapture } from "../../../commands/decode/decode_capture.ts";
import { compileModel } from "./compiled_model.ts";
import { modelSchema } from "./model_spec.ts";
import { findModel, matchModel, MODELS } from "./models.ts";
import { parseValue } from "../../../lib/messages/parse.ts";
import { outsideFacts } from "../../../lib/testdata/outside_facts.ts";

Deno.test("MODELS are 51, named once each, and share no prefix", () => {
  assert.equal(MODELS.length, 51);
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

const recordings = outsideFacts("protocol/captures/");
Deno.test(
  "MODELS say how each grid rule is known, as the recordings show it",
  { ignore: recordings.ignore },
  async () => {
    const names = [...Deno.readDirSync(recordings.url)].map((e) => e.name).filter((n) => n.endsWith(".json"));
    const verdicts = new Map<string, Set<boolean>>();
    for (const name of names) {
      const capture = parseCapture(await Deno.readTextFile(new URL(name, recordings.url)), name);
      const { normalized } = await decodeCapture(capture, name);
      const present = normalized["grid_present"];
      if (typeof present !== "boolean") continue;
      const known = verdicts.get(capture.spec.model) ?? new Set();
      verdicts.set(capture.spec.model, known.add(present));
    }
    for (const { model, grid_proof = "assumed" } of MODELS) {
      if (grid_proof === "outage") continue;
      const seen = verdicts.get(model);
      const want = seen === undefined
        ? "assumed"
        : seen.size === 2
        ? "both"
        : seen.has(true)
        ? "present"
        : "absent";
      assert.equal(grid_proof, want, model);
    }
  },
);

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
  assert.doesNotMatch(fields("MR51"), /plug_in_info_ac_in_flag/);
  assert.match(
    fields("MR51"),
    /chg_line_plug_in_flag","present":\{"above":0\},"absent":"never","doubts":true/,
  );
  assert.doesNotMatch(fields("P351"), /charger_flag|feq/);
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
    ["HR61ZEB400000000", "Smart Home Panel 3"],
    ["HR64ZEB400000000", "Smart Home Panel 3"],
    ["HR65ZEB400000000", "Smart Home Panel 3"],
    ["HR6AZEB400000000", "Smart Home Panel 3"],
    ["HR51ZEB400000000", undefined],
    ["XX99ZEB400000000", undefined],
    ["", undefined],
  ];
  for (const [sn, model] of rows) assert.equal(findModel(sn)?.model, model, sn);
});

/** Learnt since the machine-readable facts were written: framing.md, 9c. */
const LEARNT: readonly (readonly [prefix: string, model: string])[] = [
  ["P322", "DELTA 3 Classic"],
  ["MR54", "DELTA Pro 3"],
  ["DCJ", "DELTA Pro"],
  ["Z1", "DELTA Pro"],
  ["D365", "DELTA 3 (1500)"],
  ["R701", "DELTA 2 Black / E980"],
  ["HR6", "Smart Home Panel 3"],
  ...["D3E1", "D202", "Y712", "MR52", "R361", "R341", "P361", "R632", "R633"].map((prefix) =>
    [prefix, "Extra battery"] as const
  ),
];

Deno.test("findModel() knows the serial prefixes that were learnt since, and takes none of them for an older model", () => {
  for (const [prefix, model] of LEARNT) {
    assert.equal(findModel(`${prefix}TEST00000001`)?.model, model, prefix);
  }
});

Deno.test("matchModel() calls a match by two letters a guess, and no longer one, nor a user's own", () => {
  const rows: [sn: string, isGuess: boolean][] = [
    ["D3AATEST00000001", true],
    ["R7AATEST00000001", true],
    ["Z1AATEST00000001", true],
    ["DCETEST000000001", false],
    ["R651TEST00000001", false],
  ];
  for (const [sn, isGuess] of rows) assert.equal(matchModel(sn)?.isGuess, isGuess, sn);
  const own = { ...MODELS[0], prefixes: ["QQ"], confidence: "user" } as typeof MODELS[number];
  assert.equal(matchModel("QQ11TEST", [own])?.isGuess, false);
});

Deno.test("findModel() lets a user's table win over the product's with the same prefix", () => {
  const own = { ...MODELS[0], model: "mine", prefixes: ["R651"] } as typeof MODELS[number];
  assert.equal(findModel("R651X", [own, ...MODELS])?.model, "mine");
});

const { url: factsUrl, ignore } = outsideFacts("protocol/normalized.json");
Deno.test(
  "MODELS cover the same models, prefixes and families as the protocol facts",
  { ignore },
  async () => {
    const facts = JSON.parse(await Deno.readTextFile(factsUrl)).models as {
      model: string;
      serial_prefixes: string[];
      protocol: string;
      family: string;
      rated_capacity_wh?: number;
    }[];
    const shape = (model: string, prefixes: string[], protocol: string, family: string, wh?: number) =>
      [model, [...prefixes].sort().join(), protocol, family, wh ?? 0].join(" | ");
    const isLearnt = (prefix: string) => LEARNT.some(([p]) => p === prefix);
    assert.deepEqual(
      MODELS.map((m) => ({ ...m, prefixes: m.prefixes.filter((prefix) => !isLearnt(prefix)) }))
        .filter((m) => m.prefixes.length > 0)
        .map((m) => shape(m.model, m.prefixes, m.protocol, m.family, m.rated_wh)).sort(),
      facts.map((f) => shape(f.model, f.serial_prefixes, f.protocol, f.family, f.rated_capacity_wh)).sort(),
    );
  },
);
