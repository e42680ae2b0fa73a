import assert from "node:assert/strict";
import { Pieces } from "./pieces.ts";

interface Thing {
  readonly step: string;
  readonly sinceMonoMs: number;
}

/** Pieces of things, of which only the step is news; `encoded` counts. */
function things() {
  let encoded = 0;
  const pieces = new Pieces<Thing>(
    ({ step, sinceMonoMs }, nowMonoMs) => {
      encoded++;
      return { step, age_ms: nowMonoMs - sinceMonoMs };
    },
    (a, b) => a.step === b.step,
  );
  return { pieces, encoded: () => encoded };
}

const two = (step = "idle") =>
  new Map<string, Thing>([["a", { step: "idle", sinceMonoMs: 100 }], ["b", { step, sinceMonoMs: 200 }]]);

Deno.test("Pieces.write() encodes anew only what is news, and says how old the rest is", () => {
  const { pieces, encoded } = things();
  assert.deepEqual(JSON.parse(pieces.write(two(), 1000)), {
    a: { step: "idle", age_ms: 900 },
    b: { step: "idle", age_ms: 800 },
  });
  assert.deepEqual(JSON.parse(pieces.write(two("commanded"), 3000)), {
    a: { noted_age_ms: 2000, step: "idle", age_ms: 900 },
    b: { step: "commanded", age_ms: 2800 },
  });
  assert.equal(encoded(), 3);
});

for (const [ageMs, isKept] of [[9_999, true], [10_000, false]] as const) {
  Deno.test(`Pieces.write() ${isKept ? "keeps" : "encodes anew"} a piece of ${ageMs} ms`, () => {
    const { pieces, encoded } = things();
    pieces.write(two(), 1000);
    pieces.write(two(), 1000 + ageMs);
    assert.equal(encoded(), isKept ? 2 : 4);
  });
}

const cases: readonly [name: string, next: ReadonlyMap<string, Thing>, isNews: boolean][] = [
  ["the same", two(), false],
  ["another step", two("commanded"), true],
  ["somebody new", new Map([...two(), ["c", { step: "idle", sinceMonoMs: 0 }]]), true],
  ["somebody gone", new Map([...two()].slice(1)), true],
  ["another name", new Map([["x", { step: "idle", sinceMonoMs: 0 }], ...[...two()].slice(1)]), true],
];
for (const [name, next, isNews] of cases) {
  Deno.test(`Pieces.isNews() of ${name}: ${isNews}`, () => {
    const { pieces } = things();
    pieces.write(two(), 1000);
    assert.equal(pieces.isNews(next), isNews);
  });
}

Deno.test("Pieces.write() forgets who is gone, and takes any name", () => {
  const { pieces } = things();
  pieces.write(two(), 1000);
  const odd = new Map([['"__proto__"', { step: "idle", sinceMonoMs: 0 }]]);
  assert.deepEqual(Object.keys(JSON.parse(pieces.write(odd, 2000))), ['"__proto__"']);
  assert.equal(pieces.isNews(odd), false);
});
