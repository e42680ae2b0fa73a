/** EcoFlow's envelope: one MQTT payload holds one or more headers, each with an inner message that may be masked. */
import { errorText, InvalidInputError } from "../lib/errors.ts";
import { type Header, HEADER_FIELDS, type HeaderField, PDATA_FIELD } from "./header_fields.ts";
import { WIRE_BYTES, WIRE_VARINT, WireReader, WireWriter } from "./wire.ts";

export type { Header } from "./header_fields.ts";

/** The largest payload that is looked at, bytes; the largest recorded one has under 2 kB. */
export const MAX_FRAME_BYTES = 64 * 1024;

/** The most headers taken from one payload; replies carry 4 to 20. */
export const MAX_HEADERS = 64;

/** The address of the phone app: what it sends is never masked. */
export const SRC_APP = 32;

/** Field number of a header in the envelope. */
const HEADER_FIELD = 1;

const FIELD_BY_NUMBER: readonly (HeaderField | undefined)[] = Array.from(
  { length: 26 },
  (_, number) => HEADER_FIELDS.find((field) => field.number === number),
);
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads an envelope.
 *
 * Refused as a whole when any part of it is damaged, because a wrong length makes all that follows doubtful.
 *
 * @param source Named in the error, for example `MQTT topic "bridge-ecoflow/R651/data"`
 * @returns One or more headers, in the order sent
 * @throws InvalidInputError
 */
export function decodeFrame(payload: Uint8Array, source = "EcoFlow frame"): Header[] {
  if (payload.length === 0) throw new InvalidInputError(source, ["must be an EcoFlow frame, found no bytes"]);
  if (payload.length > MAX_FRAME_BYTES) {
    throw new InvalidInputError(source, [
      `must have at most ${MAX_FRAME_BYTES} bytes, found ${payload.length}`,
    ]);
  }
  try {
    return readHeaders(payload);
  } catch (cause) {
    throw new InvalidInputError(source, [`must be an EcoFlow frame: ${errorText(cause)}`], { cause });
  }
}

function readHeaders(payload: Uint8Array): Header[] {
  const reader = new WireReader(payload);
  const headers: Header[] = [];
  while (!reader.done) {
    const tag = reader.varint32();
    if (tag >>> 3 !== HEADER_FIELD || (tag & 7) !== WIRE_BYTES) {
      throw new RangeError(`field ${tag >>> 3} with wire type ${tag & 7} where a header was wanted`);
    }
    if (headers.length === MAX_HEADERS) throw new RangeError(`more than ${MAX_HEADERS} headers`);
    const { start, end } = reader.span();
    headers.push(readHeader(payload, start, end));
  }
  return headers;
}

function readHeader(bytes: Uint8Array, start: number, end: number): Header {
  const reader = new WireReader(bytes, start, end);
  const header: Header = {};
  const values: Record<string, unknown> = header as Record<string, unknown>;
  while (!reader.done) {
    const fieldStart = reader.at;
    const tag = reader.varint32();
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (number === 0) throw new RangeError(`field number 0 at byte ${fieldStart}`);
    if (number === PDATA_FIELD && wireType === WIRE_BYTES) {
      const span = reader.span();
      header.pdata = bytes.subarray(span.start, span.end);
      continue;
    }
    const field = FIELD_BY_NUMBER[number];
    if (field?.kind === "int32" && wireType === WIRE_VARINT) values[field.name] = reader.varint32() | 0;
    else if (field?.kind === "string" && wireType === WIRE_BYTES) {
      const span = reader.span();
      values[field.name] = utf8.decode(bytes.subarray(span.start, span.end));
    } else if (field || number === PDATA_FIELD) {
      throw new RangeError(`header field ${number} has wire type ${wireType}`);
    } else {
      reader.skip(wireType);
      header.unknown = joined(header.unknown, bytes.subarray(fieldStart, reader.at));
    }
  }
  const pdataLength = header.pdata?.length ?? 0;
  if (header.data_len !== undefined && header.data_len !== pdataLength) {
    throw new RangeError(`data_len says ${header.data_len}, the inner message has ${pdataLength} bytes`);
  }
  return header;
}

function joined(before: Uint8Array | undefined, more: Uint8Array): Uint8Array {
  return before ? Uint8Array.from([...before, ...more]) : more.slice();
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
