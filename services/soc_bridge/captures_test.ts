/** Every file of ../shared/protocol/captures is a test: decoded, normalised, and the envelope written back. */
import assert from "node:assert/strict";
import { decodeFrame, encodeFrame, isMasked } from "../../proto/frame.ts";
import { parseCapture } from "./captures.ts";
import { decodeCapture, payloadBytes } from "./decode_capture.ts";

const FOLDER = new URL("../../../shared/protocol/captures/", import.meta.url);

interface Frame {
  header: Record<string, unknown>;
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
): void {
  for (const [key, wanted] of Object.entries(expected)) {
    const found = actual[key] ?? null;
    if (typeof wanted === "number" && typeof found === "number") {
      assert.ok(Math.abs(found - wanted) < 0.0051, `${key}: wanted ${wanted}, found ${found}`);
    } else assert.equal(found, wanted, key);
  }
}

function listCaptures(): string[] {
  try {
    return [...Deno.readDirSync(FOLDER)].map((e) => e.name).filter((n) => n.endsWith(".json")).sort();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    // deno-lint-ignore no-console
    console.log("captures skipped: ../shared/protocol/captures is absent");
    return [];
  }
}

for (const name of listCaptures()) {
  Deno.test(`decodeCapture() reads ${name} as recorded`, async () => {
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    const expected = JSON.parse(text).expected as Expected;
    const capture = parseCapture(text, name);
    const { messages, normalized, problems } = await decodeCapture(capture, name);
    assert.deepEqual(problems, []);
    const wanted: Pick<Frame, "message" | "decoded">[] = expected.frames ??
      (expected.message === undefined ? [] : [{ message: expected.message, decoded: expected.decoded }]);
    for (const [i, frame] of wanted.entries()) {
      assert.equal(messages[i]?.name ?? null, frame.message ?? null);
      if (frame.decoded) assertClose(messages[i]?.fields, frame.decoded, `message ${i}`);
    }
    if (wanted.length > 0) assert.equal(messages.length, wanted.length);
    if (expected.normalized) assertNormalized(normalized, expected.normalized);
  });
}

for (const name of listCaptures()) {
  Deno.test(`encodeFrame() gives back the bytes of ${name}`, async () => {
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    const capture = parseCapture(text, name);
    if (capture.encoding !== "hex" && capture.encoding !== "base64") return;
    const bytes = payloadBytes(capture, name);
    const headers = decodeFrame(bytes);
    assert.equal(encodeFrame(headers).toHex(), bytes.toHex());
    const { frames = [] } = JSON.parse(text).expected as Expected;
    for (const [i, frame] of frames.entries()) {
      const { pdata, ...rest } = headers[i] ?? {};
      assert.deepEqual(rest, frame.header);
      assert.equal(pdata?.length ?? 0, frame.pdata_len);
      if (frame.xor_applied !== undefined) assert.equal(isMasked(headers[i] ?? {}), frame.xor_applied);
    }
  });
}
