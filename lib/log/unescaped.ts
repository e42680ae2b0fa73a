/**
 * Reads a text as it was before programs wrote it down: without what JSON, addresses, forms and HTML do to characters, however often
 * one was put into the other. Knows of each character where it stands in the text. Pure.
 */

/** A text that was read so. */
export interface Unescaped {
  /** Its UTF-16 code units; blanks and both alphabets of base64 are one: `+` for a blank and `-`, `/` for `_`. */
  readonly text: string;
  /** Where unit `i` begins in the text, and where it ends. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** One in the other in the other: more often is not read. */
const PASSES = 6;
const ESCAPE =
  /\\+u([0-9a-f]{4})|\\+|((?:%[0-9a-f]{2})+)|&#(\d{1,7});|&#x([0-9a-f]{1,6});|&(amp|lt|gt|quot|apos|sol|plus|equals|nbsp);/gi;
const NAMED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["sol", "/"],
  ["plus", "+"],
  ["equals", "="],
  ["nbsp", " "],
]);
const ALIKE: ReadonlyMap<string, string> = new Map([[" ", "+"], ["-", "+"], ["_", "/"]]);

/** Reads it. Two texts that mean the same are the same afterwards, and some more. */
export function unescaped(text: string): Unescaped {
  let read: Unescaped = {
    text,
    starts: Array.from({ length: text.length }, (_, i) => i),
    ends: Array.from({ length: text.length }, (_, i) => i + 1),
  };
  for (let pass = 0; pass < PASSES; pass++) {
    const next = readOnce(read);
    if (next.text.length === read.text.length) break;
    read = next;
  }
  return { ...read, text: read.text.replaceAll(/[ _-]/g, (one) => ALIKE.get(one) ?? one) };
}

function readOnce({ text, starts, ends }: Unescaped): Unescaped {
  const units: string[] = [];
  const found = { starts: [] as number[], ends: [] as number[] };
  const put = (piece: string, from: number, to: number) => {
    for (const unit of piece.split("")) {
      units.push(unit);
      found.starts.push(starts.at(from) ?? 0);
      found.ends.push(ends.at(to - 1) ?? 0);
    }
  };
  let at = 0;
  for (const match of text.matchAll(ESCAPE)) {
    for (; at < match.index; at++) put(text[at] ?? "", at, at + 1);
    at = match.index + match[0].length;
    const [, unit, bytes, decimal, hex, name] = match;
    if (bytes !== undefined) putBytes(bytes, match.index, put);
    else put(meaningOf({ unit, decimal, hex, name }), match.index, at);
  }
  for (; at < text.length; at++) put(text[at] ?? "", at, at + 1);
  return { text: units.join(""), ...found };
}

function meaningOf(
  { unit, decimal, hex, name }: { unit?: string; decimal?: string; hex?: string; name?: string },
): string {
  if (unit !== undefined) return String.fromCharCode(parseInt(unit, 16));
  if (name !== undefined) return NAMED.get(name.toLowerCase()) ?? "";
  const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? parseInt(hex, 16) : undefined;
  // A backslash alone means nothing.
  return code === undefined ? "" : code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
}

/** `%c3%b6`: one character of two bytes. What is no UTF-8 stays byte for byte. */
function putBytes(text: string, from: number, put: (piece: string, from: number, to: number) => void): void {
  const bytes = text.slice(1).split("%").map((byte) => parseInt(byte, 16));
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i] ?? 0;
    const count = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
    let piece = new TextDecoder().decode(Uint8Array.from(bytes.slice(i, i + count)));
    const isWhole = !piece.includes("\ufffd");
    if (!isWhole) piece = String.fromCharCode(lead);
    const length = isWhole ? count : 1;
    put(piece, from + i * 3, from + (i + length) * 3);
    i += length;
  }
}
