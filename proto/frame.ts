/** EcoFlow's envelope: one MQTT payload holds one or more headers, each with an inner message that may be masked. */
import { errorText, InvalidInputError } from "../lib/errors.ts";
import { FieldPicker } from "./field_picker.ts";
import { type Header, HEADER_FIELDS, type HeaderField, PDATA_FIELD } from "./header_fields.ts";
import { PICK, PICK_BITS } from "./pick_plan.ts";
import { WIRE_BYTES, WIRE_VARINT, WireReader, WireWriter } from "./wire.ts";

export type { Header } from "./header_fields.ts";

/** The largest payload that is looked at, bytes; the largest recorded one has under 2 kB. */
export const MAX_FRAME_BYTES = 64 * 1024;

/** More headers than this in one payload are told, and the strict reading refuses them; replies carry 4 to 20. */
export const MAX_HEADERS = 256;

/** Problems of one payload beyond this many are not told one by one. */
export const MAX_PROBLEMS = 20;

/** The address of the phone app: what it sends is never masked. */
export const SRC_APP = 32;

/** Field number of a header in the envelope. */
const HEADER_FIELD = 1;

const FIELD_BY_NUMBER: readonly (HeaderField | undefined)[] = Array.from(
  { length: 26 },
  (_, number) => HEADER_FIELDS.find((field) => field.number === number),
);
/** Field numbers by name. */
const NUMBERS = Object.fromEntries(HEADER_FIELDS.map(({ name, number }) => [name, number])) as Readonly<
  Record<HeaderField["name"], number>
>;

/** Reads the headers that all stations send: fields that are known, each of its kind. A header's number is its place. */
const picker = new FieldPicker({ codes: headerCodes(), below: [] }, FIELD_BY_NUMBER.length);

function headerCodes(): Uint16Array {
  const codes = new Uint16Array(FIELD_BY_NUMBER.length);
  codes[PDATA_FIELD] = PICK.bytes | PDATA_FIELD << PICK_BITS;
  for (const { number, kind } of HEADER_FIELDS) {
    codes[number] = (kind === "int32" ? PICK.int32 : PICK.text) | number << PICK_BITS;
  }
  return codes;
}
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * How an envelope is read: `strict` refuses what the lenient way leaves out. Of a header with which nothing is wrong the lenient way may
 * keep only what decoding asks for: inner message, addresses, mask, pair, sequence and `code`.
 */
export type FrameReading = "lenient" | "strict";

/** The headers that could be read, and what was left out, one sentence each. */
export interface ReadFrame {
  readonly headers: readonly Header[];
  readonly problems: readonly string[];
}

/**
 * Reads an envelope, leniently: a firmware that adds a field must not blind the house. What is not known is skipped (fields, groups,
 * bytes of 0 between). Whole headers are kept although another one is damaged, however many there are. A stated length that differs
 * from the real one is only told.
 *
 * @param source Named in the error, for example `MQTT topic "bridge-ecoflow/R651/data"`
 * @throws InvalidInputError when it is empty, too large, or holds no whole header
 */
export function readFrame(
  payload: Uint8Array,
  source = "EcoFlow frame",
  reading: FrameReading = "lenient",
): ReadFrame {
  if (payload.length === 0) throw new InvalidInputError(source, ["must be an EcoFlow frame, found no bytes"]);
  if (payload.length > MAX_FRAME_BYTES) {
    throw new InvalidInputError(source, [
      `must have at most ${MAX_FRAME_BYTES} bytes, found ${payload.length}`,
    ]);
  }
  const problems: string[] = [];
  const tell = (problem: string): void => {
    if (reading === "strict") throw new RangeError(problem);
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
  };
  try {
    const headers = readHeaders(payload, tell, reading === "strict");
    if (headers.length === 0) throw new RangeError(problems[0] ?? "no header");
    return { headers, problems };
  } catch (cause) {
    throw new InvalidInputError(source, [`must be an EcoFlow frame: ${errorText(cause)}`], { cause });
  }
}

/**
 * The headers of {@link readFrame}, in the order sent, when nothing at all is wrong with the envelope; for tests and
 * tools.
 *
 * @throws InvalidInputError
 */
export function decodeFrame(payload: Uint8Array, source = "EcoFlow frame"): Header[] {
  return [...readFrame(payload, source, "strict").headers];
}

type Tell = (problem: string) => void;

function readHeaders(payload: Uint8Array, tell: Tell, isStrict: boolean): Header[] {
  const reader = new WireReader(payload);
  const headers: Header[] = [];
  try {
    while (!reader.done) {
      const tag = reader.varint32();
      const number = tag >>> 3;
      if (number !== HEADER_FIELD || (tag & 7) !== WIRE_BYTES) {
        tell(`field ${number} with wire type ${tag & 7} where a header was wanted`);
        if (tag === 0) continue;
        // Field 0 is no field: what follows is no envelope.
        if (number === 0) break;
        reader.skip(tag & 7, number);
        continue;
      }
      if (headers.length === MAX_HEADERS) tell(`more than ${MAX_HEADERS} headers`);
      const start = reader.enter();
      const header = tryHeader(payload, start, reader.at, tell, isStrict);
      if (header) headers.push(header);
    }
  } catch (error) {
    // A wrong length makes all that follows doubtful, and nothing that came before.
    tell(errorText(error));
  }
  return headers;
}

function tryHeader(
  payload: Uint8Array,
  start: number,
  end: number,
  tell: Tell,
  isStrict: boolean,
): Header | undefined {
  try {
    return (isStrict ? undefined : pickHeader(payload, start, end)) ?? readHeader(payload, start, end, tell);
  } catch (error) {
    tell(errorText(error));
    return undefined;
  }
}

/** What decoding asks for, of a header with which nothing is wrong and in which nothing is unusual; of others undefined. */
function pickHeader(bytes: Uint8Array, start: number, end: number): Header | undefined {
  if (!picker.pick(bytes, 0, start, end)) return undefined;
  const from = sent(PDATA_FIELD);
  const pdata = from === undefined ? undefined : bytes.subarray(from, picker.bytesEnd);
  const dataLength = sent(NUMBERS.data_len);
  if (dataLength !== undefined && dataLength !== (pdata?.length ?? 0)) return undefined;
  return {
    pdata,
    src: sent(NUMBERS.src),
    dest: sent(NUMBERS.dest),
    enc_type: sent(NUMBERS.enc_type),
    cmd_func: sent(NUMBERS.cmd_func),
    cmd_id: sent(NUMBERS.cmd_id),
    seq: sent(NUMBERS.seq),
    code: sent(NUMBERS.code) === undefined ? undefined : picker.texts[NUMBERS.code],
  };
}

/** The number of a field of the header that was picked last. */
function sent(number: number): number | undefined {
  const value = picker.numbers[number] ?? NaN;
  return Number.isNaN(value) ? undefined : value;
}

function readHeader(bytes: Uint8Array, start: number, end: number, tell: Tell): Header {
  const reader = new WireReader(bytes, start, end);
  const header: Header = {};
  const values: Record<string, unknown> = header as Record<string, unknown>;
  const unknown: Uint8Array[] = [];
  while (!reader.done) {
    const fieldStart = reader.at;
    const tag = reader.varint32();
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (number === 0) throw new RangeError(`field number 0 at byte ${fieldStart}`);
    if (number === PDATA_FIELD && wireType === WIRE_BYTES) {
      const from = reader.enter();
      header.pdata = bytes.subarray(from, reader.at);
      continue;
    }
    const field = FIELD_BY_NUMBER[number];
    if (field?.kind === "int32" && wireType === WIRE_VARINT) values[field.name] = reader.varint32() | 0;
    else if (field?.kind === "string" && wireType === WIRE_BYTES) {
      const from = reader.enter();
      values[field.name] = textOf(bytes.subarray(from, reader.at), field.name, tell);
    } else {
      if (field || number === PDATA_FIELD) tell(`header field ${number} has wire type ${wireType}`);
      reader.skip(wireType, number);
      if (!field) unknown.push(bytes.subarray(fieldStart, reader.at));
    }
  }
  // Put together once: field by field, a payload full of them took a minute.
  if (unknown.length > 0) header.unknown = concat(unknown);
  const pdataLength = header.pdata?.length ?? 0;
  if (header.data_len !== undefined && header.data_len !== pdataLength) {
    tell(`data_len says ${header.data_len}, the inner message has ${pdataLength} bytes`);
  }
  return header;
}

function textOf(bytes: Uint8Array, name: string, tell: Tell): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    tell(`header field "${name}" is not UTF-8`);
    return undefined;
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Writes an envelope, fields ascending as stations send them: the inverse of {@link decodeFrame}. */
export function encodeFrame(headers: readonly Header[]): Uint8Array<ArrayBuffer> {
  const writer = new WireWriter();
  for (const header of headers) writer.tag(HEADER_FIELD, WIRE_BYTES).span(encodeHeader(header));
  return writer.finish();
}

function encodeHeader(header: Header): Uint8Array {
  const writer = new WireWriter();
  if (header.pdata) writer.tag(PDATA_FIELD, WIRE_BYTES).span(header.pdata);
  for (const { number, name, kind } of HEADER_FIELDS) {
    const value = header[name];
    if (value === undefined) continue;
    if (kind === "int32") writer.tag(number, WIRE_VARINT).varint(Number(value));
    else writer.tag(number, WIRE_BYTES).span(new TextEncoder().encode(String(value)));
  }
  if (header.unknown) writer.raw(header.unknown);
  return writer.finish();
}

/** Whether this header's inner message is masked. With `src` 32 it is plain whatever `enc_type` says. */
export function isMasked(header: Header): boolean {
  return header.enc_type === 1 && header.src !== SRC_APP;
}

/** What every byte of this header's inner message is XORed with, 0 to 255; 0 when it is plain. */
export function maskKey(header: Header): number {
  return isMasked(header) ? (header.seq ?? 0) & 0xff : 0;
}

/** The inner message without its mask; empty when the header carries none. Never changes `header`. */
export function plainPdata(header: Header): Uint8Array {
  const pdata = header.pdata ?? new Uint8Array();
  return isMasked(header) ? masked(pdata, header.seq ?? 0) : pdata;
}

/** XORs every byte with the low byte of `seq`; twice gives the original. */
export function masked(bytes: Uint8Array, seq: number): Uint8Array {
  const key = seq & 0xff;
  if (key === 0) return bytes;
  const result = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) result[i] = (bytes[i] ?? 0) ^ key;
  return result;
}
