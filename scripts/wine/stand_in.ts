/** Windows' `shutdown.exe` for a trial in Wine: one that keeps a count and answers with Windows' codes, and writes down each call. */
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../boot/container.ts";
import type { WineRoot } from "./wine_root.ts";

const SOURCE = fileURLToPath(new URL("shutdown_stand_in.c", import.meta.url));
const LOG = "wine/drive_c/shutdown.log";
const PROGRAM = "wine/drive_c/windows/system32/shutdown.exe";

/** One call: its words, and the code that it ended with. */
export interface Call {
  readonly words: readonly string[];
  readonly code: number;
}

/** Compiles it in a copy, in the place of Wine's own. */
export async function putStandIn({ root }: WineRoot): Promise<void> {
  cpSync(SOURCE, join(root, "shutdown.c"));
  await run("chroot", [root, "x86_64-w64-mingw32-gcc", "-O1", "-o", `/${PROGRAM}.new`, "/shutdown.c"]);
  // Wine's own may be a link into its packages.
  await run("mv", ["-f", join(root, `${PROGRAM}.new`), join(root, PROGRAM)]);
}

/** Every call until now, oldest first. */
export function callsOf({ root }: WineRoot): Call[] {
  const path = join(root, LOG);
  if (!existsSync(path)) return [];
  return parseCalls(readFileSync(path, "utf8"));
}

/** The lines of the stand-in's log; one that is being written is left out. Pure. */
export function parseCalls(text: string): Call[] {
  return text.split("\n").flatMap((line) => {
    const match = /^(.*)= (\d+)\r?$/.exec(line);
    return match ? [{ words: (match[1] ?? "").trim().split(" "), code: Number(match[2]) }] : [];
  });
}
