/** Takes serial numbers and other traces of a person out of payloads; lengths stay, masks are made anew. */
import { decodeFrame, encodeFrame, type Header, isMasked, masked, plainPdata } from "../../proto/frame.ts";
import { own, put } from "../../lib/own.ts";

/** What of a serial number stays: the model is in its first four characters. */
const KEPT_CHARACTERS = 8;
const ZERO = 0x30;
const HEADER_TAG = 0x0a;

/**
 * Runs of capital letters and digits of a serial number's length. Longer runs of digits alone are ids or times and go
 * as well.
 */
const SERIAL = /[A-Z][A-Z0-9]{13,31}|[0-9]{12,31}/g;
const EMAIL = /[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}/g;
const MAC = /(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}/g;

/** `R651ZEB4ABCD1234` becomes `R651ZEB400000000`. */
export function cutSerial(sn: string): string {
  return sn.slice(0, KEPT_CHARACTERS) + "0".repeat(Math.max(0, sn.length - KEPT_CHARACTERS));
}

/**
 * A payload of the same length without serial numbers, e-mail and hardware addresses.
 *
 * @param sn The station's own serial number, which is found in any case
 */
export function anonymizePayload(payload: Uint8Array, sn: string): Uint8Array {
  if (payload[0] !== HEADER_TAG) return anonymizeBytes(payload, sn);
  try {
    return encodeFrame(decodeFrame(payload).map((header) => anonymizeHeader(header, sn)));
  } catch {
    // No frame: a recording of what cannot be read is worth the most, so it is kept byte by byte.
    return anonymizeBytes(payload, sn);
  }
}

function anonymizeHeader(header: Header, sn: string): Header {
  const result: Header = { ...header };
  if (header.pdata) {
    const plain = anonymizeBytes(plainPdata(header), sn);
    result.pdata = isMasked(header) ? masked(plain, header.seq ?? 0) : plain;
  }
  for (const key of ["code", "from", "module_sn", "device_sn"] as const) {
    const text = own(header, key);
    if (text !== undefined) {
      put(result, key, new TextDecoder().decode(anonymizeBytes(new TextEncoder().encode(text), sn)));
    }
  }
  if (header.unknown) result.unknown = anonymizeBytes(header.unknown, sn);
  return result;
}

function anonymizeBytes(bytes: Uint8Array, sn: string): Uint8Array {
  // One character a byte, so that places in the text are places in the bytes.
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const result = bytes.slice();
  const blank = (start: number, end: number) => result.fill(ZERO, start, end);
  const upper = text.toUpperCase();
  for (let at = upper.indexOf(sn.toUpperCase()); at !== -1; at = upper.indexOf(sn.toUpperCase(), at + 1)) {
    blank(at + Math.min(KEPT_CHARACTERS, sn.length), at + sn.length);
  }
  for (const { index, 0: found } of text.matchAll(SERIAL)) {
    const isNumber = /^[0-9]/.test(found);
    blank(index + (isNumber ? 0 : KEPT_CHARACTERS), index + found.length);
    // A JSON number must not begin with 0.
    if (isNumber) result[index] = ZERO + 1;
  }
  for (const pattern of [EMAIL, MAC]) {
    for (const { index, 0: found } of text.matchAll(pattern)) blank(index, index + found.length);
  }
  return result;
}
