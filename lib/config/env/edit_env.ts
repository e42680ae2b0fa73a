/** Changes single keys of an env file and leaves every other line, comments included, as it is. Pure. */

import { tokenizeEnv } from "./env_lines.ts";

/** The value of a key; undefined takes it out. */
export type EnvChanges = Readonly<Record<string, string | undefined>>;

/**
 * The text with the changes. A key that is there is replaced where it stands, else it comes after its commented-out
 * example (`#KEY=…`), else at the end.
 */
export function editEnv(text: string, changes: EnvChanges): string {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  for (const [key, value] of Object.entries(changes)) {
    const line = value === undefined ? [] : [`${key}=${quoted(value)}`];
    const found = findAssignment(lines, key);
    if (found) {
      lines.splice(found.from, found.count, ...line);
      continue;
    }
    const example = lines.findIndex((one) => new RegExp(`^#\\s*${key}=`).test(one));
    if (example >= 0) lines.splice(example + 1, 0, ...line);
    else lines.push(...line);
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

/** Where a key is set, with as many lines as its quoted value has. */
function findAssignment(lines: readonly string[], key: string): { from: number; count: number } | undefined {
  const entry = tokenizeEnv(lines.join("\n")).entries.find((one) => one.key === key);
  return entry && { from: entry.line - 1, count: entry.lastLine - entry.line + 1 };
}

/** As `tokenizeEnv` reads it back. @throws RangeError when no quote can hold it */
function quoted(value: string): string {
  if (/^[A-Za-z0-9_./:,@+*-]*$/.test(value)) return value;
  const quote = ["'", "`", '"'].find((one) => !value.includes(one));
  if (quote === undefined || value.includes("\n") || (quote === '"' && value.includes("\\n"))) {
    throw new RangeError("Cannot write a value that has line ends or all three kinds of quotes in it");
  }
  return `${quote}${value}${quote}`;
}
