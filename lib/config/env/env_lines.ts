/**
 * Takes an env file apart: the one tokenizer for daemon and agent, for reading, checking and editing. It accounts for every
 * character: each belongs to a key, a value or a comment, or is named as a problem with its line and what to do. Pure.
 */
import { notUtf8 } from "../../text/plain_text.ts";

/** One `KEY=value`. */
export interface EnvEntry {
  readonly key: string;
  readonly value: string;
  /** Its first and last line, from 1. */
  readonly line: number;
  readonly lastLine: number;
}

/** A line that cannot be read. Its text holds no part of a value. */
export interface EnvProblem {
  readonly line: number;
  /** Follows the line's number: `: the quote " is never closed`. */
  readonly text: string;
}

/** What was found, in order. */
export interface EnvLines {
  readonly entries: readonly EnvEntry[];
  readonly problems: readonly EnvProblem[];
}

/** A value, and how many characters of the source it took. */
type Token = { readonly value: string; readonly length: number } | { readonly problem: string };

const HEAD = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*/;
/** What a reader cannot see, but for the joiners inside of emoji. */
const INVISIBLE =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u1680\u2000-\u200b\u200e\u200f\u2028-\u202f\u205f\u2060\u3000\ufeff]/;
/** Inside of quotes only what no keyboard types. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufeff]/;
const TYPOGRAPHIC = /^[“”„‟‘’‚‛«»]|[“”„‟‘’‚‛«»]$/;
/** Here nothing is guessed: a cut password looks like a wrong one. */
const SECRET = /PASS|SECRET|TOKEN|KEY|CREDENTIAL/i;
const QUOTE_IT = "put the value in '…'";

/** See the file comment. */
export function tokenizeEnv(text: string): EnvLines {
  const entries: EnvEntry[] = [];
  const problems: EnvProblem[] = [];
  const unreadable = notUtf8(text);
  if (unreadable !== undefined) return { entries, problems: [{ line: 1, text: `: ${unreadable}` }] };
  const source = text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n");
  for (let at = 0, line = 1; at < source.length; line++) {
    const end = endOfLine(source, at);
    const raw = source.slice(at, end);
    const head = HEAD.exec(raw);
    if (/^[ \t]*(#|$)/.test(raw)) {
      at = end + 1;
      continue;
    }
    if (!head) {
      // The line itself is not shown: it may hold a secret.
      problems.push({ line, text: ` must be KEY=value, found ${raw.trim().length} characters without it` });
      at = end + 1;
      continue;
    }
    const [{ length }, key = ""] = head;
    const token = readValue(key, source, at + length);
    if ("problem" in token) {
      problems.push({ line, text: `: ${token.problem}` });
      at = end + 1;
      continue;
    }
    const lastLine = line + countLines(source.slice(at, at + length + token.length));
    entries.push({ key, value: token.value, line, lastLine });
    at = endOfLine(source, at + length + token.length) + 1;
    line = lastLine;
  }
  return { entries, problems };
}

function readValue(key: string, source: string, at: number): Token {
  const quote = source[at];
  if (quote === '"' || quote === "'" || quote === "`") return readQuoted(key, source, at, quote);
  return readBare(key, source.slice(at, endOfLine(source, at)));
}

/** Without quotes: all of the line, but for a comment after a blank. */
function readBare(key: string, raw: string): Token {
  const comment = /(^|[ \t])#/.exec(raw);
  const value = (comment ? raw.slice(0, comment.index) : raw).replace(/[ \t]+$/, "");
  const invisible = INVISIBLE.exec(value);
  if (invisible) {
    return { problem: `holds the invisible character ${codeOf(invisible[0])}: take it out, or ${QUOTE_IT}` };
  }
  if (TYPOGRAPHIC.test(value)) {
    return { problem: `has typographic quotes: write plain ones; if they belong to the value, ${QUOTE_IT}` };
  }
  if (comment) {
    const next = raw[comment.index + comment[0].length];
    const isClear = next === undefined || /[ \t#]/.test(next);
    if (!isClear || (value !== "" && SECRET.test(key))) {
      const where = `a "#" after ${value === "" ? "the =" : "a blank"}`;
      return {
        problem:
          `${where} may begin a comment or belong to the value: ${QUOTE_IT}; a comment goes on a line of its own`,
      };
    }
  }
  return { value, length: raw.length };
}

function readQuoted(key: string, source: string, at: number, quote: '"' | "'" | "`"): Token {
  let close = source.indexOf(quote, at + 1);
  if (close < 0) return { problem: `the quote ${quote} is never closed` };
  let value = source.slice(at + 1, close);
  // As shells write a single quote inside of single quotes.
  while (quote === "'" && source.startsWith("'\\''", close)) {
    const from = close + 4;
    close = source.indexOf(quote, from);
    if (close < 0) return { problem: `the quote ${quote} is never closed` };
    value += `'${source.slice(from, close)}`;
  }
  const rest = source.slice(close + 1, endOfLine(source, close));
  if (!/^[ \t]*$|^[ \t]+#/.test(rest)) {
    return {
      problem:
        `has text after the closing ${quote}: if the quote belongs to the value, put the value in other quotes ` +
        "(' or \" or `); a comment needs a blank before its #",
    };
  }
  const control = CONTROL.exec(value);
  if (control) return { problem: `holds the control character ${codeOf(control[0])}: take it out` };
  const length = close + 1 - at;
  if (quote !== '"' || !value.includes("\\n")) return { value, length };
  if (SECRET.test(key)) {
    return { problem: `\\n in double quotes may be a line end or a backslash and an n: ${QUOTE_IT}` };
  }
  return { value: value.replaceAll("\\n", "\n"), length };
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  return end < 0 ? source.length : end;
}

function countLines(text: string): number {
  return text.split("\n").length - 1;
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
