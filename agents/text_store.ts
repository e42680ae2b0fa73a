/** Small texts that outlive the agent: one file each, replaced as a whole. */

/** Where a text is kept. */
export interface TextStore {
  /** undefined when nothing was kept yet. */
  read(): string | undefined;
  write(text: string): void;
}

/** A store in one file that only its owner can read. A cut of power leaves the old text or the new one. */
export function fileStore(path: string): TextStore {
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
      const file = Deno.openSync(`${path}.new`, { write: true, create: true, truncate: true, mode: 0o600 });
      try {
        writeAll(file, new TextEncoder().encode(text));
        file.syncSync();
      } finally {
        file.close();
      }
      Deno.renameSync(`${path}.new`, path);
    },
  };
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
}

/** A store in memory, for tests and rehearsals that leave nothing behind. */
export function memoryStore(text?: string): TextStore & { text: string | undefined } {
  const store = {
    text,
    read: () => store.text,
    write: (next: string) => void (store.text = next),
  };
  return store;
}
