import assert from "node:assert/strict";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import plugin from "./lint_names.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function faults(text: string, file = "services/x/y.ts"): string[] {
  return Deno.lint.runPlugin(plugin, file, text).map(({ range }) => text.slice(...range));
}

const SAMPLES: readonly [text: string, found: readonly string[]][] = [
  ["const a = keys[agent];", ["keys[agent]"]],
  ["const a = keys?.[agent];", ["keys?.[agent]"]],
  ["this.rules.stations[device] = rules;", ["this.rules.stations[device]"]],
  ["keys[`${name}_FILE`]++;", ["keys[`${name}_FILE`]"]],
  ["if (device in stations) go();", ["device in stations"]],
  ["const a = { x: 1 }[name];", ["{ x: 1 }[name]"]],
  ["const T: Readonly<Record<string, number>> = {}; const a = T[name];", ["T[name]"]],
  ["import { T } from './t.ts'; const a = T[name];", ["T[name]"]],
  ["const T = { x: 1 } as const; const a = T[name as keyof typeof T];", ["T[name as keyof typeof T]"]],
  ["const T = { x: 1 } as const; const a = T[kind]; const b = T[event.kind];", []],
  ["const a = list[0]; const b = list[i]; const c = list[list.length - 1]; const d = o['x'];", []],
  ["const a = own(keys, agent); const b = map.get(agent); if ('kind' in event) go();", []],
  ["const a = text[at++]; const b = list[names.indexOf(name)];", []],
];

for (const [text, found] of SAMPLES) {
  Deno.test(`names/own ${found.length > 0 ? "refuses" : "lets pass"}: ${text}`, () => {
    assert.deepEqual(faults(text), found);
  });
}

Deno.test("names/own leaves tests, makers' tools and schemas alone", () => {
  for (const file of ["lib/x_test.ts", "services/x/testdata/y.ts", "scripts/x.ts", "proto/x.ts"]) {
    assert.deepEqual(faults("const a = keys[agent];", file), []);
  }
});

Deno.test("no file of the product indexes a plain object with a name, the page of the dashboard included", () => {
  const found: string[] = [];
  let files = 0;
  for (const path of sourceFiles(ROOT)) {
    const file = relative(ROOT, path);
    const text = Deno.readTextFileSync(path);
    files++;
    for (const { range } of Deno.lint.runPlugin(plugin, file, text)) {
      const line = text.slice(0, range[0]).split("\n").length;
      found.push(`${file}:${line}: ${text.slice(...range)}`);
    }
  }
  assert.ok(files > 300, `only ${files} files were looked at`);
  assert.deepEqual(found, []);
});

function* sourceFiles(dir: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(dir)) {
    if (name.startsWith(".") || ["node_modules", "build", "gen", "state", "docs"].includes(name)) continue;
    const path = `${dir.replace(/\/$/, "")}/${name}`;
    if (isDirectory) yield* sourceFiles(path);
    else if (name.endsWith(".ts")) yield path;
  }
}
