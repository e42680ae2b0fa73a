/**
 * One daemon for one state directory: two would write over each other's files and speak with one client id. The kernel keeps the
 * lock (flock) for as long as the process lives, so that a killed daemon leaves none behind.
 */
import { errorText } from "./errors.ts";

/**
 * Who holds a state directory. `mine`: this process, from now on. `taken`: another process, with its number where the file tells it.
 * `free`: nobody. `unknown`: the lock could not be looked at, for `reason`.
 */
export type StateHolder =
  | { readonly kind: "mine"; release(): void }
  | { readonly kind: "taken"; readonly pid: number | undefined }
  | { readonly kind: "free" }
  | { readonly kind: "unknown"; readonly reason: string };

const FILE = "daemon.lock";

/** Takes a state directory for this process. A directory that can hold no lock is no reason to protect nobody: `unknown`. */
export function takeState(stateDir: string): Exclude<StateHolder, { kind: "free" }> {
  let file: Deno.FsFile | undefined;
  try {
    file = Deno.openSync(`${stateDir}/${FILE}`, { create: true, read: true, write: true, mode: 0o600 });
    if (!file.tryLockSync(true)) {
      file.close();
      return { kind: "taken", pid: pidIn(stateDir) };
    }
  } catch (error) {
    file?.close();
    return { kind: "unknown", reason: errorText(error) };
  }
  const held = file;
  try {
    held.truncateSync();
    held.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch {
    // A full disk: the lock holds without the number.
  }
  return { kind: "mine", release: () => held.close() };
}

/** Looks who holds it, without holding it longer than the look. */
export function holderOfState(stateDir: string): Exclude<StateHolder, { kind: "mine" }> {
  try {
    const file = Deno.openSync(`${stateDir}/${FILE}`, { read: true });
    // Not by "using", which is lost when a bundle is minified: whoever looked then held the lock until it ended.
    try {
      return file.tryLockSync(false) ? { kind: "free" } : { kind: "taken", pid: pidIn(stateDir) };
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { kind: "free" };
    return { kind: "unknown", reason: errorText(error) };
  }
}

function pidIn(stateDir: string): number | undefined {
  try {
    const text = Deno.readTextFileSync(`${stateDir}/${FILE}`).trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}
