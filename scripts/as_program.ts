/** Runs a script as a program: what may be typed stands in its own first comment, and a wrong command line is told with it. */
import { readFileSync } from "node:fs";

/**
 * Ends with what `main` comes to. `--help` prints how the script is called, and so does what it does not know, after saying so.
 *
 * @param script `import.meta.url` of the script; its first comment has a line that begins with `Run: `
 */
export async function asProgram(
  script: string,
  main: (args: readonly string[]) => Promise<number> | number,
  args: readonly string[] = Deno.args,
): Promise<never> {
  const say = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  if (args.some((arg) => arg === "--help" || arg === "-h")) {
    Deno.stdout.writeSync(new TextEncoder().encode(`${usageOf(readFileSync(new URL(script), "utf8"))}\n`));
    Deno.exit(0);
  }
  try {
    Deno.exit(await main(args));
  } catch (error) {
    if (!isWrongCommandLine(error)) throw error;
    say(`${error.message}\n\n${usageOf(readFileSync(new URL(script), "utf8"))}`);
    Deno.exit(64);
  }
}

/** The first comment of a source text, without its signs. */
export function usageOf(source: string): string {
  const comment = /\/\*\*([\s\S]*?)\*\//.exec(source)?.[1] ?? "";
  return comment.split("\n").map((line) => line.replace(/^\s*\* ?/, "").trimEnd()).join("\n").trim();
}

function isWrongCommandLine(error: unknown): error is TypeError & { readonly code: string } {
  return error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}
