/** Where a key stands in a TOML text: the parser tells values, not lines. Pure. */

/** A step into a value: a key, or a position in a list. */
export type PathStep = string | number;

/** Finds the line of a path, 1 or more; of its nearest parent that has one; 1 when none has. */
export type FindLine = (path: readonly PathStep[]) => number;

const HEADER = /^\s*(\[\[?)\s*(.*?)\s*\]\]?\s*(#.*)?$/;
const KEY_PART = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*/y;

/** Reads the headers and keys of a text that the parser has accepted. */
export function lineFinder(text: string): FindLine {
  const lines = new Map<string, number>();
  /** Tables that no header begins: their first key, or the first header below them. */
  const firstInside = new Map<string, number>();
  const note = (path: readonly PathStep[], line: number) => {
    noteFirst(lines, path, line);
    for (const [length, next] of path.entries()) {
      if (length > 0 && typeof next === "string") noteFirst(firstInside, path.slice(0, length), line);
    }
  };
  const counts = new Map<string, number>();
  let table: PathStep[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const header = HEADER.exec(line);
    if (header) {
      table = tablePath(keyPath(header[2] ?? "").path, header[1] === "[[", counts);
      note(table, index + 1);
      continue;
    }
    const { path, rest } = keyPath(line);
    if (path.length > 0 && rest.startsWith("=")) note([...table, ...path], index + 1);
  }
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const key = JSON.stringify(path.slice(0, length));
      const line = lines.get(key) ?? firstInside.get(key);
      if (line !== undefined) return line;
    }
    return 1;
  };
}

function noteFirst(lines: Map<string, number>, path: readonly PathStep[], line: number): void {
  const key = JSON.stringify(path);
  if (!lines.has(key)) lines.set(key, line);
}

/** `[[a]]` begins the next entry of a list; `[a.b]` after it means the entry that was begun last. */
function tablePath(keys: readonly string[], isEntry: boolean, counts: Map<string, number>): PathStep[] {
  const path: PathStep[] = [];
  for (const [index, key] of keys.entries()) {
    path.push(key);
    const name = JSON.stringify(path);
    if (isEntry && index === keys.length - 1) counts.set(name, (counts.get(name) ?? -1) + 1);
    const entry = counts.get(name);
    if (entry !== undefined) path.push(entry);
  }
  return path;
}

function keyPath(text: string): { readonly path: readonly string[]; readonly rest: string } {
  const path: string[] = [];
  let at = 0;
  for (;;) {
    KEY_PART.lastIndex = at;
    const part = KEY_PART.exec(text);
    if (!part) return { path: [], rest: text };
    path.push(part[1] ?? part[2] ?? part[3] ?? "");
    at = KEY_PART.lastIndex;
    if (text[at] !== ".") return { path, rest: text.slice(at) };
    at++;
  }
}
