import assert from "node:assert/strict";
import { circlesIn } from "./circles.ts";

const rows: readonly [name: string, graph: Record<string, string[]>, circles: string[][]][] = [
  ["none in a line", { a: ["b"], b: ["c"], c: [] }, []],
  ["none in a diamond", { a: ["b", "c"], b: ["d"], c: ["d"], d: [] }, []],
  ["two files", { a: ["b"], b: ["a"] }, [["a", "b"]]],
  ["a file that imports itself", { a: ["a"] }, [["a"]]],
  ["three behind a way in", { main: ["a"], a: ["b"], b: ["c"], c: ["a"] }, [["a", "b", "c"]]],
  ["two apart", { a: ["b"], b: ["a", "c"], c: ["d"], d: ["c"] }, [["c", "d"], ["a", "b"]]],
  ["nothing through a package", { a: ["npm:x"], b: ["a"] }, []],
];
for (const [name, graph, circles] of rows) {
  Deno.test(`circlesIn() finds ${name}`, () => {
    assert.deepEqual(circlesIn(new Map(Object.entries(graph))), circles);
  });
}
