/** The documents whose commands people paste. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Text by path from the project's root: the README, and all below `docs` but the decisions. */
export function walkedDocuments(root = ROOT): ReadonlyMap<string, string> {
  const below = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((one) => {
      const path = `${folder}/${one.name}`;
      return one.isDirectory() ? below(path) : path.endsWith(".md") ? [path] : [];
    });
  const paths = ["README.md", ...below("docs").filter((path) => !path.startsWith("docs/decisions/"))];
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}
