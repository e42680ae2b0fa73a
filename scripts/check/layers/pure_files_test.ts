import assert from "node:assert/strict";
import { impureLines } from "./pure_files.ts";

const rows: readonly [name: string, code: string, found: readonly string[]][] = [
  ["values in, values out", "export const twice = (n: number) => 2 * n;", []],
  ["a given time", "const day = new Date(nowWallMs).getUTCDate();", []],
  ["a type of the log", 'import type { LogLevel } from "../../../lib/log/log.ts";', []],
  ["a comment", "// not Date.now(), because it jumps", []],
  ["a clock", 'import { systemClock } from "../../lib/time/clock.ts";', ["the clock or the log"]],
  ["the present", "const now = Date.now();", ["the time"]],
  ["the present as a date", "const now = new Date();", ["the time"]],
  ["a file", "Deno.readTextFileSync(path)", ["Deno"]],
  ["chance", "crypto.randomUUID()", ["chance"]],
  ["a timer", "setTimeout(later, 5)", ["a timer"]],
];
for (const [name, code, found] of rows) {
  Deno.test(`impureLines() ${found.length > 0 ? "finds" : "allows"} ${name}`, () => {
    const pure = impureLines(`/** Decides. Pure. */\n${code}\n`);
    assert.deepEqual(pure.map(({ line, what }) => [line, what]), found.map((what) => [2, what]));
    assert.deepEqual(impureLines(`/** Wires. */\n${code}\n`), [], "a file that does not say so may");
  });
}
