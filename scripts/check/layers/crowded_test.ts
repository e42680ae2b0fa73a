import assert from "node:assert/strict";
import { crowdedFolders, MOST_FILES } from "./crowded.ts";

const files = (folder: string, count: number, ending = ".ts") =>
  Array.from({ length: count }, (_, i) => `${folder}f${i}${ending}`);

const rows: readonly [name: string, paths: readonly string[], found: readonly string[]][] = [
  ["none at the limit", files("lib/", MOST_FILES), []],
  ["one file more", files("lib/", MOST_FILES + 1), ["lib"]],
  ["no tests", [...files("lib/", MOST_FILES), ...files("lib/", 20, "_test.ts")], []],
  ["each folder by itself", [...files("lib/", MOST_FILES), ...files("lib/log/", 5)], []],
  ["the root", files("", MOST_FILES + 1), ["."]],
];
for (const [name, paths, found] of rows) {
  Deno.test(`crowdedFolders() finds ${name}`, () => {
    assert.deepEqual(crowdedFolders(paths).map(({ folder }) => folder), found);
  });
}
