import assert from "node:assert/strict";
import type { Fields } from "../../../proto/family_schema.ts";
import { encodeFrame } from "../../../proto/frame.ts";
import { dispatchOf, loadFamily } from "../../../proto/registry.ts";
import { compileModel } from "../models/compiled_model.ts";
import type { ModelSpec } from "../models/model_spec.ts";
import { findModel, MODELS } from "../models/models.ts";
import { Intake } from "./intake.ts";
import { packFieldsOf, picksOf } from "./message_picks.ts";
import { readPayload } from "./payload.ts";

Deno.test("picksOf() is made once a message, and asks for what the table, the packs and field 27 ask for", async () => {
  const model = await compileModel(findModel("R651") ?? assert.fail());
  const { schema } = await loadFamily("river3");
  const picks = picksOf(model, schema, "BMSHeartBeatReport");
  assert.equal(picksOf(model, schema, "BMSHeartBeatReport"), picks);
  assert.equal(picks.slots.length, model.byMessage.get("BMSHeartBeatReport")?.length ?? 0);
  const report = { num: 1, soc: 0, bms_sn: "R631TEST00000001", full_cap: 12_800, output_watts: 7, cycles: 3 };
  assert.equal(picks.picker.pick(schema.encode("BMSHeartBeatReport", report), 0), true);
  const { cycles: _, output_watts, ...wanted } = report;
  assert.deepEqual(packFieldsOf(picks.picker, picks.pack ?? []), wanted);
  assert.equal(picks.picker.numbers[picks.tag27 ?? -1], output_watts);
  assert.equal(picks.picker.pick(schema.encode("BMSHeartBeatReport", { num: 0 }), 0), true);
  assert.deepEqual(
    packFieldsOf(picks.picker, picks.pack ?? []),
    { num: 0 },
    "nothing is left of the one before",
  );
  const display = picksOf(model, schema, "DisplayPropertyUpload");
  assert.deepEqual([display.pack, display.tag27], [undefined, undefined]);
});

/** What an intake has of a message, in bytes and as decoded by somebody else. */
async function bothWays(spec: ModelSpec, message: string, fields: Fields) {
  const model = await compileModel(spec);
  const { family, schema } = model.family ?? assert.fail();
  const pair = dispatchOf(family).find((d) => d.message === message) ?? assert.fail();
  const pdata = schema.encode(message, fields);
  const [bytes, decoded] = [new Intake(model), new Intake(model)];
  const frame = encodeFrame([{ pdata, dest: 32, cmd_func: pair.cmdFunc, cmd_id: pair.cmdId }]);
  const taken = bytes.take(readPayload(frame, "test"), 5);
  decoded.takeMessages([{ name: message, fields: schema.decode(message, pdata) }], 5);
  const has = ({ readings, packs, outagePorts }: Intake) => ({
    readings: model.paths.map((path, slot) => [path, readings.get(slot)]),
    packs: packs?.list(),
    outagePorts,
  });
  assert.deepEqual(has(bytes), has(decoded), `${spec.model} ${message}`);
  return { taken, has: has(bytes) };
}

/** Every field of a message with a number of its own; lists with two entries. */
function filled(
  schema: Awaited<ReturnType<typeof loadFamily>>["schema"],
  message: string,
  depth = 0,
): Fields {
  const fields: Record<string, unknown> = {};
  for (const { name, id, type, repeated, isEnum } of schema.fieldsOf(message)) {
    if (schema.has(type) && depth > 2) continue;
    const one = (n: number): unknown => {
      if (schema.has(type)) return filled(schema, type, depth + 1);
      if (type === "string") return `R${"0123456789".repeat(2).slice(0, 9 + n)}`;
      if (type === "bytes") return Uint8Array.of(n);
      return type === "bool" ? n === 1 : isEnum ? n : (id * 7 + n) % 120;
    };
    fields[name] = repeated ? [one(1), one(2)] : one(1);
  }
  return fields;
}

Deno.test("Intake.take() has of bytes what it has of the decoded message, of every model and message", async () => {
  for (const spec of MODELS) {
    const { family } = await compileModel(spec);
    if (!family) continue;
    for (const message of new Set(dispatchOf(family.family).map((d) => d.message))) {
      const fields = filled(family.schema, message);
      const { taken } = await bothWays(spec, message, fields);
      assert.equal(taken.messages[0]?.name, message);
      // A list makes the schema read it; without lists the picker does.
      const single = Object.fromEntries(Object.entries(fields).filter(([, value]) => !Array.isArray(value)));
      await bothWays(spec, message, single);
    }
  }
});

Deno.test("Intake.take() takes no text for a number, and lists as ever, where a user's table asks for them", async () => {
  const spec: ModelSpec = {
    model: "mine",
    prefixes: ["R651"],
    role: "station",
    protocol: "protobuf",
    family: "deltaproultrax",
    confidence: "user",
    seen: "here",
    values: {
      out_watts: [{ from: "BMSHeartBeatReport.bms_sn" }],
      temp_celsius: [{ from: "DisplayPropertyUpload.bp_info.packs[].temp" }],
      ac_in_watts: [{ from: "DisplayPropertyUpload.pow_get_ac_in" }],
    },
  };
  const report = { bms_sn: "R631TEST00000001", soc: 50 };
  assert.deepEqual((await bothWays(spec, "BMSHeartBeatReport", report)).taken.values, 0);
  const packs = { pow_get_ac_in: 5, bp_info: { packs: [{ temp: 20 }, { temp: 31 }] } };
  const { taken, has } = await bothWays(spec, "DisplayPropertyUpload", packs);
  assert.equal(taken.values, 2);
  assert.ok(has.readings.some(([, value]) => value === 31));
});
