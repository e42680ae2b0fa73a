/** Reads an env file, as `KEY=value` lines with quotes where wanted, and says what is wrong with it. Pure. */
import { parseEnvText } from "./parse_env.ts";

/** The content of an env file. */
export interface EnvFile {
  readonly values: Readonly<Record<string, string>>;
  /** Lines that cannot be read and keys given twice, with line numbers. */
  readonly problems: readonly string[];
}

/**
 * Values may be quoted with `"`, `'` or a backtick and then span lines. Nothing is dropped silently: a line that is no
 * assignment, a quote that is never closed and a key given twice are problems.
 */
export function readEnvFile(text: string, name: string): EnvFile {
  const problems: string[] = [];
  const firstLine = new Map<string, number>();
  const lines = text.split(/\r?\n/);
  let open: { quote: string; line: number } | undefined;
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    if (open) {
      if (line.includes(open.quote)) open = undefined;
      continue;
    }
    if (/^\s*(#|$)/.test(line)) continue;
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(["'`]?)(.*)$/.exec(line);
    if (!match) {
      // The line itself is not shown: it may hold a secret.
      problems.push(
        `${name} line ${number} must be KEY=value, found ${line.trim().length} characters without it`,
      );
      continue;
    }
    const [, key = "", quote = "", rest = ""] = match;
    const earlier = firstLine.get(key);
    if (earlier !== undefined) {
      problems.push(`${name}: ${key} is given twice, in lines ${earlier} and ${number}`);
    }
    firstLine.set(key, number);
    if (quote && !rest.includes(quote)) open = { quote, line: number };
  }
  if (open) problems.push(`${name} line ${open.line}: the quote ${open.quote} is never closed`);
  return { values: parseEnvText(text), problems };
}
