import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeState } from "../../lib/state_lock.ts";
import { licences, requiresWhenCalled } from "./bundle.ts";

/** The `require` that a piece of a bundle hands to its packages. */
async function requireOf(script: string): Promise<(name: string) => unknown> {
  const piece = await import(`data:text/javascript,${encodeURIComponent(requiresWhenCalled(script))}`);
  return piece.load;
}

const PIECE =
  'import{createRequire as __deno_internal_createRequire}from"node:module";var m=__deno_internal_createRequire(import.meta.url);export{m as load};';

Deno.test("requiresWhenCalled() gives packages what the runtime has, and imports nothing for it", async () => {
  const load = await requireOf(PIECE);
  assert.equal((load("node:fs") as { existsSync: unknown }).existsSync, existsSync);
  assert.equal((load("fs") as { existsSync: unknown }).existsSync, existsSync);
  assert.ok(!requiresWhenCalled(PIECE).includes("node:module"));
});

Deno.test("requiresWhenCalled() throws for a package that is not there: those that can do without try, and go on", async () => {
  const load = await requireOf(PIECE);
  for (const name of ["bufferutil", "utf-8-validate", "supports-color"]) {
    assert.throws(() => load(name), new RegExp(`Cannot find module "${name}"`));
  }
});

Deno.test("requiresWhenCalled() leaves a piece without it alone", () => {
  const script = 'import{a}from"./chunk.js";a();';
  assert.equal(requiresWhenCalled(script), script);
});

for (const program of ["daemon", "agent"] as const) {
  Deno.test(`licences() has the texts of all that is inside of the ${program}: packages, the page's too, and the runtime's engine`, async () => {
    const text = await licences(program);
    for (
      const wanted of [/^ecoflow-power$/m, /^mqtt \d/m, /the V8 project authors/, /^UNICODE LICENSE V3$/m]
    ) {
      assert.match(text, wanted);
    }
    assert.equal(/^uplot \d[\s\S]*Copyright \(c\) \d+ Leon Sorokin/m.test(text), program === "daemon");
  });
}

Deno.test("holderOfState() in a minified bundle lets go of the directory that it looked at: a daemon can start beside who looks", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-look-"));
  try {
    const lock = new URL("../../lib/state_lock.ts", import.meta.url).href;
    const source = join(dir, "look.ts");
    const wait = "await new Promise((resolve) => setTimeout(resolve, 60_000));";
    writeFileSync(
      source,
      `import { holderOfState } from "${lock}";\nconsole.log(holderOfState(Deno.args[0] ?? "").kind);\n${wait}\n`,
    );
    const mine = takeState(dir);
    assert.equal(mine.kind, "mine");
    if (mine.kind === "mine") mine.release();
    const bundled = join(dir, "look.js");
    const args = ["bundle", "--quiet", "--platform", "deno", "--minify", "--output", bundled, source];
    assert.ok((await new Deno.Command(Deno.execPath(), { args, stdout: "null" }).output()).success);
    const looking = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-config", "--allow-read", bundled, dir],
      stdout: "piped",
    }).spawn();
    try {
      for await (const said of looking.stdout.values({ preventCancel: true })) {
        assert.equal(new TextDecoder().decode(said), "free\n");
        break;
      }
      const taken = takeState(dir);
      assert.equal(taken.kind, "mine");
      if (taken.kind === "mine") taken.release();
    } finally {
      looking.kill("SIGKILL");
      await Promise.all([looking.status, looking.stdout.cancel()]);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
