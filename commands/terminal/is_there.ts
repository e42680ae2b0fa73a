/** Whether anything is at a path. */

/** False also for what may not be looked at. Not by Node's `existsSync`: main keeps its layer out of its thread, which costs 2 MB. */
export function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
