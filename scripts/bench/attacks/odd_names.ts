/** Names that nobody expects, made from pieces that have broken programs before. */

const PIECES: readonly string[] = [
  ...Object.getOwnPropertyNames(Object.prototype),
  ...["prototype", "name", "length", "then", "toJSON", "NaN", "null", "undefined", "true", "0", "-1"],
  ...[
    "Stüdy",
    "Study\u200b",
    "Ѕtudy",
    "STUDY",
    "study ",
    "👨‍👩‍👧",
    "\u202eydutS",
    'a"b',
    "a'b",
    "<b>x</b>",
    "a\\b",
  ],
  ...["x".repeat(255), "ü".repeat(127), "a\tb", "a\u0007b", "$SYS", "..", "%2e", "a b", "{}", "[0]"],
];

/** So many different names that can be a level of an MQTT topic: the pieces alone, then several of them together. */
export function oddNames(count: number, random: () => number): readonly string[] {
  const names = new Set(PIECES);
  while (names.size < count) {
    const parts = Array.from(
      { length: 1 + Math.floor(random() * 3) },
      () => PIECES[Math.floor(random() * PIECES.length)],
    );
    const name = parts.join(["", "-", " "][Math.floor(random() * 3)]).slice(0, 255);
    if (!["/", "+", "#", "\u0000"].some((sign) => name.includes(sign))) names.add(name);
  }
  return [...names].slice(0, count);
}
