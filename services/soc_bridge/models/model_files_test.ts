import assert from "node:assert/strict";
import { InvalidInputError } from "../../../lib/errors.ts";
import { compileModel } from "./compiled_model.ts";
import { encodeFrame } from "../../../proto/frame.ts";
import { PowerStation } from "../judge/power_station.ts";
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

const TRUTHFUL = `
[[model]]
model = "My station"
prefixes = ["QQ12"]
role = "station"
protocol = "protobuf"
family = "delta3"
confidence = "user"
seen = "my own"
grid_proof = "both"
unreported_battery = "CMSHeartBeatReport.v1p0.chg_vol"
grid = [
  { from = "DisplayPropertyUpload.plug_in_info_ac_charger_flag", present = { above = 0 }, absent = "decides",
    needs = "DisplayPropertyUpload.pow_get_ac_in" },
  { from = "DisplayPropertyUpload.pow_get_ac_in", present = { above = 2 }, absent = "asks" },
  { from = "DisplayPropertyUpload.power_outages_active_flag", present = { one_of = [2] }, absent = "decides", absent_values = [1] },
  { from = "CMSHeartBeatReport.v1p3.chg_line_plug_in_flag", present = { above = 0 }, absent = "never", doubts = true },
]
[model.values]
soc = [
  { from = "DisplayPropertyUpload.cms_batt_soc", ignore_zero = true },
  { packs = "mean_soc" },
  { from = "DisplayPropertyUpload.bms_batt_soc", of = "pack" },
]
discharge_min = [{ from = "DisplayPropertyUpload.cms_dsg_rem_time", placeholders = [0, 777] }]
[model.packs]
message = "BMSHeartBeatReport"
num = "num"
soc = ["soc"]
temp = ["temp"]
full = "full_cap"
capacity = { unit = "mAh", cells = "cell_series_num", volts_per_cell = 3.2 }
count = "CMSHeartBeatReport.v1p0.max_available_num"
[model.outage_ports]
list = "DisplayPropertyUpload.power_outages_list.power_outage_item"
port = "power_outage_port_type"
enabled = "power_outage_port_enable"
min_soc = "power_outage_min_soc"
ports = { "1" = "dc", "3" = "ac2" }
`;

Deno.test("a user's file may say what its values are, and its station is judged by that", async () => {
  const [spec] = parseModelFile({ name: "mine.toml", text: TRUTHFUL });
  assert.ok(spec);
  const model = await compileModel(spec);
  const { schema } = model.family ?? assert.fail();
  const station = new PowerStation({ sn: "QQ12", model, gridRule: "auto", staleAfterMs: 60_000 });
  const send = (fields: Record<string, unknown>, at: number) => {
    const pdata = schema.encode("DisplayPropertyUpload", fields);
    station.accept(encodeFrame([{ pdata, dest: 32, cmd_func: 254, cmd_id: 21 }]), at);
    return station.state("s", at, 0);
  };
  const there = send({
    cms_batt_soc: 0,
    bms_batt_soc: 61,
    cms_dsg_rem_time: 777,
    power_outages_active_flag: 2,
  }, 0);
  assert.deepEqual([there.soc, there.soc_source, there.discharge_min, there.grid_connected], [
    61,
    "pack",
    undefined,
    true,
  ]);
  send({ plug_in_info_ac_charger_flag: false }, 1);
  assert.equal(station.grid.pending, undefined, "the watts are not known");
  send({ power_outages_active_flag: 1 }, 2);
  assert.equal(send({ power_outages_active_flag: 1 }, 3).grid_connected, false);
});

Deno.test("compileModel() refuses needs, counts and outlets that do not fit, by name", async () => {
  const rows: [name: string, from: string, to: string, wanted: RegExp][] = [
    [
      "needs",
      'needs = "DisplayPropertyUpload.pow_get_ac_in"',
      'needs = "DisplayPropertyUpload.cms_batt_soc"',
      /"needs" must be a field of another indicator/,
    ],
    [
      "count",
      "max_available_num",
      "max_available_sum",
      /"CMSHeartBeatReport.v1p0.max_available_sum" must be a field/,
    ],
    [
      "outlets",
      'min_soc = "power_outage_min_soc"',
      'min_soc = "power"',
      /"outage_ports" field "power" must be a field of PowerOutageItem/,
    ],
    [
      "list",
      "power_outages_list.power_outage_item",
      "power_outages_list.items",
      /"outage_ports.list" must name a list/,
    ],
    ["battery", "v1p0.chg_vol", "v1p0.chg_volt", /chg_volt" must be a field of family "delta3"/],
  ];
  for (const [name, from, to, wanted] of rows) {
    const text = TRUTHFUL.replace(from, to);
    assert.notEqual(text, TRUTHFUL, name);
    const [spec] = parseModelFile({ name: "mine.toml", text });
    assert.ok(spec);
    await assert.rejects(compileModel(spec), wanted, name);
  }
  for (
    const bad of [
      TRUTHFUL.replace('of = "pack"', 'of = "half"'),
      TRUTHFUL.replace('"3" = "ac2"', '"3" = "ac7"'),
    ]
  ) {
    assert.throws(() => parseModelFile({ name: "mine.toml", text: bad }), InvalidInputError);
  }
});
