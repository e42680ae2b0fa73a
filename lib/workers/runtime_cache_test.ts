import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CACHE_DIR, proveCache, UNPROVEN } from "./runtime_cache.ts";

Deno.test("proveCache() takes the mark out of a cache of ours, and touches no other folder", () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-cache-"));
  try {
    for (const name of [CACHE_DIR, "other"]) {
      mkdirSync(join(dir, name));
      writeFileSync(join(dir, name, UNPROVEN), "");
      proveCache(join(dir, name));
    }
    assert.equal(existsSync(join(dir, CACHE_DIR, UNPROVEN)), false);
    assert.equal(existsSync(join(dir, "other", UNPROVEN)), true);
    proveCache(join(dir, CACHE_DIR));
    proveCache(join(dir, "not there", CACHE_DIR));
    proveCache(undefined);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
