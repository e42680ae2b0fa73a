import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

Deno.test("no file takes a URL's path for a file's path: a checkout may lie in a folder with a blank or an umlaut", () => {
  const found: string[] = [];
  for (const dir of ["agents", "commands", "lib", "proto", "scripts", "services"]) {
    for (const name of readdirSync(join(ROOT, dir), { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts") || name.endsWith("gen/assets.ts")) continue;
      const text = readFileSync(join(ROOT, dir, name), "utf8");
      if (/import\.meta\.url\)\s*\.pathname/.test(text)) found.push(`${dir}/${name}`);
    }
  }
  assert.deepEqual(found, [], "must use fileURLToPath()");
});
