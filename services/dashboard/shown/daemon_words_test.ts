import assert from "node:assert/strict";
import { daemonWords, inGerman } from "./daemon_words.ts";
import { Reader } from "./reader.ts";
import { DAEMON_SENTENCES_DE } from "./texts/daemon_sentences.ts";

const GERMAN = new Reader({ language: "de", locale: "de-DE" });
const ENGLISH = new Reader({ language: "en", locale: "en-GB" });

Deno.test("DAEMON_SENTENCES_DE has the same names on both sides, and no sentence twice", () => {
  const names = (text: string) => [...text.matchAll(/\{[=#]?\w+\}/g)].map(String).toSorted();
  for (const [english, german] of DAEMON_SENTENCES_DE) {
    assert.deepEqual(names(german), names(english), english);
  }
  const all = DAEMON_SENTENCES_DE.map(([english]) => english);
  assert.equal(new Set(all).size, all.length);
});

for (
  const [said, wanted] of [
    ["Study: the grid is gone, on battery", "Study: Das Netz ist weg, Akkubetrieb"],
    [
      "SIMULATED: Study: the charge of 9.5 % is at or below 10 %; pc, nas are told to shut down in 90 s unless the grid returns",
      "SIMULIERT: Study: die Ladung von 9,5\u00a0% ist bei 10\u00a0% oder darunter; pc, nas fahren in 90\u00a0s herunter, wenn das Netz nicht " +
      "zurückkommt",
    ],
    [
      "pc is told to shut down: Study: 5 min to empty is at or below 6 min",
      "pc fährt herunter: Study: 5 min bis leer sind 6 min oder weniger",
    ],
    ["the shutdown of pc is aborted: the grid is back", "pc ist abbestellt: das Netz ist zurück"],
    ["EcoFlow cloud up: 2 stations at host:1", "EcoFlows Cloud ist verbunden: 2 Stationen an host:1"],
    [
      '"pc" was never seen: a shutdown would reach nobody there',
      '"pc" wurde nie gesehen: Ein Befehl erreichte dort niemanden',
    ],
  ] as const
) {
  Deno.test(`daemonWords() says in German: ${said}`, () => {
    assert.deepEqual(daemonWords(GERMAN, said), { text: wanted, isEnglish: false });
  });
}

Deno.test("daemonWords() leaves what it does not know as it is, and marks it; English stays English", () => {
  const strange = "Study: the charge of 9 % is at or below what a later version calls its limit";
  assert.deepEqual(daemonWords(GERMAN, strange).isEnglish, true);
  assert.equal(daemonWords(ENGLISH, "pc stays up").text, "pc stays up");
  assert.equal(daemonWords(ENGLISH, strange).isEnglish, false);
});

Deno.test("inGerman() is done with a hostile text at once", () => {
  const began = performance.now();
  assert.equal(inGerman(`${"a: ".repeat(160)}; is told to shut down in ${"9 ".repeat(80)}`), undefined);
  assert.ok(performance.now() - began < 500, `${performance.now() - began} ms`);
});
