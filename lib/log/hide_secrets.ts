/** Takes secrets out of a text that somebody else wrote and that is to be shown. Pure. */
import { type Unescaped, unescaped } from "./unescaped.ts";

/** What is shown instead. */
const HIDDEN = "***";
/** A piece of a secret this long is hidden, too: a text may have been cut in the middle of it. */
const PIECE = 8;
/** A cut may leave so much of an escape, as `\u00f` of `\u00f6`. */
const CUT_ESCAPE = 8;
/** The letters of a shorter form are everywhere. */
const SHORTEST_FORM = 6;

/**
 * The text without the secrets. They are found as they are, in hex and in base64, also behind something else as in
 * `user:password`. Each of these is found however JSON, addresses, forms and HTML write it, and by its beginning or end where the
 * text was cut. Secrets under three characters are left: their letters are everywhere.
 */
export function hideSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  const known = secrets.filter((one): one is string => one !== undefined && one.length >= 3);
  if (known.length === 0) return text;
  // The longest first: one secret may be a part of another.
  let shown = text;
  for (const secret of known.toSorted((a, b) => b.length - a.length)) {
    shown = shown.replaceAll(secret, HIDDEN);
  }
  for (
    const { forms, isAnyCase } of [
      { forms: known.flatMap(formsOf), isAnyCase: false },
      { forms: known.map((one) => utf8(one).toHex()), isAnyCase: true },
    ]
  ) shown = hideForms(shown, forms, isAnyCase);
  return shown;
}

/** As it is, and in base64 at each of the three places where it can begin there. */
function formsOf(secret: string): string[] {
  const plain = unescaped(secret).text;
  const bytes = utf8(secret);
  const inBase64 = [0, 1, 2].map((before) =>
    unescaped(
      behind(before, bytes).toBase64().replace(/=+$/, "")
        // The sign that it shares with what stands before it, and after it, is not its own.
        .slice(before === 0 ? 0 : before + 1, Math.floor((before + bytes.length) * 4 / 3)),
    ).text
  );
  return [plain, ...inBase64.filter((form) => form.length >= SHORTEST_FORM)];
}

/** The bytes behind so many others. */
function behind(count: number, bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(count + bytes.length);
  all.set(bytes, count);
  return all;
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hideForms(text: string, forms: readonly string[], isAnyCase: boolean): string {
  const read = unescaped(text);
  const seen = isAnyCase ? read.text.toLowerCase() : read.text;
  // Letters that change their length with their case: then nothing could be found again.
  const within = seen.length === read.text.length ? seen : read.text;
  const found = forms.filter((form) => form.length >= 3).flatMap((form) => [
    ...wholes(within, form),
    ...cuts(within, form),
  ]);
  return withoutRanges(text, read, found);
}

type Range = readonly [from: number, to: number];

function wholes(text: string, form: string): Range[] {
  const found: Range[] = [];
  for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + form.length)) {
    found.push([at, at + form.length]);
  }
  return found;
}

/** A form that the end of the text cuts off, or its beginning; the longest piece. */
function cuts(text: string, form: string): Range[] {
  const found: Range[] = [];
  for (let length = form.length - 1; length >= PIECE && found.length === 0; length--) {
    for (let rest = 0; rest <= CUT_ESCAPE; rest++) {
      const [from, to] = [text.length - rest - length, text.length - rest];
      if (from >= 0 && text.startsWith(form.slice(0, length), from)) found.push([from, to]);
      if (text.startsWith(form.slice(-length), rest)) found.push([rest, rest + length]);
    }
  }
  return found;
}

function withoutRanges(text: string, { starts, ends }: Unescaped, ranges: readonly Range[]): string {
  let shown = "";
  let at = 0;
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0] || b[1] - a[1])) {
    const [start, end] = [starts.at(from) ?? 0, ends.at(to - 1) ?? 0];
    if (end <= at) continue;
    if (start >= at) shown += text.slice(at, start) + HIDDEN;
    at = end;
  }
  return shown + text.slice(at);
}
