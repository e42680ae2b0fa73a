/** What starts a program that is a runtime with our bundle beside it. Pure. */
import { CACHE_DIR, UNPROVEN } from "../../lib/workers/runtime_cache.ts";

/** No cache, no download, no package, no configuration of somebody else's at run time. */
export const RUN_FLAGS = [
  "run",
  "--quiet",
  "--no-config",
  "--no-lock",
  "--no-npm",
  "--no-remote",
  "--cached-only",
  // With a code cache 35 to 70 MB more stayed in memory in some runs, and it would want a place to write to.
  "--no-code-cache",
  "--unstable-worker-options",
  "--unstable-net",
] as const;

/** What a launcher runs. */
export interface Launch {
  /** The folder with `main.js` and `runtime/`; absent: the one that the launcher itself lies in. */
  readonly dir?: string;
  /** The program's name: the runtime has it too, so that a list of processes shows it. */
  readonly name: string;
  /** The permissions and everything else that a compiled program would have baked in. */
  readonly flags: readonly string[];
  /** Set where it is not set already. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What `run` loads, as patterns beside `main.js`: read once ahead after an upgrade, by a process that ends; nothing when absent. */
  readonly ahead?: readonly string[];
}

/** What the daemon's `run` loads of its bundle. */
export const DAEMON_AHEAD = [
  "main.js",
  "run-*.js",
  "services/*/worker.js",
  "services/onlookers_worker.js",
] as const;

/** In the cache: the bundle was read ahead at this time, or it was tried. */
const READ_AHEAD = "read_ahead";
/** The daemon does not wait longer for it, s. */
const READ_AHEAD_SEC = 20;

/** For Linux and macOS. It becomes the runtime (`exec`): the service manager sees one process. */
export function shellLauncher({ dir, name, flags, environment = {}, ahead }: Launch): string {
  const words = [...RUN_FLAGS, ...flags].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const set = Object.entries(environment).map(([key, value]) => `export ${key}="\${${key}:-${value}}"\n`)
    .join("");
  const here = dir ?? '$(dirname "$(readlink -f "$0")")';
  const bootId = "/proc/sys/kernel/random/boot_id";
  return `#!/bin/sh
# The official Deno runtime with one bundled program.
here="${here}"
# What the runtime finds out of the bundle is kept where systemd lets the daemon write: without it a start takes more memory, and keeps
# it. For the daemon alone: root's commands would leave files that it cannot use. Of a start that did not come to READY nothing is
# kept, nor where nothing can be written: what is kept may be what is broken.
cache=
if [ "\${1:-}" = run ] && [ -n "\${STATE_DIRECTORY:-}" ]; then
    cache="\${STATE_DIRECTORY%%:*}/${CACHE_DIR}"
    unproven=
    if [ -e "$cache/${UNPROVEN}" ]; then rm -rf "$cache"; unproven=yes; fi
    mkdir -p -m 700 "$cache" 2>/dev/null && [ -O "$cache" ] && true 2>/dev/null >"$cache/${UNPROVEN}" || cache=
fi
${
    ahead === undefined
      ? ""
      : readAhead(name, ahead)
  }# Which start of the system this is, where nobody said it, as in a container: the daemon may not look.
if [ "\${1:-}" = run ] && [ -z "\${BOOT_ID:-}" ] && [ -r ${bootId} ]; then
    read -r BOOT_ID <${bootId} && export BOOT_ID
fi
# Nothing can be made below /dev/null, not even by root.
export DENO_DIR="\${DENO_DIR:-\${cache:-/dev/null/none}}" DENO_NO_UPDATE_CHECK=1
${set}exec "$here/runtime/${name}" ${words} "$here/main.js" "$@"
`;
}

/**
 * The runtime keeps the room in which it read what it had not read before: 13 MB for as long as it runs. So another process does that, after
 * an upgrade. Not after a start that did not come to READY: whatever is wrong, the next start must not take longer for it.
 */
function readAhead(name: string, ahead: readonly string[]): string {
  return `if [ -n "$cache" ] && [ -z "$unproven" ] && [ -z "\${DENO_DIR:-}" ] &&
    { [ ! -e "$cache/${READ_AHEAD}" ] || [ -n "$(find "$here/main.js" -cnewer "$cache/${READ_AHEAD}" 2>/dev/null)" ]; }; then
    (cd "$here" && DENO_DIR="$cache" DENO_NO_UPDATE_CHECK=1 timeout -k 1 ${READ_AHEAD_SEC} "runtime/${name}" \\
        cache --quiet --no-config --no-lock --no-npm --no-remote ${
    ahead.join(" ")
  }) >/dev/null 2>&1 </dev/null
    true 2>/dev/null >"$cache/${READ_AHEAD}"
fi
`;
}

/** For Windows, in the folder itself. */
export function commandLauncher({ name, flags }: Launch): string {
  const words = [...RUN_FLAGS, ...flags].join(" ");
  return `@"%~dp0runtime\\${name}.exe" ${words} "%~dp0main.js" %*\r\n`;
}
