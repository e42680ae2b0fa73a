/** Generated messages of every family: what is encoded is decoded again, whatever the values. */
import assert from "node:assert/strict";
import { type FamilySchema, type Fields, plainFields } from "./family_schema.ts";
import { decodeFrame, encodeFrame, masked, plainPdata } from "./frame.ts";
import { dispatchOf, FAMILIES, loadFamily } from "./registry.ts";

const seed = Date.now() >>> 0;
// deno-lint-ignore no-console -- a failure can be played again with this number
console.log(`generated messages: seed ${seed}`);

/** Messages of each kind and family. */
const ROUNDS = 20;
const MAX_DEPTH = 4;

function randomFrom(start: number): (limit: number) => number {
  let state = start >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
}

type Random = ReturnType<typeof randomFrom>;

function message(schema: FamilySchema, type: string, random: Random, depth: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const field of schema.fieldsOf(type)) {
    // Large messages would hide which field is wrong; small ones miss pairs: about a quarter of the fields.
    if (random(4) !== 0) continue;
    const one = () => value(schema, field.isEnum ? "int32" : field.type, random, depth);
    if (schema.has(field.type) && depth >= MAX_DEPTH) continue;
    fields[field.name] = field.repeated ? Array.from({ length: 1 + random(4) }, one) : one();
  }
  return fields;
}

function value(schema: FamilySchema, type: string, random: Random, depth: number): unknown {
  switch (type) {
    case "bool":
      return random(2) === 1;
    case "float":
      return Math.fround((random(2 ** 24) - 2 ** 23) / (1 + random(1000)));
    case "uint32":
      return random(2) === 0 ? random(300) : random(2 ** 32);
    case "int32":
    case "sint32":
      return random(2) === 0 ? random(300) - 150 : random(2 ** 32) | 0;
    case "string":
      return ["", "R651TEST", "Büro", "\u0000"][random(4)];
    case "bytes":
      return Uint8Array.from({ length: random(9) }, () => random(256));
    default:
      return message(schema, type, random, depth + 1);
  }
}

/** As {@link plainFields} gives it: bytes in base64. */
function expected(fields: Fields): Record<string, unknown> {
  const plain = (v: unknown): unknown => {
    if (v instanceof Uint8Array) return v.toBase64();
    if (Array.isArray(v)) return v.map(plain);
    return typeof v === "object" && v !== null ? expected(v as Fields) : v;
  };
  return Object.fromEntries(Object.entries(fields).map(([name, v]) => [name, plain(v)]));
}

for (const family of FAMILIES) {
  Deno.test(`FamilySchema.decode() gives back generated messages of ${family}`, async () => {
    const { schema } = await loadFamily(family);
    const random = randomFrom(seed);
    for (const { message: type, cmdFunc, cmdId } of dispatchOf(family)) {
      for (let round = 0; round < ROUNDS; round++) {
        const fields = message(schema, type, random, 0);
        const seq = random(2 ** 32) | 0;
        const pdata = masked(schema.encode(type, fields), seq);
        const header = {
          pdata,
          src: 2,
          enc_type: 1,
          cmd_func: cmdFunc,
          cmd_id: cmdId,
          data_len: pdata.length,
          seq,
        };
        const [back = {}] = decodeFrame(encodeFrame([header]));
        const decoded = plainFields(schema.decode(type, plainPdata(back)));
        assert.deepEqual(decoded, expected(fields), `${type}, seed ${seed}`);
      }
    }
  });
}
