import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { TARGETS } from "./targets.ts";
import { checkIntegrity, fetchRuntime, RUNTIME_VERSION, RUNTIMES } from "./runtime.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));

Deno.test("RUNTIMES has every target, each with an integrity of its own", () => {
  const all = TARGETS.map((target) => RUNTIMES[target].integrity);
  assert.equal(new Set(all).size, TARGETS.length);
  for (const integrity of all) assert.match(integrity, /^sha512-[A-Za-z0-9+/]{86}==$/);
});

Deno.test("RUNTIME_VERSION is the version that the checks and the README name", () => {
  assert.ok(read(".github/workflows/checks.yml").includes(`deno-version: ${RUNTIME_VERSION}`));
  assert.ok(read("README.md").includes(`deno@${RUNTIME_VERSION}`));
});

Deno.test("checkIntegrity() takes the bytes that are named, and refuses one bit more or less", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  checkIntegrity(bytes, integrity, "it");
  assert.throws(() => checkIntegrity(new Uint8Array([1, 2, 2]), integrity, "it"), /must have integrity/);
  assert.throws(() => checkIntegrity(new Uint8Array(), integrity, "it"), /must have integrity/);
});

Deno.test("fetchRuntime() keeps nothing of a download that is another one than named", async () => {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response("forged"),
  );
  const cache = Deno.makeTempDirSync();
  const before = Deno.env.get("NPM_CONFIG_REGISTRY");
  Deno.env.set("NPM_CONFIG_REGISTRY", `http://127.0.0.1:${server.addr.port}/`);
  try {
    await assert.rejects(fetchRuntime("aarch64-unknown-linux-gnu", cache), /must have integrity/);
    assert.deepEqual([...Deno.readDirSync(cache)], []);
  } finally {
    if (before === undefined) Deno.env.delete("NPM_CONFIG_REGISTRY");
    else Deno.env.set("NPM_CONFIG_REGISTRY", before);
    await server.shutdown();
    Deno.removeSync(cache, { recursive: true });
  }
});
