import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shellLauncher } from "./launcher.ts";

/** Runs the launcher beside a runtime that says what it was given. */
function launched(environment: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-launcher-"));
  try {
    mkdirSync(join(dir, "runtime"));
    const runtime = join(dir, "runtime", "it");
    writeFileSync(runtime, '#!/bin/sh\necho "$DENO_DIR"\n');
    const launcher = join(dir, "it");
    writeFileSync(launcher, shellLauncher({ name: "it", flags: [] }));
    for (const path of [runtime, launcher]) chmodSync(path, 0o755);
    const { stdout } = new Deno.Command(launcher, {
      env: { PATH: "/usr/bin:/bin", ...environment },
      clearEnv: true,
    }).outputSync();
    return new TextDecoder().decode(stdout).trim();
  } finally {
    rmSync(dir, { recursive: true });
  }
}

Deno.test("shellLauncher() keeps what the runtime finds out where systemd lets the program write, and nowhere else", () => {
  assert.equal(launched({ STATE_DIRECTORY: "/var/lib/it" }), "/var/lib/it/runtime_cache");
  assert.equal(launched({}), "/nonexistent");
  assert.equal(launched({ STATE_DIRECTORY: "/var/lib/it", DENO_DIR: "/own" }), "/own");
});
