// deno-lint-ignore-file no-console -- a command-line tool speaks on the console
/**
 * Writes docs/keys.md and .env.example anew from the tables of keys, or says with --check whether they differ.
 *
 * Run: deno task gen:keys
 */
import { AGENT_KEYS } from "../../agents/settings/keys.ts";
import { KEY_SECTIONS } from "../../lib/config/key_sections.ts";
import { KEYS } from "../../lib/config/keys.ts";
import { envExample } from "./keys/env_example.ts";
import { keysPage } from "./keys/keys_page.ts";

const ROOT = new URL("../../", import.meta.url);

/** Path from the project's root, and text. */
export function wantedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ["docs/keys.md", keysPage({ daemon: KEYS, sections: KEY_SECTIONS, agent: AGENT_KEYS })],
    [".env.example", envExample(KEYS, KEY_SECTIONS)],
  ]);
}

function main(args: readonly string[]): number {
  const unknown = args.filter((arg) => arg !== "--check");
  if (unknown.length > 0) {
    console.error(
      `Cannot generate: known option is --check, found ${unknown.map((a) => `"${a}"`).join(", ")}`,
    );
    return 2;
  }
  let drifted = 0;
  for (const [path, text] of wantedFiles()) {
    if (readIfThere(path) === text) continue;
    drifted++;
    if (args.includes("--check")) console.error(`Differs from what "deno task gen:keys" writes: ${path}`);
    else Deno.writeTextFileSync(new URL(path, ROOT), text);
  }
  console.log(`${wantedFiles().size} files, ${drifted} ${args.includes("--check") ? "differ" : "changed"}`);
  return args.includes("--check") && drifted > 0 ? 1 : 0;
}

function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(new URL(path, ROOT));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

if (import.meta.main) Deno.exit(main(Deno.args));
