import assert from "node:assert/strict";
import { posix } from "node:path";
import { absolutePath, directoryOf } from "./paths.ts";

const PATHS = [
  ...[
    "",
    ".",
    "..",
    "a",
    "a/b",
    "a/b/c",
    "./a",
    "../a",
    "a/..",
    "a/../..",
    "a//b",
    "a/b/",
    "a/b//",
    "a/./b",
    ".env",
    "a.",
  ],
  ...[
    "/",
    "//",
    "/a",
    "/a/",
    "/a/b",
    "/a//b",
    "//a",
    "//a/b",
    "/..",
    "/../a",
    "/a/../b",
    "/etc/ecoflow-power/x.env",
    "ä/ö b",
  ],
];

Deno.test("directoryOf() is Node's dirname()", () => {
  for (const path of PATHS) {
    // A path with two slashes before all others is another root for POSIX, and none for Linux.
    if (path.startsWith("//")) continue;
    // Node keeps a second slash between.
    assert.equal(directoryOf(path), posix.dirname(path).replace(/(.)\/+$/, "$1"), JSON.stringify(path));
  }
});

Deno.test("absolutePath() is Node's resolve()", () => {
  for (const path of PATHS) {
    for (const from of ["/", "/home/pi", "/a/"]) {
      assert.equal(absolutePath(path, () => from), posix.resolve(from, path), JSON.stringify([path, from]));
    }
  }
});

Deno.test("absolutePath() does not ask where it is for a path that is absolute", () => {
  assert.equal(
    absolutePath("/a/./b", () => {
      throw new Error("the directory is gone");
    }),
    "/a/b",
  );
});
