/** Writes what is pasted into a booted system with the package: a script a block, and a list of them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { walkedDocuments } from "./documents.ts";
import { pasted } from "./pasted.ts";

/** Into `walk` below a directory: `01.sh` and so on, and `list` with a number and a title a line. */
export function writePackageScripts(dir: string): void {
  const walk = join(dir, "walk");
  mkdirSync(walk, { recursive: true });
  const stops = pasted(walkedDocuments()).filter(({ stop }) => stop.place === "package");
  const list = stops.map(({ stop, block, script }, index) => {
    const number = String(index + 1).padStart(2, "0");
    writeFileSync(join(walk, `${number}.sh`), script);
    return `${number} ${stop.document}:${block.line}: ${stop.begins}\n`;
  });
  writeFileSync(join(walk, "list"), list.join(""));
}
