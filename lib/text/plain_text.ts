/** Text files as editors of all systems write them. Pure. */

/** Why this text was no UTF-8 file, and what to do; undefined when it was one. */
export function notUtf8(text: string): string | undefined {
  // A byte that is no UTF-8 was read as U+FFFD; every second byte of UTF-16 is a zero.
  if (!text.includes("\ufffd") && !text.includes("\0")) return undefined;
  if (/^\0+$/.test(text)) {
    return "holds nothing but zeros, as a cut of power leaves a file: it must be written anew";
  }
  return 'is no UTF-8 text: save it as UTF-8 (editors of Windows call UTF-16 "Unicode")';
}

/** The text without the mark that some editors put in front of UTF-8. @throws TypeError when it was no UTF-8 */
export function plainText(text: string): string {
  const problem = notUtf8(text);
  if (problem !== undefined) throw new TypeError(problem);
  return text.replace(/^\ufeff/, "");
}
