import assert from "node:assert/strict";
import { lineFinder, type PathStep } from "./toml_lines.ts";

const TEXT = `# first
top = 1
[a]
x = 1
  y.z = 2 # tail
"quoted key" = 3
[a."b.c"]
'single' = 4
[[list]]
n = 5
[list.inner]
m = 6
[[list]] # second
n = [
  7,
]
[[list.deep]]
k = 8
[[no.header.list]]
n = 9
[no.other]
p = 10
[late.inner]
q = 11
[late]
r.s.t = 12`;

const rows: readonly [path: readonly PathStep[], line: number][] = [
  [["top"], 2],
  [["a"], 3],
  [["a", "x"], 4],
  [["a", "y", "z"], 5],
  [["a", "quoted key"], 6],
  [["a", "b.c", "single"], 8],
  [["list", 0], 9],
  [["list", 0, "n"], 10],
  [["list", 0, "inner", "m"], 12],
  [["list", 1], 13],
  [["list", 1, "n", 0], 14],
  [["list", 1, "deep", 0, "k"], 18],
  [["a", "y"], 5],
  [["no"], 19],
  [["no", "header"], 19],
  [["no", "header", "missing"], 19],
  [["no", "header", "list", 1], 19],
  [["no", "other"], 21],
  [["late"], 25],
  [["late", "missing"], 25],
  [["late", "r", "s"], 26],
  [["list", 1, "deep", 1], 13],
  [["list", 2], 1],
  [["a", "missing"], 3],
  [["missing"], 1],
  [[], 1],
];
for (const [path, line] of rows) {
  Deno.test(`lineFinder() finds ${JSON.stringify(path)} in line ${line}`, () => {
    assert.equal(lineFinder(TEXT)(path), line);
    assert.equal(lineFinder(TEXT.replaceAll("\n", "\r\n"))(path), line);
  });
}
