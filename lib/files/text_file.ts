/** A small text that outlives the process: one file, whole at every moment. */
import { directoryOf } from "../text/paths.ts";

/** A place for one text. */
export interface TextStore {
  /** undefined when there is none yet. */
  read(): string | undefined;
  /** Replaces it. Returns when the text is on the disk. */
  write(text: string): void;
}

/** A place that can also put away what cannot be used. */
export interface TextFile extends TextStore {
  /** Puts the text aside, for a person to look at. @returns its new path */
  setAside(): string;
}

/**
 * The file at `path`: written beside it, flushed, renamed over it, and the directory flushed, so that a cut of power
 * leaves the old text or the new one. It belongs to whoever owns the directory, also when an administrator writes it.
 *
 * @param mode Who may read it; its owner alone when absent
 * @param owner `own`: a file that is there keeps its owner, whoever owns the directory
 */
export function textFile(path: string, mode = 0o600, owner: "directory" | "own" = "directory"): TextFile {
  return {
    read() {
      try {
        return Deno.readTextFileSync(path);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    write(text) {
      replaceFile(path, new TextEncoder().encode(text), mode, owner);
    },
    setAside() {
      const aside = `${path}.refused`;
      Deno.renameSync(path, aside);
      return aside;
    },
  };
}

/** Replaces a file as {@link textFile} does. Returns when it is on the disk. */
export function replaceFile(
  path: string,
  bytes: Uint8Array,
  mode: number,
  owner: "directory" | "own" = "directory",
): void {
  // A file of this name may be left from a write that was cut off, with other permissions.
  const next = `${path}.new`;
  const file = Deno.openSync(next, { write: true, create: true, truncate: true, mode });
  try {
    try {
      if (Deno.build.os !== "windows") Deno.chmodSync(next, mode);
      for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
      file.syncSync();
    } finally {
      file.close();
    }
    giveToOwnerOf(owner === "own" && exists(path) ? path : directoryOf(path), next);
    Deno.renameSync(next, path);
  } catch (error) {
    removeQuietly(next);
    throw error;
  }
  flushDirectory(directoryOf(path));
}

/** Half a file would take the last room of a disk that is full. */
function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // The error before it says what is wrong.
  }
}

/** Whether there is a file at `path`. */
export function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function giveToOwnerOf(model: string, path: string): void {
  if (Deno.build.os === "windows") return;
  const { uid, gid } = Deno.statSync(model);
  const now = Deno.statSync(path);
  if (uid === null || gid === null || (uid === now.uid && gid === now.gid)) return;
  try {
    Deno.chownSync(path, uid, gid);
  } catch (error) {
    // A group of which we are no member: the file stays our own, as it would have been.
    if (uid !== now.uid) throw error;
  }
}

/** Makes the names in it last. Windows cannot open a directory; its file system keeps a rename by itself. */
export function flushDirectory(path: string): void {
  if (Deno.build.os === "windows") return;
  const directory = Deno.openSync(path);
  try {
    directory.syncSync();
  } finally {
    directory.close();
  }
}
