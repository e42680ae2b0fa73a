/**
 * The notes of a release: its section of CHANGELOG.md. Fails when tag, version and changelog do not agree.
 *
 * Run: deno run --allow-read scripts/release/notes.ts v1.2.3
 */
import { readFileSync } from "node:fs";
import { VERSION } from "../../lib/version.ts";

/**
 * The text below `## VERSION`, up to the next section.
 *
 * @throws Error naming what does not agree
 */
export function releaseNotes(tag: string, version: string, changelog: string): string {
  if (tag !== `v${version}`) {
    throw new Error(`Cannot release "${tag}": must be "v${version}", the version in lib/version.ts`);
  }
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.split(/\s/)[0] === version);
  const [, ...lines] = section?.split("\n") ?? [];
  const notes = lines.join("\n").trim();
  if (notes === "") {
    throw new Error(
      `Cannot release "${tag}": CHANGELOG.md must have a section "## ${version}" with text in it`,
    );
  }
  return `${notes}\n`;
}

if (import.meta.main) {
  try {
    const changelog = readFileSync(new URL("../../CHANGELOG.md", import.meta.url), "utf8");
    const notes = releaseNotes(Deno.args[0] ?? "", VERSION, changelog);
    Deno.stdout.writeSync(new TextEncoder().encode(notes));
  } catch (error) {
    Deno.stderr.writeSync(new TextEncoder().encode(`${error instanceof Error ? error.message : error}\n`));
    Deno.exit(1);
  }
}
