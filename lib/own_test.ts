import assert from "node:assert/strict";
import { own, put } from "./own.ts";

/** Names that every object answers to. */
const INHERITED = ["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf", "__defineGetter__"];

for (const name of INHERITED) {
  Deno.test(`own() finds nothing under ${name} until put() puts something there`, () => {
    const record: Record<string, number> = { other: 1 };
    assert.equal(own(record, name), undefined);
    put(record, name, 7);
    assert.equal(own(record, name), 7);
    assert.deepEqual(Object.entries(record), [["other", 1], [name, 7]]);
    // As it reaches a worker.
    assert.equal(own(structuredClone(record), name), 7);
  });
}
