/** Directories that an administrator makes for the daemon's own user. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory that belongs to whom its parent belongs to: root runs a command, the daemon's user goes on. One that is
 * there keeps its owner: the daemon's state directory lies in one of root's.
 */
export function makeLikeParent(path: string): void {
  if (existsSync(path)) return;
  Deno.mkdirSync(path, { recursive: true, mode: 0o700 });
  if (Deno.build.os === "windows") return;
  const { uid, gid } = Deno.statSync(dirname(path));
  if (uid !== null && gid !== null && uid !== Deno.statSync(path).uid) Deno.chownSync(path, uid, gid);
}
