import assert from "node:assert/strict";
import { parseEnv } from "node:util";
import { tokenizeEnv } from "./env_lines.ts";

/** Read as `node:util` does: what a person may know from other programs. */
const common = [
  "A=1\nB=two words \n\n# comment\n  C = 3 # note\nexport D=4\n",
  'A="one\ntwo"\nB=\'x "y" z\'\nC=`a\'b"c`\nD="a\\nb"\nE=\'a\\nb\'\n',
  'JSON=\'{\n  "Study": ["pc"]\n}\'\nAFTER=yes\n',
  'A=\nB=""\nC=\'\'\nD=a=b=c\nE=a"b\n',
  'A=1\r\nB="x\r\ny"\r\n',
  "A=\"x\" # note\nB='it#s' # more\nA=2\n",
];
for (const text of common) {
  Deno.test(`tokenizeEnv() reads ${JSON.stringify(text).slice(0, 50)} as node:util does`, () => {
    const { entries, problems } = tokenizeEnv(text);
    assert.deepEqual(problems, []);
    assert.deepEqual(Object.fromEntries(entries.map(({ key, value }) => [key, value])), {
      ...parseEnv(text),
    });
  });
}

/** What other programs cut, and a shell reads. */
const whole: readonly [text: string, value: string][] = [
  ["P=abc#123", "abc#123"],
  ["P='it'\\''s'", "it's"],
  ["P='a'\\'''\\''b' # note", "a''b"],
  ["\ufeffP=x", "x"],
  ["P=m$HOME$wor@d", "m$HOME$wor@d"],
  ['P="m$HOME${USER}x"', "m$HOME${USER}x"],
  ['P="m\\\\$HOME"', "m\\\\$HOME"],
  ["P=Pässwört✓👨‍👩‍👧", "Pässwört✓👨‍👩‍👧"],
  ["P=  x\t ", "x"],
  ["P='\u00a0abc '", "\u00a0abc "],
  ["P=a#", "a#"],
  ["P= # note", ""],
  ['X={"Study": ["pc"]}', '{"Study": ["pc"]}'],
  ["X=10 # percent", "10"],
  ["X=10 ## percent", "10"],
];
for (const [text, value] of whole) {
  Deno.test(`tokenizeEnv() reads ${JSON.stringify(text)} whole`, () => {
    const { entries, problems } = tokenizeEnv(`${text}\n`);
    assert.deepEqual([entries.map((entry) => entry.value), problems], [[value], []]);
  });
}

const refused: readonly [text: string, problem: RegExp][] = [
  ['P="abc"def', /^: has text after the closing "/],
  ["P='abc'#note", /^: has text after the closing '/],
  ['P="ab\\"cd"', /^: has text after the closing "/],
  ['X="{"Study": ["pc"]}"', /^: has text after the closing "/],
  [
    "MQTT_PASS=abc #123",
    /^: a "#" after a blank may begin a comment or belong to the value: put the value in '…'/,
  ],
  ["MQTT_PASS=abc # 123", /^: a "#" after a blank/],
  ["X=abc #123", /^: a "#" after a blank/],
  ["X=#abc", /^: a "#" after the =/],
  ['X={"Study #2": ["pc"]}', /^: a "#" after a blank/],
  ['MQTT_PASS="a\\nb"', /^: \\n in double quotes/],
  ["P=“abc”", /^: has typographic quotes/],
  ["P=\u00a0abc", /^: holds the invisible character U\+00A0/],
  ["P=ab\u200bc", /^: holds the invisible character U\+200B/],
  ["P=ab\u0007c", /^: holds the invisible character U\+0007/],
  ["P='ab\u0007c'", /^: holds the control character U\+0007/],
  ["P=ab\rc", /^: holds the invisible character U\+000D/],
  ["P=x\ufffd", /^: is no UTF-8 text: save it as UTF-8/],
  ["P\u0000=\u0000x\u0000", /^: is no UTF-8 text/],
  ["P='abc", /^: the quote ' is never closed/],
  ["P='abc'\\''d", /^: the quote ' is never closed/],
  ["hunter2", /^ must be KEY=value, found 7 characters without it/],
  ["\u00a0P=1", /^ must be KEY=value/],
];
for (const [text, problem] of refused) {
  Deno.test(`tokenizeEnv() refuses ${JSON.stringify(text)} and shows nothing of it`, () => {
    const { entries, problems } = tokenizeEnv(`A=1\n${text}\nZ=2\n`);
    assert.equal(problems.length, 1, JSON.stringify(problems));
    assert.match(problems[0]?.text ?? "", problem);
    assert.equal(problems[0]?.line, /UTF-8/.test(problem.source) ? 1 : 2);
    assert.doesNotMatch(problems[0]?.text ?? "", /abc|hunter2|Study/);
    const others = entries.map(({ key }) => key).filter((key) => key !== "A" && key !== "Z");
    assert.deepEqual(others, [], "what is refused has no value");
  });
}

Deno.test("tokenizeEnv() counts lines over quoted values", () => {
  const { entries } = tokenizeEnv("A=1\n\nB='x\ny\n'\nC=2");
  assert.deepEqual(entries.map(({ key, line, lastLine }) => [key, line, lastLine]), [
    ["A", 1, 1],
    ["B", 3, 5],
    ["C", 6, 6],
  ]);
});

Deno.test("tokenizeEnv() accounts for every character: what is read is in a value, or refused", () => {
  const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1e9);
  // deno-lint-ignore no-console
  console.log(`seed ${seed}`);
  let state = seed;
  const random = () => (state = (state * 48271 + 1) % 2147483647) / 2147483647;
  const alphabet = ["a", "7", "#", " ", "\t", "'", '"', "`", "\\", "n", "$", "=", "“", "\u00a0", "é", "🔑"];
  for (let i = 0; i < 5000; i++) {
    const raw = Array.from(
      { length: 1 + Math.floor(random() * 12) },
      () => alphabet[Math.floor(random() * 16)],
    ).join("");
    const { entries, problems } = tokenizeEnv(`MQTT_PASS=${raw}\nAFTER=1\n`);
    const value = entries.find(({ key }) => key === "MQTT_PASS")?.value;
    if (value === undefined) {
      assert.ok(problems.length > 0, JSON.stringify(raw));
      continue;
    }
    // Without the quoting, which is accounted for, nothing of the line is left.
    const left = raw.replace(/^[ \t]+|[ \t]+$/g, "");
    const readings = [
      left,
      left.slice(1, -1),
      left.slice(1, -1).replaceAll("'\\''", "'"),
      left.replace(/^(['"`])(.*)\1[ \t]+#.*$/, "$2"),
      left.replace(/^#([ \t#].*)?$/, ""),
    ];
    const shell = left.replace(/[ \t]+#.*$/, "").slice(1, -1).replaceAll("'\\''", "'");
    assert.ok(
      [...readings, shell].includes(value),
      `${JSON.stringify(raw)} was read as ${JSON.stringify(value)}`,
    );
  }
});
