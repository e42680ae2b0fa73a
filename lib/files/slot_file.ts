/**
 * A text that is stored often and must be on the disk at once: written in turns into two slots of a file whose room is there
 * already. A rename makes the file system write its own books each time, and wait for what others write; this does not, and a
 * full disk cannot stop it. How a text lies in a slot is `slots.ts`'s.
 */
import { directoryOf } from "../text/paths.ts";
import { BEGINNING_BYTES, LEAST_SLOT_BYTES, newestSlot, nextNumber, slotOf } from "./slots.ts";
import { exists, flushDirectory, replaceFile, type TextFile, textFile } from "./text_file.ts";

/** A text file that lies in slots while it is in use. */
export interface SlotFile extends TextFile {
  /** The text that was read last is the one before the newest, which is not whole; absent: it is the newest. */
  readonly isOlder?: boolean;
  /** Stores it as a plain file, for people and for programs that know no slots. Returns when it is on the disk. */
  writePlain(text: string): void;
}

/** What the name of a file ends with whose text lies in slots. */
export const SLOTS_END = ".slots";

/** A file beyond this is none of ours. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;

/**
 * The file at `path`, with its slots in `path.slots`. A text is whole or the one before it is: when the power goes in the
 * middle of a write, some blocks are of another number.
 *
 * While there are slots there is no plain file. So where both are, the plain one is newer: the run before ended between the two, or
 * a program that knows no slots has written since, or a person has put it there.
 */
export function slotFile(path: string, mode = 0o600): SlotFile {
  const slotsPath = `${path}${SLOTS_END}`;
  const plain = textFile(path, mode);
  let open: OpenSlots | undefined;
  let isOlder = false;

  const close = () => {
    open?.file.close();
    open = undefined;
  };
  const remove = (what: string) => {
    if (!exists(what)) return;
    Deno.removeSync(what);
    flushDirectory(directoryOf(path));
  };
  /** What this run or the one before has made, while it can be written into. */
  const usable = (slotBytes: number) => {
    if (!open && !exists(path)) open = reopen(slotsPath);
    if (open && slotBytes <= open.slotBytes && isAsLeft(open, slotsPath)) return open;
    close();
    return undefined;
  };
  return {
    get isOlder() {
      return isOlder;
    },
    read() {
      isOlder = false;
      if (exists(path)) return plain.read();
      const bytes = readSlots(slotsPath);
      if (!bytes) return undefined;
      const newest = newestSlot(bytes);
      if (!newest) throw new Error(`Cannot read "${slotsPath}": neither of its two texts is whole`);
      isOlder = newest.isOlder;
      return newest.text;
    },
    write(text) {
      const slot = slotOf(text);
      const there = usable(slot.bytes.length);
      if (!there || !hasWritten(there, slot)) {
        try {
          const made = makeSlots(slotsPath, mode, slot);
          close();
          open = made;
        } catch (error) {
          // A full disk, most likely: the slot that is in doubt once more. The other one holds the text before.
          if (!there || !isSameFile(there, slotsPath)) throw error;
          writeSlot(there, slot);
        }
      }
      remove(path);
    },
    writePlain(text) {
      plain.write(text);
      close();
      remove(slotsPath);
    },
    setAside() {
      const aside = `${path}.refused`;
      close();
      if (exists(path)) {
        // What is older than the refused one must not be taken for the newest.
        if (isThere(slotsPath)) Deno.renameSync(slotsPath, `${slotsPath}.refused`);
        return plain.setAside();
      }
      const text = newestText(slotsPath);
      if (text === undefined) {
        Deno.renameSync(slotsPath, aside);
      } else {
        textFile(aside, mode).write(text);
        remove(slotsPath);
      }
      return aside;
    },
  };
}

type Slot = ReturnType<typeof slotOf>;

interface OpenSlots {
  readonly file: Deno.FsFile;
  readonly slotBytes: number;
  /** The file's number on its disk; null where there is none. */
  readonly inode: number | null;
  /** Of the newest text. */
  number: number;
  /** How the slot of the newest text begins: with its number and its sum. */
  beginning: string;
  /** The slot that is written next. */
  next: 0 | 1;
  /** A write failed: what is in that slot nobody knows, until the file is made anew. */
  isDoubtful: boolean;
}

function makeSlots(path: string, mode: number, slot: Slot): OpenSlots {
  let slotBytes = LEAST_SLOT_BYTES;
  while (slotBytes < 2 * slot.bytes.length) slotBytes *= 2;
  const bytes = new Uint8Array(2 * slotBytes);
  bytes.set(slot.numbered(1));
  replaceFile(path, bytes, mode);
  const file = Deno.openSync(path, { read: true, write: true });
  const inode = Deno.statSync(path).ino;
  return { file, slotBytes, inode, number: 1, beginning: beginningOf(bytes), next: 1, isDoubtful: false };
}

/** Goes on with the slots of an earlier run, so that a disk that is full by now stops nothing; undefined where that cannot be. */
function reopen(path: string): OpenSlots | undefined {
  let file: Deno.FsFile | undefined;
  try {
    if (!Deno.lstatSync(path).isFile) return undefined;
    file = Deno.openSync(path, { read: true, write: true });
    // What a killed process wrote need not be on the disk yet, and one of the two texts must be, whatever happens next.
    file.syncDataSync();
    const bytes = readSlots(path);
    const newest = bytes && newestSlot(bytes);
    if (newest) {
      // Not the number that a text has which is not whole.
      const number = nextNumber(newest.number);
      const slotBytes = bytes.length / 2;
      const inode = Deno.statSync(path).ino;
      const beginning = beginningOf(bytes.subarray(newest.at * slotBytes));
      const next = newest.at === 0 ? 1 : 0;
      return { file, slotBytes, inode, number, beginning, next, isDoubtful: false };
    }
  } catch {
    // It is made anew, and that says what is wrong.
  }
  file?.close();
  return undefined;
}

/** Writes into slots that are not in doubt. @returns false: it failed, and they are in doubt from now on */
function hasWritten(open: OpenSlots, slot: Slot): boolean {
  if (open.isDoubtful) return false;
  try {
    writeSlot(open, slot);
    return true;
  } catch {
    open.isDoubtful = true;
    return false;
  }
}

function writeSlot(open: OpenSlots, slot: Slot): void {
  const { file } = open;
  open.number = nextNumber(open.number);
  const bytes = slot.numbered(open.number);
  file.seekSync(open.next * open.slotBytes, Deno.SeekMode.Start);
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
  file.syncDataSync();
  open.beginning = beginningOf(bytes);
  open.next = open.next === 0 ? 1 : 0;
}

function beginningOf(slot: Uint8Array): string {
  return new TextDecoder().decode(slot.subarray(0, BEGINNING_BYTES));
}

/**
 * Somebody may have removed or replaced it: what is written into the old one nobody finds again. Or have written into it: then the
 * other slot holds anything, with any number.
 */
function isAsLeft(open: OpenSlots, path: string): boolean {
  const { file, next, slotBytes, beginning } = open;
  try {
    if (!isSameFile(open, path) || file.statSync().size !== 2 * slotBytes) return false;
    const there = new Uint8Array(BEGINNING_BYTES);
    file.seekSync((1 - next) * slotBytes, Deno.SeekMode.Start);
    return file.readSync(there) === BEGINNING_BYTES && beginningOf(there) === beginning;
  } catch {
    return false;
  }
}

function isSameFile({ inode }: OpenSlots, path: string): boolean {
  try {
    return Deno.statSync(path).ino === inode;
  } catch {
    return false;
  }
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

/** undefined where there is none that is whole, or it cannot be read. */
function newestText(path: string): string | undefined {
  try {
    const bytes = readSlots(path);
    return bytes && newestSlot(bytes)?.text;
  } catch {
    return undefined;
  }
}

/** Whether anything stands at `path`, be it a folder. */
function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
