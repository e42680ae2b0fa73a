import assert from "node:assert/strict";
import { bytes, characters, codeUnits, cut, fitText } from "./fit.ts";

const LINES = Array.from({ length: 20 }, (_, i) => `line ${String(i).padStart(2, "0")} ${"x".repeat(91)}`);

Deno.test("fitText() leaves alone what fits, up to the limit itself", () => {
  const text = "a".repeat(100);
  assert.equal(fitText(text, 100, characters), text);
  assert.notEqual(fitText(text, 99, characters), text);
});

Deno.test("fitText() leaves out the oldest lines, counts them, and keeps the end", () => {
  const shown = fitText(LINES.join("\n"), 1024, characters).split("\n");
  assert.equal(shown[0], "11 earlier ones are left out.");
  assert.deepEqual(shown.slice(1), LINES.slice(11));
});

Deno.test("fitText() counts on where lines were left out before", () => {
  const shown = fitText(["7 earlier ones are left out.", ...LINES].join("\n"), 1024, characters).split("\n");
  assert.equal(shown[0], "18 earlier ones are left out.");
  assert.equal(shown.at(-1), LINES.at(-1));
});

Deno.test("fitText() cuts the end of one line that is too long alone", () => {
  assert.equal(fitText("x".repeat(200), 50, characters), `${"x".repeat(49)}…`);
  const shown = fitText(`first\n${"y".repeat(200)}`, 60, characters);
  assert.equal(shown, `1 earlier one is left out.\n${"y".repeat(32)}…`);
});

const measures = { characters, codeUnits, bytes };
for (const [name, measure] of Object.entries(measures)) {
  Deno.test(`fitText() and cut() stay within the limit in ${name}, and cut no character in two`, () => {
    const text = Array.from({ length: 40 }, (_, i) => `${i} ⚠ Büro 🔋 ${"ß𝄞".repeat(i)}`).join("\n");
    for (let limit = 50; limit < 1500; limit += 7) {
      for (const shown of [fitText(text, limit, measure), cut(text, limit, measure)]) {
        assert.ok(measure(shown) <= limit, `${measure(shown)} of ${limit}`);
        assert.equal(shown.isWellFormed(), true);
      }
    }
  });
}
