import { deepEqual, equal } from "node:assert/strict";
import { type LexEvent, LineLexer, MAX_LINE_BYTES } from "./lexer.ts";

function lex(text: string | Uint8Array): LexEvent[] {
  const lexer = new LineLexer();
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return [...bytes].flatMap((byte) => lexer.push(byte) ?? []);
}

const lines = (text: string | Uint8Array) =>
  lex(text).map((event) => event.kind === "line" ? event.words : event.kind);

Deno.test("LineLexer splits lines as upsd does", () => {
  const rows: [name: string, text: string, expected: unknown][] = [
    ["plain words", "GET VAR ups ups.status\n", [["GET", "VAR", "ups", "ups.status"]]],
    ["carriage return is a blank", "VER\r\n", [["VER"]]],
    ["tabs and double blanks", "GET\t  VAR\n", [["GET", "VAR"]]],
    ["empty line", "\n", [[]]],
    ["only blanks", "  \n", [[]]],
    ["comment", "# x\n", [[]]],
    ["comment after words", "VER # x\n", [["VER"]]],
    ["comment without a blank", "VER#x\n", [["VER"]]],
    ["equals sign is a word", "VER=\n", [["VER", "="]]],
    ["equals sign inside", "a=b\n", [["a", "=", "b"]]],
    ["quotes", 'A "b c"\n', [["A", "b c"]]],
    ["empty quotes are a word", '""\n', [[""]]],
    ["word right after quotes is another", '"VER"x\n', [["VER", "x"]]],
    ["a quote inside a word is a letter", 'u"ps\n', [['u"ps']]],
    ["escaped letter", "sta\\tus\n", [["status"]]],
    ["escaped quote in quotes", '"a\\"b"\n', [['a"b']]],
    ["escaped blank begins a word", "\\ x\n", [[" x"]]],
    ["escaped line end joins lines", "VE\\\nR\n", [["VER"]]],
    ["quotes span lines, the line end is left out", '"a\nb" c\n', [["ab", "c"]]],
    ["hash in quotes spoils the line only", 'GET "a#b" c\nVER\n', ["unreadable", ["VER"]]],
    ["two lines in one piece", "A\nB\n", [["A"], ["B"]]],
    ["no end, no line", "VER", []],
    ["quote never closed, no line", 'GET "ups\nVER\n', []],
  ];
  for (const [name, text, expected] of rows) deepEqual(lines(text), expected, name);
});

Deno.test("LineLexer leaves out bytes that are not printable ASCII", () => {
  deepEqual(lines(Uint8Array.of(0, 0x56, 0, 0x45, 0xff, 0x52, 0x1b, 0x7f, 0x0a)), [["VER"]]);
  deepEqual(lines(Uint8Array.of(0xff, 0xfe, 0x0a)), [[""]]);
});

Deno.test("LineLexer accepts a line at the limit and refuses one byte more", () => {
  equal(lex("x".repeat(MAX_LINE_BYTES - 1) + "\n")[0]?.kind, "line");
  equal(lex("x".repeat(MAX_LINE_BYTES) + "\n")[0]?.kind, "too_long");
  equal(lex(`"${"\n".repeat(MAX_LINE_BYTES)}`)[0]?.kind, "too_long", "an open quote is bounded too");
});

Deno.test("LineLexer tells whether a line has begun", () => {
  const lexer = new LineLexer();
  equal(lexer.isInsideLine, false);
  lexer.push(0x41);
  equal(lexer.isInsideLine, true);
  lexer.push(0x0a);
  equal(lexer.isInsideLine, false);
});
