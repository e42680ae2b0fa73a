/** Payloads that nobody should send: random ones, and damaged copies of good ones. Always the same for one seed. */
import { decodeFrame, encodeFrame } from "../../../proto/frame.ts";

/** Numbers from 0 up to, not including, 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;

const below = (random: Random, limit: number) => Math.floor(random() * limit);

/** Random bytes; half of them begin like a frame or like JSON, so that they get past the first look. */
export function randomPayload(random: Random): Uint8Array {
  const bytes = Uint8Array.from({ length: below(random, 120) }, () => below(random, 256));
  const kind = below(random, 4);
  if (kind === 0 && bytes.length > 2) {
    bytes[0] = 0x0a;
    bytes[1] = bytes.length - 2;
  }
  if (kind === 1 && bytes.length > 0) bytes[0] = 0x7b;
  return bytes;
}

/** A copy of one of `samples` with one to three kinds of damage. */
export function damagedPayload(random: Random, samples: readonly Uint8Array[]): Uint8Array {
  let bytes: Uint8Array = (samples[below(random, samples.length)] ?? new Uint8Array()).slice();
  for (let rounds = 1 + below(random, 3); rounds > 0; rounds--) bytes = damage(random, bytes);
  return bytes;
}

function damage(random: Random, bytes: Uint8Array): Uint8Array {
  const at = below(random, bytes.length);
  switch (below(random, 8)) {
    case 0: {
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
      return bytes;
    }
    case 1:
      return bytes.slice(0, at);
    case 2: {
      bytes[at] = below(random, 256);
      return bytes;
    }
    case 3:
      return joined(bytes.subarray(0, at), Uint8Array.of(below(random, 256)), bytes.subarray(at));
    case 4:
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 8)));
    case 5:
      return shuffledHeaders(random, bytes);
    case 6:
      return bytesInsideDamaged(random, bytes);
    default:
      return nested(random, bytes);
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** Headers doubled, dropped or in another order; other bytes stay as they are. */
function shuffledHeaders(random: Random, bytes: Uint8Array): Uint8Array {
  try {
    const headers = decodeFrame(bytes);
    const picks = Array.from(
      { length: 1 + below(random, 8) },
      () => headers[below(random, headers.length)] ?? {},
    );
    return encodeFrame(picks);
  } catch {
    return bytes;
  }
}

/** The envelope stays right, the inner message is damaged: this reaches the schemas. */
function bytesInsideDamaged(random: Random, bytes: Uint8Array): Uint8Array {
  try {
    const headers = decodeFrame(bytes);
    for (const header of headers) {
      const pdata = header.pdata?.slice();
      if (!pdata?.length) continue;
      for (let n = below(random, 4); n >= 0; n--) pdata[below(random, pdata.length)] = below(random, 256);
      header.pdata = pdata;
    }
    return encodeFrame(headers);
  } catch {
    return bytes;
  }
}

/** A message in a message in a message … */
function nested(random: Random, bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0x7b) {
    const depth = below(random, 2000);
    return new TextEncoder().encode('{"params":'.repeat(depth) + "{}" + "}".repeat(depth));
  }
  let inner = Uint8Array.of(0x08, 0x01);
  for (let depth = below(random, 200); depth > 0 && inner.length < 16_000; depth--) {
    const length = inner.length < 128 ? [inner.length] : [(inner.length & 0x7f) | 0x80, inner.length >> 7];
    inner = Uint8Array.from([0x0a, ...length, ...inner]);
  }
  return encodeFrame([{ pdata: inner, cmd_func: 32, cmd_id: 2, dest: 32 }]);
}
