import assert from "node:assert/strict";
import { InvalidInputError } from "../../../lib/errors.ts";
import { compileModel } from "./compiled_model.ts";
import { parseModelFile } from "./model_files.ts";

const GOOD = `
[[model]]
model = "My station"
prefixes = ["QQ11"]
role = "station"
protocol = "protobuf"
family = "river3"
confidence = "user"
seen = "my own"
values.soc = [{ from = "DisplayPropertyUpload.cms_batt_soc" }]
values.dc_in_watts = [{ from = ["DisplayPropertyUpload.pow_get_pv", "DisplayPropertyUpload.pow_get_pv2"], scale = 0.1 }]
grid = [{ from = "DisplayPropertyUpload.flow_info_ac_in", present = { bit = 1 }, absent = "decides" }]
`;

Deno.test("parseModelFile() reads TOML and JSON, and the result compiles", async () => {
  const [fromToml] = parseModelFile({ name: "mine.toml", text: GOOD });
  assert.ok(fromToml);
  await compileModel(fromToml);
  const [fromJson] = parseModelFile({ name: "mine.json", text: JSON.stringify({ model: [fromToml] }) });
  assert.deepEqual(fromJson, fromToml);
});

Deno.test("parseModelFile() refuses mistakes by key", () => {
  const rows: [string, string, string, RegExp][] = [
    ["no TOML", "mine.toml", "[[model", /model file "mine.toml"/],
    ["no JSON", "mine.json", "{", /model file "mine.json"/],
    ["no model", "mine.toml", "", /"model" must be given/],
    ["unknown key", "mine.toml", GOOD + 'colour = "red"\n', /"model.0.colour" is no known key/],
    [
      "lower-case prefix",
      "mine.toml",
      GOOD.replace("QQ11", "qq11"),
      /"model.0.prefixes.0" must be 2 to 16 capital/,
    ],
    ["wrong role", "mine.toml", GOOD.replace('"station"', '"host"'), /"model.0.role" must be .*found "host"/],
    [
      "bad path",
      "mine.toml",
      GOOD.replace("DisplayPropertyUpload.cms_batt_soc", "a b"),
      /"model.0.values.soc.0/,
    ],
    [
      "unknown value",
      "mine.toml",
      GOOD.replace("values.soc", "values.sock"),
      /"model.0.values.sock" is no known key/,
    ],
    [
      "bit out of range",
      "mine.toml",
      GOOD.replace("bit = 1", "bit = 32"),
      /"model.0.grid.0.present.bit" must be a bit from 0 to 31, found 32/,
    ],
  ];
  for (const [name, file, text, wanted] of rows) {
    assert.throws(
      () => parseModelFile({ name: file, text }),
      (e) => {
        assert.ok(e instanceof InvalidInputError, name);
        assert.match(e.message, wanted, name);
        return true;
      },
    );
  }
});

Deno.test("compileModel() names every field that the family does not have", async () => {
  const text = GOOD.replaceAll("cms_batt_soc", "cms_bat_sock").replace("flow_info_ac_in", "flow");
  const [spec] = parseModelFile({ name: "mine.toml", text });
  assert.ok(spec);
  await assert.rejects(compileModel(spec, 'model file "mine.toml"'), {
    message:
      'Cannot read model file "mine.toml": "DisplayPropertyUpload.cms_bat_sock" must be a field of family ' +
      '"river3"; "DisplayPropertyUpload.flow" must be a field of family "river3"',
  });
});

Deno.test("compileModel() refuses an unknown family and packs that do not fit", async () => {
  const [spec] = parseModelFile({ name: "mine.toml", text: GOOD });
  assert.ok(spec);
  await assert.rejects(
    compileModel({ ...spec, family: "river4" }),
    /"family" must be a protobuf family, found "river4"/,
  );
  await assert.rejects(
    compileModel({
      ...spec,
      packs: { message: "Nope", num: "num", soc: [], temp: [], capacity: { unit: "Wh" } },
    }),
    /"packs" must name a message of the family, found "Nope"/,
  );
  await assert.rejects(
    compileModel({ ...spec, values: { soc: [{ packs: "main_soc" }] } }),
    /"packs" must be described before main_soc can be used/,
  );
});
