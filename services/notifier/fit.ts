/** Makes a text as short as a service takes it: what happened last, and how it ended, stays. Pure. */

/** How a service counts. */
export type Measure = (text: string) => number;

/** Characters, as Pushover counts. */
export const characters: Measure = (text) => Array.from(text).length;
/** UTF-16 code units, as Telegram counts. */
export const codeUnits: Measure = (text) => text.length;
/** Bytes in UTF-8, as ntfy counts. */
export const bytes: Measure = (text) => new TextEncoder().encode(text).length;

const LEFT_OUT = /^(\d+) earlier ones? (?:is|are) left out\.$/;

/** The line that stands for those that are not shown. @param count 1 or more */
export function leftOutLine(count: number): string {
  return count === 1 ? "1 earlier one is left out." : `${count} earlier ones are left out.`;
}

/**
 * The text, without as many of its first lines as it takes; they are counted in a line of their own. Where the last line
 * alone is too long, its end is cut.
 *
 * @param limit In what `measure` counts, 50 or more
 */
export function fitText(text: string, limit: number, measure: Measure): string {
  if (measure(text) <= limit) return text;
  const all = text.split("\n");
  const before = Number(LEFT_OUT.exec(all[0] ?? "")?.[1] ?? 0);
  const lines = before > 0 ? all.slice(1) : all;
  for (let first = 1; first < lines.length; first++) {
    const shown = [leftOutLine(before + first), ...lines.slice(first)].join("\n");
    if (measure(shown) <= limit) return shown;
  }
  const left = before + lines.length - 1;
  return cut([...left > 0 ? [leftOutLine(left)] : [], lines.at(-1) ?? ""].join("\n"), limit, measure);
}

/** The beginning of a text, with "…" where something is missing; no character is cut in two. */
export function cut(text: string, limit: number, measure: Measure): string {
  if (measure(text) <= limit) return text;
  const room = limit - measure("…");
  let shown = "";
  let size = 0;
  for (const character of text) {
    size += measure(character);
    if (size > room) break;
    shown += character;
  }
  return `${shown}…`;
}
