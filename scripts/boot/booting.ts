/** Boots a folder with systemd-nspawn. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Where systemd keeps its control groups: on a machine with both forms, and with the second alone. */
const GROUPS = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup"] as const;
const IN_GROUP = 'group=$1; shift; mkdir "$group" && echo $$ >"$group/cgroup.procs"; exec "$@"';

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
  const group = join(GROUPS.find(existsSync) ?? GROUPS[0], `ecoflow-boot-${crypto.randomUUID()}`);
  const child = new Deno.Command("sh", {
    args: [
      ...["-c", IN_GROUP, "sh", group],
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
  return { kill: (signal) => child.kill(signal), ended: child.status.then(() => removeGroup(group)) };
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
