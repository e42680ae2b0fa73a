/** How an answer looks on the wire: error tokens, quoted values, and the limit on a line. Pure. */

/** Longest line sent, in bytes with its end: the buffer of every client built on libupsclient holds 512 with a NUL. */
export const MAX_ANSWER_BYTES = 511;

/** Longest word of a client that is sent back to it; a longer one is refused. */
export const MAX_ECHO_CHARS = 128;

/** The error tokens that this server uses, of those the protocol knows. */
export type ErrorToken =
  | "ACCESS-DENIED"
  | "UNKNOWN-UPS"
  | "VAR-NOT-SUPPORTED"
  | "CMD-NOT-SUPPORTED"
  | "INVALID-ARGUMENT"
  | "FEATURE-NOT-CONFIGURED"
  | "ALREADY-SSL-MODE"
  | "DRIVER-NOT-CONNECTED"
  | "DATA-STALE"
  | "ALREADY-LOGGED-IN"
  | "ALREADY-SET-PASSWORD"
  | "ALREADY-SET-USERNAME"
  | "USERNAME-REQUIRED"
  | "PASSWORD-REQUIRED"
  | "UNKNOWN-COMMAND"
  /** The answer to a tracking id that is not known. */
  | "UNKNOWN";

/** `ERR <token>`. */
export function errorLine(token: ErrorToken): string {
  return `ERR ${token}`;
}

/**
 * A value in quotes, `"` and `\` escaped, everything that is not printable ASCII replaced by `?`.
 *
 * @param room Characters that the quoted text may have, quotes and escapes included; the rest is cut off
 */
export function quoted(value: string, room = 300): string {
  // Nearly every value needs nothing of this, and LIST VAR has some thirty of them.
  if (value.length + 2 <= room && /^[ !#-[\]-~]*$/.test(value)) return `"${value}"`;
  let text = "";
  for (const char of value) {
    const shown = /["\\]/.test(char) ? `\\${char}` : /[ -~]/.test(char) ? char : "?";
    if (text.length + shown.length + 2 > room) break;
    text += shown;
  }
  return `"${text}"`;
}

/** A word of the client's as it goes back to it: as typed, or quoted when it would not be read as one word again. */
export function echoed(word: string): string {
  return /^[^\s"\\#=]+$/.test(word) ? word : quoted(word);
}
