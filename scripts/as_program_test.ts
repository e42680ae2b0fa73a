import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { usageOf } from "./as_program.ts";

const DIR = fileURLToPath(new URL(".", import.meta.url));
const SCRIPTS = readdirSync(DIR, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".ts") && !name.endsWith("_test.ts") &&
  readFileSync(join(DIR, name), "utf8").includes("asProgram(import.meta.url")
);

Deno.test("every script whose command line node's parseArgs reads tells how it is called", () => {
  const parsing = readdirSync(DIR, { recursive: true, encoding: "utf8" }).filter((name) => {
    if (!name.endsWith(".ts") || name.endsWith("_test.ts")) return false;
    const text = readFileSync(join(DIR, name), "utf8");
    return text.includes("import.meta.main") && /parseArgs|buildAll/.test(text);
  });
  // These two tell it in words of their own.
  const own = ["flash.ts", "simulate.ts"];
  assert.deepEqual(parsing.filter((name) => !own.includes(name)).sort(), SCRIPTS.toSorted());
  assert.ok(SCRIPTS.length >= 9, SCRIPTS.join());
});

for (const name of SCRIPTS) {
  Deno.test(`${name} says with --help how it is called, and with a wrong word that, too, without a stack`, async () => {
    const usage = usageOf(readFileSync(join(DIR, name), "utf8"));
    assert.match(usage, /^Run: /m);
    const run = (arg: string) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--allow-all", join(DIR, name), arg],
        env: { NO_COLOR: "1" },
      }).output();
    const [help, wrong] = [await run("--help"), await run("--no-such-word")];
    assert.equal(help.code, 0);
    assert.equal(new TextDecoder().decode(help.stdout).trim(), usage);
    const said = new TextDecoder().decode(wrong.stderr);
    assert.equal(wrong.code, 64, said);
    assert.match(said, /'--no-such-word'/);
    assert.doesNotMatch(said, /^\s+at /m);
  });
}
