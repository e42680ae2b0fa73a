/** What the runtime keeps of the bundle between starts; `scripts/build/launcher.ts` tells it where. */

/** The folder in the state directory. */
export const CACHE_DIR = "runtime_cache";

/** A file in it, there from the launch until READY: a start that finds one from before begins without what was kept. */
export const UNPROVEN = "unproven";

/** Takes the mark away: with what is kept the program came to READY. Without a cache of ours, or where it cannot be written, nothing happens. */
export function proveCache(dir: string | undefined): void {
  if (dir === undefined || !`/${dir}`.endsWith(`/${CACHE_DIR}`)) return;
  try {
    Deno.removeSync(`${dir}/${UNPROVEN}`);
  } catch {
    // The next start begins without what is kept, which is slower and no more.
  }
}
