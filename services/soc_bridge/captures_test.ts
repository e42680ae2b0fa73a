/**
 * Every file of testdata and of ../shared/protocol/captures is a test: decoded, normalised, the envelope written back.
 * The recordings are other people's and are read where they are.
 */
import assert from "node:assert/strict";
import { plainFields, unknownFieldNumbers } from "../../proto/family_schema.ts";
import { decodeFrame, encodeFrame, isMasked, plainPdata } from "../../proto/frame.ts";
import { isFamily, loadFamily, messageName } from "../../proto/registry.ts";
import { parseCapture } from "../../commands/decode/captures.ts";
import { decodeCapture, payloadBytes } from "../../commands/decode/decode_capture.ts";
import { outsideFacts } from "../../lib/testdata/outside_facts.ts";
import { LATER_KNOWN, OVERRULED } from "./testdata/overruled.ts";

const OWN = new URL("./testdata/", import.meta.url);
const { url: RECORDED, ignore } = outsideFacts("protocol/captures/");

interface Frame {
  header?: Record<string, unknown>;
  xor_applied?: boolean;
  pdata_len: number;
  message: string | null;
  decoded?: Record<string, unknown>;
}

interface Expected {
  frames?: Frame[];
  header?: Record<string, unknown>;
  message?: string;
  pdata_len?: number;
  decoded?: Record<string, unknown>;
  normalized?: Record<string, number | boolean | null>;
}

/** Recordings round to 4 decimals and 32-bit floats have 7 digits. */
function assertClose(actual: unknown, expected: unknown, path: string): void {
  if (typeof expected === "number" && typeof actual === "number") {
    const tolerance = Math.max(6e-5, Math.abs(expected) * 1e-5);
    assert.ok(Math.abs(actual - expected) <= tolerance, `${path}: wanted ${expected}, found ${actual}`);
  } else if (Array.isArray(expected) && Array.isArray(actual)) {
    assert.equal(actual.length, expected.length, `${path}: length`);
    expected.forEach((item, i) => assertClose(actual[i], item, `${path}[${i}]`));
  } else if (isObject(expected) && isObject(actual)) {
    assert.deepEqual(Object.keys(actual).sort(), Object.keys(expected).sort(), `${path}: keys`);
    for (const key of Object.keys(expected)) assertClose(actual[key], expected[key], `${path}.${key}`);
  } else assert.deepEqual(actual, expected, path);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Values in the expectation are rounded to two or three decimals. */
function assertNormalized(
  actual: Readonly<Record<string, number | boolean | null>>,
  expected: Readonly<Record<string, number | boolean | null>>,
  overruled: typeof OVERRULED[string] = {},
): void {
  for (const key of new Set([...Object.keys(expected), ...Object.keys(overruled)])) {
    const found = actual[key] ?? null;
    const own = overruled[key];
    const wanted = own ? own[0] : expected[key];
    if (own) assert.notEqual(own[0], expected[key] ?? null, `${key}: no reason left to overrule "${own[1]}"`);
    if (typeof wanted === "number" && typeof found === "number") {
      assert.ok(Math.abs(found - wanted) < 0.0051, `${key}: wanted ${wanted}, found ${found}`);
    } else assert.equal(found, wanted, key);
  }
}

function listFiles(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].map((e) => e.name).filter((n) => n.endsWith(".json")).sort()
    .map((name) => new URL(name, folder));
}

if (ignore) {
  Deno.test("decodeCapture() reads the recordings beside the repository as expected", { ignore }, () => {});
}

for (const url of [...listFiles(OWN), ...(ignore ? [] : listFiles(RECORDED))]) {
  const name = url.pathname.replace(/^.*\//, "");

  Deno.test(`decodeCapture() reads ${name} as expected`, async () => {
    const text = await Deno.readTextFile(url);
    const expected = JSON.parse(text).expected as Expected;
    const { messages, normalized, problems } = await decodeCapture(parseCapture(text, name), name);
    assert.deepEqual(problems, []);
    const wanted: Pick<Frame, "message" | "decoded">[] = expected.frames ??
      (expected.message === undefined ? [] : [{ message: expected.message, decoded: expected.decoded }]);
    for (const [i, frame] of wanted.entries()) {
      const { name: found = null, cmd_func, cmd_id } = messages[i] ?? {};
      const later = LATER_KNOWN.get(`${cmd_func}/${cmd_id}`);
      assert.equal(found, frame.message ?? later ?? null);
      if (later !== undefined) continue;
      if (frame.decoded) assertClose(messages[i]?.fields, frame.decoded, `message ${i}`);
    }
    if (wanted.length > 0) assert.equal(messages.length, wanted.length);
    if (expected.normalized) assertNormalized(normalized, expected.normalized, OVERRULED[name]);
  });

  Deno.test(`encodeFrame() gives back the bytes of ${name}`, async () => {
    const text = await Deno.readTextFile(url);
    const capture = parseCapture(text, name);
    if (capture.encoding !== "hex" && capture.encoding !== "base64") return;
    const bytes = payloadBytes(capture, name);
    const headers = decodeFrame(bytes);
    assert.equal(encodeFrame(headers).toHex(), bytes.toHex());
    const { frames = [] } = JSON.parse(text).expected as Expected;
    for (const [i, frame] of frames.entries()) {
      if (!frame.header) continue;
      const { pdata, ...rest } = headers[i] ?? {};
      assert.deepEqual(rest, frame.header);
      assert.equal(pdata?.length ?? 0, frame.pdata_len);
      if (frame.xor_applied !== undefined) assert.equal(isMasked(headers[i] ?? {}), frame.xor_applied);
    }
  });

  Deno.test(`FamilySchema.encode() gives ${name} back after decoding`, async () => {
    const text = await Deno.readTextFile(url);
    const capture = parseCapture(text, name);
    const { spec: { family }, encoding } = capture;
    if (encoding === "json" || encoding === "decoded-json" || !isFamily(family)) return;
    const { schema } = await loadFamily(family);
    for (const header of decodeFrame(payloadBytes(capture, name))) {
      const message = messageName(family, header.cmd_func ?? -1, header.cmd_id ?? -1);
      if (message === undefined) continue;
      const first = schema.decode(message, plainPdata(header), true);
      const again = schema.decode(message, schema.encode(message, first), true);
      assert.deepEqual(plainFields(again), plainFields(first));
      assert.deepEqual(unknownFieldNumbers(again), unknownFieldNumbers(first));
    }
  });
}
