/**
 * SHA-256 of texts and bytes without Node's layer of the runtime, which costs each worker that loads any of it 2 MB. The runtime's own
 * answers later, and whoever signs must not wait. Pure.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

/** 64 lower-case hex digits; a text counts as its UTF-8. */
export function sha256Hex(content: string | Uint8Array): string {
  return sha256(bytesOf(content)).toHex();
}

/** HMAC-SHA-256, 64 lower-case hex digits; texts count as their UTF-8. */
export function hmacSha256Hex(key: string | Uint8Array, content: string): string {
  return hmac(sha256, bytesOf(key), bytesOf(content)).toHex();
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}
