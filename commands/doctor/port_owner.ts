/** Which process listens at a TCP port of this machine, as the kernel's tables in /proc say. No program is started. */

/** A process. */
export interface PortOwner {
  readonly pid: number;
  /** The program's short name. */
  readonly name: string;
}

/** @returns undefined where nobody listens, or where this program may not look: only one with all permissions may */
export function ownerOfPort(port: number): PortOwner | undefined {
  try {
    const inodes = new Set(
      ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => listeningInodes(readText(path), port)),
    );
    if (inodes.size === 0) return undefined;
    for (const { name: pid } of Deno.readDirSync("/proc")) {
      if (/^\d+$/.test(pid) && holdsOneOf(pid, inodes)) {
        return { pid: Number(pid), name: readText(`/proc/${pid}/comm`).trim() || "a program" };
      }
    }
  } catch {
    // /proc is not there, or not for us.
  }
  return undefined;
}

/** Inodes of the sockets that listen at `port`, from the text of /proc/net/tcp. Pure. Source: proc_net_tcp(5), state 0A is LISTEN */
export function listeningInodes(table: string, port: number): string[] {
  return table.split("\n").slice(1).flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    const isIt = state === "0A" && parseInt(local.slice(local.lastIndexOf(":") + 1), 16) === port;
    return isIt && inode !== undefined ? [inode] : [];
  });
}

function holdsOneOf(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${name}`))?.[1];
      if (inode !== undefined && inodes.has(inode)) return true;
    }
  } catch {
    // It has ended, or belongs to another user.
  }
  return false;
}

function linkOf(path: string): string {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return "";
  }
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
