/**
 * How two texts lie in the two halves of a file: in blocks that a disk writes whole or not at all, each with the number of its text,
 * and with a sum over all of it. Pure.
 */

/** What a disk writes whole or not at all: each block of a slot begins with the number of the text that it is of. */
export const BLOCK_BYTES = 512;
const NUMBER_BYTES = 8;
const ROOM_BYTES = BLOCK_BYTES - NUMBER_BYTES;
const LARGEST_NUMBER = 0xffff_ffff;
/** The room of a slot, at least; a text that does not fit gets a file with twice as much as it needs. */
export const LEAST_SLOT_BYTES = 16 * 1024;
/** Before the text: its length in bytes, and the sum over its blocks as it is with zeros in the sum's place. */
const HEAD = /^(\d{1,10}) ([0-9a-f]{16})\n/;
const LONGEST_HEAD_BYTES = 28;
/** So much of a slot tells its text from any other: its number, length and sum. */
export const BEGINNING_BYTES = NUMBER_BYTES + LONGEST_HEAD_BYTES;
const NO_SUM = "0".repeat(16);

/** A whole text of a file with two slots. */
export interface NewestSlot {
  readonly number: number;
  readonly text: string;
  /** Which of the two it is. */
  readonly at: 0 | 1;
  /** The other one is neither whole nor empty: it may have been newer. */
  readonly isOlder: boolean;
}

/** A text as it lies in a slot: whole blocks, which `numbered` gives with a number, 1 to 2^32 - 1. */
export function slotOf(text: string): { readonly bytes: Uint8Array; numbered(number: number): Uint8Array } {
  const encoder = new TextEncoder();
  const body = encoder.encode(text);
  const head = encoder.encode(`${body.length} ${NO_SUM}\n`);
  const stream = new Uint8Array(head.length + body.length);
  stream.set(head);
  stream.set(body, head.length);
  const blocks = Math.ceil(stream.length / ROOM_BYTES);
  const bytes = new Uint8Array(blocks * BLOCK_BYTES);
  for (let block = 0; block < blocks; block++) {
    const part = stream.subarray(block * ROOM_BYTES, (block + 1) * ROOM_BYTES);
    bytes.set(part, block * BLOCK_BYTES + NUMBER_BYTES);
  }
  const sumAt = NUMBER_BYTES + head.length - 1 - NO_SUM.length;
  return {
    bytes,
    numbered(number) {
      const mark = encoder.encode(markOf(number));
      for (let at = 0; at < bytes.length; at += BLOCK_BYTES) bytes.set(mark, at);
      bytes.set(encoder.encode(NO_SUM), sumAt);
      bytes.set(encoder.encode(sumOf(bytes)), sumAt);
      return bytes;
    },
  };
}

/** The number after `number`; after the largest comes 1. */
export function nextNumber(number: number): number {
  return number >= LARGEST_NUMBER ? 1 : number + 1;
}

/** The newest whole text of a file with two slots; undefined when neither is whole. */
export function newestSlot(bytes: Uint8Array): NewestSlot | undefined {
  if (bytes.length % (2 * BLOCK_BYTES) !== 0) return undefined;
  const half = bytes.length / 2;
  const [first, second] = [bytes.subarray(0, half), bytes.subarray(half)];
  const [a, b] = [readSlot(first), readSlot(second)];
  if (a && (!b || isNewer(a.number, b.number))) return { ...a, at: 0, isOlder: !b && !isEmpty(second) };
  return b && { ...b, at: 1, isOlder: !a && !isEmpty(first) };
}

/** The two of a file are a few writes apart: also over the largest number. */
function isNewer(a: number, b: number): boolean {
  return ((a - b) | 0) > 0;
}

function isEmpty(slot: Uint8Array): boolean {
  for (let at = 0; at < slot.length; at += BLOCK_BYTES) {
    if (slot.subarray(at, at + NUMBER_BYTES).some((byte) => byte !== 0)) return false;
  }
  return true;
}

function markOf(number: number): string {
  return number.toString(16).padStart(NUMBER_BYTES, "0");
}

function readSlot(slot: Uint8Array): { readonly number: number; readonly text: string } | undefined {
  const decoder = new TextDecoder();
  const textAt = (at: number, length: number) => decoder.decode(slot.subarray(at, at + length));
  const mark = textAt(0, NUMBER_BYTES);
  const number = /^[0-9a-f]{8}$/.test(mark) ? parseInt(mark, 16) : 0;
  const head = HEAD.exec(textAt(NUMBER_BYTES, LONGEST_HEAD_BYTES));
  if (number === 0 || !head) return undefined;
  const [{ length: headBytes }, bodyBytes, sum] = head as unknown as [string, string, string];
  const length = headBytes + Number(bodyBytes);
  const blocks = Math.ceil(length / ROOM_BYTES);
  if (blocks * BLOCK_BYTES > slot.length) return undefined;
  const stream = new Uint8Array(blocks * ROOM_BYTES);
  for (let block = 0; block < blocks; block++) {
    const at = block * BLOCK_BYTES;
    if (textAt(at, NUMBER_BYTES) !== mark) return undefined;
    stream.set(slot.subarray(at + NUMBER_BYTES, at + BLOCK_BYTES), block * ROOM_BYTES);
  }
  // A copy, which begins where words begin.
  const bytes = slot.slice(0, blocks * BLOCK_BYTES);
  bytes.set(new TextEncoder().encode(NO_SUM), NUMBER_BYTES + headBytes - 1 - NO_SUM.length);
  return sumOf(bytes) === sum
    ? { number, text: decoder.decode(stream.subarray(headBytes, length)) }
    : undefined;
}

/**
 * Fletcher's sum over words of 32 bits: one changed bit changes it for sure. In words and in whole numbers that need no room of their
 * own, because the worker that stores runs cold code.
 */
function sumOf(bytes: Uint8Array): string {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  let a = 1;
  let b = 0;
  for (let i = 0; i < words.length; i++) {
    a = (a + (words[i] as number)) | 0;
    b = (b + a) | 0;
  }
  return markOf(a >>> 0) + markOf(b >>> 0);
}
