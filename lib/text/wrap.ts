/** Breaks text between words so that it fits a terminal. Pure. */

/**
 * Each line by itself. A word longer than a line stays whole: it may be an address that is to be copied.
 *
 * @param indent Blanks before every line but the first of a paragraph
 */
export function wrap(text: string, columns = 80, indent = 0): string {
  return text.split("\n").map((line) => {
    if (line.length <= columns) return line;
    const lines: string[] = [];
    let rest = line;
    while (rest.length > columns) {
      const start = lines.length === 0 ? /^\s*/.exec(rest)?.[0].length ?? 0 : indent;
      const space = rest.lastIndexOf(" ", columns);
      const at = space > start ? space : rest.indexOf(" ", columns);
      if (at < 0) break;
      lines.push(rest.slice(0, at).trimEnd());
      rest = " ".repeat(indent) + rest.slice(at + 1).trimStart();
    }
    return [...lines, rest].join("\n");
  }).join("\n");
}
