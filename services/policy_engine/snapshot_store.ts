/** Keeps the snapshot in a file that is whole at every moment, whatever happens in between. */
import { dirname } from "node:path";

/** A place for one text. */
export interface SnapshotStore {
  /** undefined when there is none yet. */
  read(): string | undefined;
  /** Returns when the text is on the disk. */
  write(text: string): void;
  /** Puts a text that cannot be used aside, for a person to look at. @returns its new name */
  setAside(): string;
}

/** In a file: written beside it, flushed, renamed over it, and the directory flushed. */
export function fileSnapshotStore(path: string): SnapshotStore {
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
      const next = `${path}.new`;
      const file = Deno.openSync(next, { write: true, create: true, truncate: true, mode: 0o600 });
      try {
        const bytes = new TextEncoder().encode(text);
        for (let sent = 0; sent < bytes.length;) sent += file.writeSync(bytes.subarray(sent));
        file.syncSync();
      } finally {
        file.close();
      }
      Deno.renameSync(next, path);
      const directory = Deno.openSync(dirname(path));
      try {
        directory.syncSync();
      } finally {
        directory.close();
      }
    },
    setAside() {
      const aside = `${path}.refused`;
      Deno.renameSync(path, aside);
      return aside;
    },
  };
}
