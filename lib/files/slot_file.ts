/**
 * A text that is stored often and must be on the disk at once: written in turns into two slots of a file whose room is there
 * already. A rename makes the file system write its own books each time, and wait for what others write; this does not, and a
 * full disk cannot stop it.
 */
import { directoryOf } from "../text/paths.ts";
import { exists, flushDirectory, replaceFile, type TextFile, textFile } from "./text_file.ts";

/** A text file that lies in slots while it is in use. */
export interface SlotFile extends TextFile {
  /** Stores it as a plain file, for people and for programs that know no slots. Returns when it is on the disk. */
  writePlain(text: string): void;
}

/** What a disk writes whole or not at all: each block of a slot begins with the number of the text that it is of. */
export const BLOCK_BYTES = 512;
const NUMBER_BYTES = 8;
const LARGEST_NUMBER = 0xffff_ffff;
/** The room of a slot, at least; a text that does not fit gets a file with twice as much as it needs. */
export const LEAST_SLOT_BYTES = 16 * 1024;
/** A file beyond this is none of ours. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
/** Before the text: its length in bytes. */
const HEAD = /^(\d{1,10})\n/;

interface Slot {
  readonly number: number;
  readonly text: string;
}

/**
 * The file at `path`, with its slots in `path.slots`. A text is whole or the one before it is: when the power goes in the
 * middle of a write, some blocks are of another number.
 *
 * Reading gives the newest whole text of the slots, or the plain file where there are none.
 */
export function slotFile(path: string, mode = 0o600): SlotFile {
  const slotsPath = `${path}.slots`;
  const plain = textFile(path, mode);
  let open: OpenSlots | undefined;
  let number = 0;

  const close = () => {
    open?.file.close();
    open = undefined;
  };
  const removeSlots = () => {
    close();
    if (!exists(slotsPath)) return;
    Deno.removeSync(slotsPath);
    flushDirectory(directoryOf(path));
  };
  return {
    read() {
      const bytes = readSlots(slotsPath);
      if (!bytes) return plain.read();
      const newest = newestSlot(bytes);
      if (!newest) throw new Error(`Cannot read "${slotsPath}": neither of its two texts is whole`);
      number = newest.number;
      return newest.text;
    },
    write(text) {
      number = number >= LARGEST_NUMBER ? 1 : number + 1;
      const slot = slotOf(number, text);
      try {
        if (open && slot.length <= open.slotBytes && isStillThere(open, slotsPath)) {
          writeSlot(open, slot);
        } else {
          close();
          open = makeSlots(slotsPath, mode, slot);
        }
      } catch (error) {
        // Nobody knows what is in the slot now: the next one makes the file anew.
        close();
        throw error;
      }
    },
    writePlain(text) {
      plain.write(text);
      removeSlots();
    },
    setAside() {
      if (!exists(slotsPath)) return plain.setAside();
      close();
      const aside = `${path}.refused`;
      const newest = newestSlot(Deno.readFileSync(slotsPath));
      if (newest) textFile(aside, mode).write(newest.text);
      else Deno.renameSync(slotsPath, aside);
      removeSlots();
      return aside;
    },
  };
}

interface OpenSlots {
  readonly file: Deno.FsFile;
  readonly slotBytes: number;
  /** The file's number on its disk; null where there is none. */
  readonly inode: number | null;
  /** The slot that is written next. */
  next: 0 | 1;
}

function makeSlots(path: string, mode: number, slot: Uint8Array): OpenSlots {
  let slotBytes = LEAST_SLOT_BYTES;
  while (slotBytes < 2 * slot.length) slotBytes *= 2;
  const bytes = new Uint8Array(2 * slotBytes);
  bytes.set(slot);
  replaceFile(path, bytes, mode);
  const file = Deno.openSync(path, { read: true, write: true });
  return { file, slotBytes, inode: Deno.statSync(path).ino, next: 1 };
}

function writeSlot(open: OpenSlots, slot: Uint8Array): void {
  open.file.seekSync(open.next * open.slotBytes, Deno.SeekMode.Start);
  for (let written = 0; written < slot.length;) written += open.file.writeSync(slot.subarray(written));
  open.file.syncDataSync();
  open.next = open.next === 0 ? 1 : 0;
}

/** Somebody may have removed or replaced it: what is written into the old one nobody finds again. */
function isStillThere({ inode }: OpenSlots, path: string): boolean {
  try {
    return Deno.statSync(path).ino === inode;
  } catch {
    return false;
  }
}

/** In whole blocks, without a sum over all bytes: the worker that stores runs cold code, to which a large text would be long. */
function slotOf(number: number, text: string): Uint8Array {
  const encoder = new TextEncoder();
  const body = encoder.encode(text);
  const head = encoder.encode(`${body.length}\n`);
  const stream = new Uint8Array(head.length + body.length);
  stream.set(head);
  stream.set(body, head.length);
  const mark = encoder.encode(markOf(number));
  const room = BLOCK_BYTES - NUMBER_BYTES;
  const blocks = Math.ceil(stream.length / room);
  const bytes = new Uint8Array(blocks * BLOCK_BYTES);
  for (let block = 0; block < blocks; block++) {
    bytes.set(mark, block * BLOCK_BYTES);
    bytes.set(stream.subarray(block * room, (block + 1) * room), block * BLOCK_BYTES + NUMBER_BYTES);
  }
  return bytes;
}

function markOf(number: number): string {
  return number.toString(16).padStart(NUMBER_BYTES, "0");
}

function readSlots(path: string): Uint8Array | undefined {
  let size: number;
  try {
    size = Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  if (size > MAX_FILE_BYTES) {
    throw new Error(`Cannot read "${path}": ${size} bytes, at most ${MAX_FILE_BYTES} are ours`);
  }
  return Deno.readFileSync(path);
}

/** The newest whole text of a file with two slots; undefined when neither is whole. */
export function newestSlot(bytes: Uint8Array): Slot | undefined {
  const half = Math.floor(bytes.length / 2);
  const slots = [bytes.subarray(0, half), bytes.subarray(half)].map(readSlot).filter((one) =>
    one !== undefined
  );
  return slots.reduce<Slot | undefined>((a, b) => a && isNewer(a.number, b.number) ? a : b, undefined);
}

/** The two of a file are one write apart; after the largest number comes 1. */
function isNewer(a: number, b: number): boolean {
  return a === 1 && b === LARGEST_NUMBER ? true : b === 1 && a === LARGEST_NUMBER ? false : a > b;
}

function readSlot(bytes: Uint8Array): Slot | undefined {
  const decoder = new TextDecoder();
  const markAt = (at: number) => decoder.decode(bytes.subarray(at, at + NUMBER_BYTES));
  const mark = markAt(0);
  const number = /^[0-9a-f]{8}$/.test(mark) ? parseInt(mark, 16) : 0;
  const head = HEAD.exec(decoder.decode(bytes.subarray(NUMBER_BYTES, NUMBER_BYTES + 11)));
  if (number === 0 || !head) return undefined;
  const room = BLOCK_BYTES - NUMBER_BYTES;
  const length = head[0].length + Number(head[1]);
  const blocks = Math.ceil(length / room);
  if (blocks * BLOCK_BYTES > bytes.length) return undefined;
  const stream = new Uint8Array(blocks * room);
  for (let block = 0; block < blocks; block++) {
    const at = block * BLOCK_BYTES;
    if (markAt(at) !== mark) return undefined;
    stream.set(bytes.subarray(at + NUMBER_BYTES, at + BLOCK_BYTES), block * room);
  }
  return { number, text: decoder.decode(stream.subarray(head[0].length, length)) };
}
