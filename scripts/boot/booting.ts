/** Boots a folder with systemd-nspawn. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Where systemd keeps its control groups: on a machine with both forms, in both of them; else in the second alone. */
const BOTH = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"] as const;
const SECOND = ["/sys/fs/cgroup"] as const;
const IN_GROUPS =
  'for group in $1; do mkdir "$group" && echo $$ >"$group/cgroup.procs"; done; shift; exec "$@"';

/** A system that is up until it ends by itself or is killed. */
export interface Booting {
  /** SIGTERM ends the system; killed at once it would leave its processes behind. */
  kill(signal: Deno.Signal): void;
  /** When it has ended. */
  readonly ended: Promise<void>;
}

/**
 * Boots it, in a control group of its own: two systems in one group end each other's services, and one that is to be started again
 * runs on (`Failed to kill control group: Input/output error`).
 *
 * @param root A folder with a whole Debian
 * @param more Arguments of systemd-nspawn
 */
export function bootFolder(root: string, more: readonly string[] = []): Booting {
  const name = `ecoflow-boot-${crypto.randomUUID()}`;
  const groups = (BOTH.every(existsSync) ? BOTH : SECOND).map((place) => join(place, name));
  const child = new Deno.Command("sh", {
    args: [
      ...["-c", IN_GROUPS, "sh", groups.join(" ")],
      ...[
        "systemd-nspawn",
        "--quiet",
        "-D",
        root,
        "--boot",
        "--register=no",
        "--keep-unit",
        "--console=pipe",
      ],
      ...more,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    kill: (signal) => child.kill(signal),
    ended: child.status.then(() => groups.forEach(removeGroup)),
  };
}

/** From the innermost on; one in which something still runs stays. */
function removeGroup(group: string): void {
  if (!existsSync(group)) return;
  for (const { name, isDirectory } of Deno.readDirSync(group)) {
    if (isDirectory) removeGroup(join(group, name));
  }
  try {
    Deno.removeSync(group);
  } catch {
    // It says nothing of the boot.
  }
}
