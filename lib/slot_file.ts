/**
 * A text that is stored often and must be on the disk at once: written in turns into two slots of a file whose room is there
 * already. A rename makes the file system write its own books each time, and wait for what others write; this does not, and a
 * full disk cannot stop it.
 */
import { crc32 } from "./crc32.ts";
import { directoryOf } from "./text/paths.ts";
import { exists, flushDirectory, replaceFile, type TextFile, textFile } from "./text_file.ts";

/** A text file that lies in slots while it is in use. */
export interface SlotFile extends TextFile {
  /** Stores it as a plain file, for people and for programs that know no slots. Returns when it is on the disk. */
  writePlain(text: string): void;
}

/** Where a slot's text begins: its head has a disk block of its own. */
export const HEAD_BYTES = 512;
/** The room of a slot, at least; a text that does not fit gets a file with twice as much as it needs. */
export const LEAST_SLOT_BYTES = 16 * 1024;
/** A file beyond this is none of ours. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const HEAD = /^slot 1 (\d{1,15}) (\d{1,10}) ([0-9a-f]{8})\n/;

interface Slot {
  readonly number: number;
  readonly text: string;
}

/**
 * The file at `path`, with its slots in `path.slots`. A text is whole or the one before it is: what was being written when the
 * power went fails its checksum.
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
      const bytes = new TextEncoder().encode(text);
      number++;
      try {
        if (open && HEAD_BYTES + bytes.length <= open.slotBytes && isStillThere(open, slotsPath)) {
          writeSlot(open, number, bytes);
        } else {
          close();
          open = makeSlots(slotsPath, mode, number, bytes);
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

function makeSlots(path: string, mode: number, number: number, text: Uint8Array): OpenSlots {
  let slotBytes = LEAST_SLOT_BYTES;
  while (slotBytes < 2 * (HEAD_BYTES + text.length)) slotBytes *= 2;
  const bytes = new Uint8Array(2 * slotBytes);
  bytes.set(slot(number, text));
  replaceFile(path, bytes, mode);
  const file = Deno.openSync(path, { read: true, write: true });
  return { file, slotBytes, inode: Deno.statSync(path).ino, next: 1 };
}

function writeSlot(open: OpenSlots, number: number, text: Uint8Array): void {
  const bytes = slot(number, text);
  open.file.seekSync(open.next * open.slotBytes, Deno.SeekMode.Start);
  for (let written = 0; written < bytes.length;) written += open.file.writeSync(bytes.subarray(written));
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

function slot(number: number, text: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + text.length);
  const sum = checksum(number, text);
  bytes.set(new TextEncoder().encode(`slot 1 ${number} ${text.length} ${sum}\n`));
  bytes.set(text, HEAD_BYTES);
  return bytes;
}

function checksum(number: number, text: Uint8Array): string {
  return crc32(text, crc32(new TextEncoder().encode(`${number} `))).toString(16).padStart(8, "0");
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
  return slots.reduce<Slot | undefined>((a, b) => a && a.number > b.number ? a : b, undefined);
}

function readSlot(bytes: Uint8Array): Slot | undefined {
  const [, number, length, sum] = HEAD.exec(new TextDecoder().decode(bytes.subarray(0, HEAD_BYTES))) ?? [];
  if (number === undefined || length === undefined) return undefined;
  const text = bytes.subarray(HEAD_BYTES, HEAD_BYTES + Number(length));
  if (text.length !== Number(length) || checksum(Number(number), text) !== sum) return undefined;
  return { number: Number(number), text: new TextDecoder().decode(text) };
}
