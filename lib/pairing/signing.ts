/** Signatures of commands and plans: HMAC-SHA-256 over canonical JSON with the agent's own key. */
import { hmacSha256Hex, sha256Hex } from "../text/sha256.ts";

/** An agent's key: 32 bytes or more, as lower-case hex. */
export type AgentKeyHex = string;

/** A flat or nested JSON value that can be signed. */
export type Signable = Readonly<Record<string, unknown>>;

/** The shortest key accepted, in hex digits (32 bytes). */
export const MIN_KEY_HEX_DIGITS = 64;

/**
 * The text that is signed: the object without `sig`, keys sorted by code unit at every level, no blanks, values as
 * `JSON.stringify` writes them, keys with the value undefined left out.
 */
export function canonicalText(value: Signable): string {
  const { sig: _sig, ...rest } = value;
  return canonical(rest);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const members = Object.entries(value).filter(([, v]) => v !== undefined).sort(([a], [b]) =>
      a < b ? -1 : 1
    );
    return `{${members.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** The signature of `value`, 64 lower-case hex digits. @throws RangeError on a key that is too short or not hex */
export function signatureOf(value: Signable, keyHex: AgentKeyHex): string {
  return hmacSha256Hex(keyBytes(keyHex), canonicalText(value));
}

/** Whether `value.sig` is right; false also when it is missing. Takes the same time for every wrong signature. */
export function hasValidSignature(value: Signable, keyHex: AgentKeyHex): boolean {
  const { sig } = value;
  if (typeof sig !== "string" || !/^[0-9a-f]{64}$/.test(sig)) return false;
  const wanted = signatureOf(value, keyHex);
  // Looks at every digit: a wrong one early must not answer sooner than a wrong one late.
  let different = 0;
  for (let at = 0; at < wanted.length; at++) different |= sig.charCodeAt(at) ^ wanted.charCodeAt(at);
  return different === 0;
}

/** A short public name of a key, 8 hex digits: it tells two keys apart and reveals neither. */
export function keyId(keyHex: AgentKeyHex): string {
  return sha256Hex(keyBytes(keyHex)).slice(0, 8);
}

function keyBytes(keyHex: AgentKeyHex): Uint8Array {
  if (keyHex.length < MIN_KEY_HEX_DIGITS || keyHex.length % 2 !== 0 || !/^[0-9a-f]+$/.test(keyHex)) {
    throw new RangeError(
      `Cannot sign: the key must be ${MIN_KEY_HEX_DIGITS} or more lower-case hex digits, found ${keyHex.length} characters`,
    );
  }
  return Uint8Array.from(keyHex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
