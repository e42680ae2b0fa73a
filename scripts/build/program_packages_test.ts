import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Config,
  cutConfig,
  cutLock,
  type Lock,
  packagesInside,
  PAGE_PACKAGES,
  programTexts,
} from "./program_packages.ts";

const CONFIG: Config = {
  imports: { a: "npm:a@1.0.0", "@s/b": "npm:@s/b@2.0.0", tool: "npm:tool@3.0.0" },
  nodeModulesDir: "none",
  unstable: ["net"],
  compilerOptions: { strict: true },
};
const LOCK: Lock = {
  version: "5",
  specifiers: { "npm:a@1.0.0": "1.0.0", "npm:@s/b@2.0.0": "2.0.0", "npm:tool@3.0.0": "3.0.0" },
  npm: {
    "a@1.0.0": { dependencies: ["shared", "twice@2.0.0"] },
    "@s/b@2.0.0": { optionalDependencies: ["a"] },
    "shared@1.1.0": { dependencies: ["a"] },
    "tool@3.0.0": { dependencies: ["twice@1.0.0"] },
    "twice@1.0.0": {},
    "twice@2.0.0": {},
  },
  workspace: { dependencies: ["npm:a@1.0.0", "npm:@s/b@2.0.0", "npm:tool@3.0.0"] },
};

Deno.test("cutLock() keeps what is named and all that it needs, in the right version, and nothing else", () => {
  const { specifiers, npm, workspace } = cutLock(LOCK, ["@s/b"]);
  assert.deepEqual(Object.keys(specifiers), ["npm:@s/b@2.0.0"]);
  assert.deepEqual(Object.keys(npm), ["a@1.0.0", "@s/b@2.0.0", "shared@1.1.0", "twice@2.0.0"]);
  assert.deepEqual(workspace.dependencies, ["npm:@s/b@2.0.0"]);
});

Deno.test("cutConfig() keeps the named imports and how they are compiled, and refuses a name that is not there", () => {
  assert.deepEqual(cutConfig(CONFIG, ["a"]), { ...CONFIG, imports: { a: "npm:a@1.0.0" } });
  assert.throws(() => cutConfig(CONFIG, ["c"]), /Cannot build with package "c": deno.json has none/);
  const { npm: { "shared@1.1.0": _gone, ...npm }, ...rest } = LOCK;
  assert.throws(() => cutLock({ ...rest, npm }, ["a"]), /Cannot build with package "shared": not locked/);
});

for (const program of ["daemon", "agent"] as const) {
  Deno.test(`the ${program} is built with what deno.json and deno.lock say now: deno task gen:programs`, () => {
    for (const [path, text] of Object.entries(programTexts(program))) {
      assert.equal(Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url)), text, path);
    }
  });
}

Deno.test("PAGE_PACKAGES is what the dashboard's page imports, and it counts as inside of the daemon", () => {
  const dir = fileURLToPath(new URL("../../services/dashboard/page", import.meta.url));
  const found = new Set<string>();
  for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const text = readFileSync(join(dir, name), "utf8");
    for (const [, type, from = ""] of text.matchAll(/^import (type )?[^"]*"([^"]+)"/gm)) {
      if (type === undefined && !from.startsWith(".")) found.add(from);
    }
  }
  assert.deepEqual([...found].sort(), [...PAGE_PACKAGES].sort());
  for (const name of PAGE_PACKAGES) {
    assert.ok(Object.keys(packagesInside("daemon")).some((key) => key.startsWith(`${name}@`)), name);
    assert.ok(!Object.keys(packagesInside("agent")).some((key) => key.startsWith(`${name}@`)), name);
  }
});
