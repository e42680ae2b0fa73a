import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CACHE_DIR, UNPROVEN } from "../../lib/workers/runtime_cache.ts";
import { shellLauncher } from "./launcher.ts";

/** A launcher beside a runtime that says what it was given. */
function withLauncher(
  body: (
    launched: (environment: Readonly<Record<string, string>>, ...args: readonly string[]) => string,
    dir: string,
  ) => void,
  says = '"$DENO_DIR"',
): void {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-launcher-"));
  try {
    mkdirSync(join(dir, "runtime"));
    const runtime = join(dir, "runtime", "it");
    writeFileSync(runtime, `#!/bin/sh\n[ "$1" != cache ] || echo "$DENO_DIR $*" >>ahead\necho ${says}\n`);
    const launcher = join(dir, "it");
    writeFileSync(
      launcher,
      shellLauncher({ name: "it", flags: [], ahead: ["main.js", "services/*/worker.js"] }),
    );
    for (const path of [runtime, launcher]) chmodSync(path, 0o755);
    body((environment, ...args) => {
      const { stdout, stderr } = new Deno.Command(launcher, {
        args: [...args],
        env: { PATH: "/usr/bin:/bin", ...environment },
        clearEnv: true,
      }).outputSync();
      assert.equal(new TextDecoder().decode(stderr), "");
      return new TextDecoder().decode(stdout).trim();
    }, dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const NOWHERE = "/dev/null/none";

Deno.test("shellLauncher() keeps what the runtime finds out in the daemon's state directory", () =>
  withLauncher((launched, dir) => {
    const state = join(dir, "state");
    const cache = join(state, CACHE_DIR);
    mkdirSync(state);
    assert.equal(launched({ STATE_DIRECTORY: state }, "run", "--env", "x"), cache);
    assert.equal(statSync(cache).mode & 0o777, 0o700);
    assert.equal(
      launched({ STATE_DIRECTORY: `${state}:/another` }, "run"),
      cache,
      "of several, the first is ours",
    );
    assert.equal(launched({ STATE_DIRECTORY: state, DENO_DIR: "/own" }, "run"), "/own");
    assert.equal(launched({}, "run"), NOWHERE);
  }));

Deno.test("shellLauncher() keeps nothing for other commands: systemd runs some as root before the daemon", () =>
  withLauncher((launched, dir) => {
    for (const args of [["broker", "files"], ["doctor"], []]) {
      assert.equal(launched({ STATE_DIRECTORY: dir }, ...args), NOWHERE);
    }
    assert.equal(existsSync(join(dir, CACHE_DIR)), false);
  }));

Deno.test("shellLauncher() drops what a start left that did not come to READY, and what it cannot use", () =>
  withLauncher((launched, dir) => {
    const cache = join(dir, CACHE_DIR);
    const kept = join(cache, "kept");
    const start = () => launched({ STATE_DIRECTORY: dir }, "run");
    start();
    writeFileSync(kept, "");
    rmSync(join(cache, UNPROVEN));
    assert.equal(start(), cache);
    assert.equal(existsSync(kept), true, "the start before came to READY");
    assert.equal(start(), cache);
    assert.equal(existsSync(kept), false, "the start before did not");
    rmSync(cache, { recursive: true });
    // A state directory in which nothing can be made, even by root.
    writeFileSync(cache, "");
    assert.equal(start(), NOWHERE);
    assert.equal(launched({ STATE_DIRECTORY: "/dev/null" }, "run"), NOWHERE);
  }));

Deno.test("shellLauncher() tells the daemon which start of the system this is, where nobody else did", () =>
  withLauncher(
    (launched) => {
      const ofKernel = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
      assert.equal(launched({}, "run"), ofKernel);
      assert.equal(launched({ BOOT_ID: "of systemd" }, "run"), "of systemd");
      assert.equal(launched({}, "doctor"), "none");
    },
    '"${BOOT_ID:-none}"',
  ));

Deno.test("shellLauncher() has the bundle read ahead once, again after an upgrade, and not after a start that failed", () =>
  withLauncher((launched, dir) => {
    mkdirSync(join(dir, "services/a"), { recursive: true });
    for (const file of ["main.js", "services/a/worker.js"]) writeFileSync(join(dir, file), "");
    const cache = join(dir, CACHE_DIR);
    const line =
      `${cache} cache --quiet --no-config --no-lock --no-npm --no-remote main.js services/a/worker.js\n`;
    const ahead = () => existsSync(join(dir, "ahead")) ? readFileSync(join(dir, "ahead"), "utf8") : "";
    const start = (environment = {}) => launched({ STATE_DIRECTORY: dir, ...environment }, "run");
    const proven = () => rmSync(join(cache, UNPROVEN));
    start({ DENO_DIR: "/own" });
    assert.equal(ahead(), "", "somebody else's cache");
    proven();
    assert.equal(start(), cache);
    assert.equal(ahead(), line);
    proven();
    start();
    assert.equal(ahead(), line, "it is read");
    start();
    assert.equal(ahead(), line, "the start before did not come to READY: the next one waits for nothing");
    proven();
    start();
    assert.equal(ahead(), line + line);
    proven();
    // A package brings files with their own times; when they came is what counts.
    utimesSync(join(cache, "read_ahead"), 1, 1);
    start();
    assert.equal(ahead(), line + line + line);
    launched({ STATE_DIRECTORY: dir }, "doctor");
    assert.equal(ahead(), line + line + line);
  }));
