/**
 * Splits a client's bytes into lines of words, as upsd does: blanks divide words, `"…"` holds them together, `\` takes
 * the next character as it is, `#` begins a comment, `=` is a word of its own. One lexer belongs to one connection.
 *
 * Source: the NUT network protocol (RFC 9271), and Debian's upsd 2.8.0 asked byte by byte.
 */

/** Longest line accepted, in bytes with its end; upsd's own clients never send more than 512. */
export const MAX_LINE_BYTES = 2048;

/** What one byte completed. */
export type LexEvent =
  /** A line; empty for a blank line or a comment. Bytes that are not printable ASCII were left out. */
  | { readonly kind: "line"; readonly words: readonly string[] }
  /** The line broke the rules of quoting; nothing is answered and the next line counts again. */
  | { readonly kind: "unreadable" }
  /** More than {@link MAX_LINE_BYTES} without an end: the connection is of no more use. */
  | { readonly kind: "too_long" };

type LexState = "between" | "word" | "quoted" | "comment" | "skipping";

const NEWLINE = 0x0a;
const UNREADABLE: LexEvent = { kind: "unreadable" };
const TOO_LONG: LexEvent = { kind: "too_long" };

/** See the file comment. */
export class LineLexer {
  #state: LexState = "between";
  #escaped = false;
  #word = "";
  #words: string[] = [];
  #bytes = 0;

  /** True when a line has begun and not ended. */
  get isInsideLine(): boolean {
    return this.#bytes > 0;
  }

  /** Takes one byte; returns what it completed, most often nothing. */
  push(byte: number): LexEvent | undefined {
    if (++this.#bytes > MAX_LINE_BYTES) return TOO_LONG;
    if (this.#state === "skipping") return byte === NEWLINE ? this.#end(UNREADABLE) : undefined;
    if (this.#escaped) {
      this.#escaped = false;
      this.#add(byte);
      return;
    }
    switch (this.#state) {
      case "between":
        return this.#between(byte);
      case "word":
        return this.#inWord(byte);
      case "quoted":
        return void this.#inQuotes(byte);
      case "comment":
        return byte === NEWLINE ? this.#endLine() : undefined;
    }
  }

  #between(byte: number): LexEvent | undefined {
    const char = String.fromCharCode(byte);
    if (byte === NEWLINE) return this.#endLine();
    if (isBlank(byte)) return;
    if (char === "#") this.#state = "comment";
    else if (char === "=") this.#words.push("=");
    else if (char === '"') this.#state = "quoted";
    else {
      this.#state = "word";
      if (char === "\\") this.#escaped = true;
      else this.#add(byte);
    }
  }

  #inWord(byte: number): LexEvent | undefined {
    const char = String.fromCharCode(byte);
    if (byte === NEWLINE || isBlank(byte) || char === "#" || char === "=") {
      this.#endWord();
      return this.#between(byte);
    }
    if (char === "\\") this.#escaped = true;
    else this.#add(byte);
  }

  #inQuotes(byte: number): void {
    const char = String.fromCharCode(byte);
    if (char === '"') this.#endWord();
    else if (char === "\\") this.#escaped = true;
    else if (char === "#") this.#state = "skipping";
    else this.#add(byte);
  }

  #add(byte: number): void {
    if (byte >= 0x20 && byte < 0x7f) this.#word += String.fromCharCode(byte);
  }

  #endWord(): void {
    this.#words.push(this.#word);
    this.#word = "";
    this.#state = "between";
  }

  #endLine(): LexEvent {
    return this.#end({ kind: "line", words: this.#words });
  }

  #end(event: LexEvent): LexEvent {
    this.#state = "between";
    this.#word = "";
    this.#words = [];
    this.#bytes = 0;
    return event;
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
