/** Reads an env file, as `KEY=value` lines with quotes where wanted, and says what is wrong with it. Pure. */
import { tokenizeEnv } from "./env/env_lines.ts";

/** Who takes a wrong file for this one has hundreds of thousands of lines that cannot be read. */
const PROBLEMS_TOLD = 50;

/** The content of an env file. */
export interface EnvFile {
  readonly values: Readonly<Record<string, string>>;
  /** Lines that cannot be read and keys given twice, with line numbers. */
  readonly problems: readonly string[];
}

/**
 * Values may be quoted with `"`, `'` or a backtick and then span lines. Nothing is dropped silently: what is no key, value
 * or comment is a problem, and so is a key given twice.
 */
export function readEnvFile(text: string, name: string): EnvFile {
  const { entries, problems } = tokenizeEnv(text);
  const found = problems.map(({ line, text }) => ({ line, text: `${name} line ${line}${text}` }));
  const firstLine = new Map<string, number>();
  const values = new Map<string, string>();
  for (const { key, value, line } of entries) {
    const earlier = firstLine.get(key);
    if (earlier === undefined) firstLine.set(key, line);
    else found.push({ line, text: `${name}: ${key} is given twice, in lines ${earlier} and ${line}` });
    values.set(key, value);
  }
  found.sort((a, b) => a.line - b.line);
  const told = found.slice(0, PROBLEMS_TOLD).map(({ text }) => text);
  if (found.length > told.length) {
    told.push(`${name}: ${found.length - told.length} more lines cannot be read`);
  }
  return { values: Object.fromEntries(values), problems: told };
}
