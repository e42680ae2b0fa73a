/** The cloud's bytes in, headers or a JSON message out. */
import { InvalidInputError } from "../../../lib/errors.ts";
import { type Header, readFrame } from "../../../proto/frame.ts";
import { type JsonMessage, readJsonMessage } from "./json_shapes.ts";

/** A payload by its form. */
export type Payload =
  | { readonly kind: "frame"; readonly headers: readonly Header[]; readonly problems: readonly string[] }
  | { readonly kind: "json"; readonly message: JsonMessage };

/** The largest JSON payload that is read, bytes; a full reply has about 15 kB. */
export const MAX_JSON_PAYLOAD_BYTES = 256 * 1024;

const BRACE = 0x7b;
const HEADER_TAG = 0x0a;
/** Blank, tab and carriage return; a line end is a frame's first byte. */
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d]);
const utf8 = new TextDecoder("utf-8", { fatal: true });
/** Seven times as fast; what is no text becomes {@link NO_CHARACTER}. */
const lenientUtf8 = new TextDecoder();
const NO_CHARACTER = "\ufffd";

/**
 * Reads a payload: JSON begins with `{`, a frame with 0x0A; some bridges send frames as base64 text.
 *
 * @param source Named in errors, for example `MQTT topic "bridge-ecoflow/R651/data"`
 * @throws InvalidInputError
 */
export function readPayload(bytes: Uint8Array, source: string): Payload {
  if (bytes[0] === HEADER_TAG) return frame(bytes, source);
  const first = bytes[0] === BRACE ? BRACE : bytes.find((byte) => !BLANKS.has(byte));
  if (first === BRACE) return { kind: "json", message: readJson(bytes, source) };
  const decoded = tryBase64(bytes);
  return frame(decoded?.[0] === HEADER_TAG ? decoded : bytes, source);
}

function frame(bytes: Uint8Array, source: string): Payload {
  const { headers, problems } = readFrame(bytes, source);
  return { kind: "frame", headers, problems };
}

function readJson(bytes: Uint8Array, source: string): JsonMessage {
  if (bytes.length > MAX_JSON_PAYLOAD_BYTES) {
    throw new InvalidInputError(source, [
      `must have at most ${MAX_JSON_PAYLOAD_BYTES} bytes, found ${bytes.length}`,
    ]);
  }
  let text: string;
  let root: unknown;
  try {
    text = textOf(bytes);
    root = JSON.parse(text);
  } catch (cause) {
    throw new InvalidInputError(source, ["must be JSON after its first brace, found something else"], {
      cause,
    });
  }
  return readJsonMessage(root, source, text);
}

/** @throws TypeError when the bytes are no UTF-8 */
function textOf(bytes: Uint8Array): string {
  const text = lenientUtf8.decode(bytes);
  return text.includes(NO_CHARACTER) ? utf8.decode(bytes) : text;
}

function tryBase64(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < 8 || bytes.length > MAX_JSON_PAYLOAD_BYTES) return undefined;
  try {
    return Uint8Array.fromBase64(new TextDecoder("ascii", { fatal: true }).decode(bytes).trim());
  } catch {
    return undefined;
  }
}
