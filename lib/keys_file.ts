/** The file with the agents' keys, for the command `keys`. */

/** Reads it and replaces it as a whole; only its owner may read it. */
export interface KeysFile {
  /** undefined when there is no file yet. */
  readonly read: () => string | undefined;
  readonly write: (text: string) => void;
}

/** The file at `path`. A cut of power leaves the old text or the new one. */
export function keysFile(path: string): KeysFile {
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
      // A file of this name may be left from a write that was cut off, with other permissions.
      const next = `${path}.new`;
      const file = Deno.openSync(next, { write: true, create: true, truncate: true, mode: 0o600 });
      try {
        if (Deno.build.os !== "windows") Deno.chmodSync(next, 0o600);
        const bytes = new TextEncoder().encode(text);
        for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
        file.syncSync();
      } finally {
        file.close();
      }
      keepOwner(path, next);
      Deno.renameSync(next, path);
    },
  };
}

/** The administrator changes the keys, the daemon's own user reads them: the file stays that user's. */
function keepOwner(path: string, next: string): void {
  if (Deno.build.os === "windows") return;
  const folder = path.slice(0, Math.max(1, path.lastIndexOf("/")));
  const { uid, gid } = Deno.statSync(path.includes("/") ? folder : ".");
  if (uid === null || gid === null || uid === Deno.statSync(next).uid) return;
  Deno.chownSync(next, uid, gid);
}
