/**
 * Programs as they are on a Pi: from an executable that nothing else uses, since pages shared with this bench would count half; and in a
 * control group of their own, where root may make one, so that the kernel counts what is theirs.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** Where the kernel keeps control groups of memory, with the file that tells how much one holds: its first form, then its second. */
export const GROUP_FORMS = [
  { root: "/sys/fs/cgroup/memory", file: "memory.usage_in_bytes" },
  { root: "/sys/fs/cgroup", file: "memory.current" },
] as const;

/** How the groups of this bench are called; the process number of their program follows. */
export const GROUP_PREFIX = "ecoflow-bench-";

/** Of a bench's directory; its process number follows, and a dash. */
const DIR_PREFIX = "ecoflow-own-";

let dir: string | undefined;
const copies = new Map<string, string>();
const wrapped = new Map<string, string>();
let isRootSought = false;
let root: string | undefined;

/** A copy of an executable, the same one each time; gone with this process. */
export function copyOf(path: string): string {
  const known = copies.get(path);
  if (known !== undefined) return known;
  const copy = join(ownDir(), basename(path));
  copyFileSync(path, copy);
  chmodSync(copy, 0o755);
  copies.set(path, copy);
  return copy;
}

/**
 * What starts a program in a new control group. Its executable's pages are forgotten before, so that they count as the new group's: a
 * start takes as long as the first one after a boot.
 *
 * @param forget Files whose pages are forgotten; the program itself when absent
 */
export function inOwnGroup(path: string, forget: readonly string[] = [path]): string {
  const known = wrapped.get(path);
  if (known !== undefined) return known;
  const wrapper = join(ownDir(), `${basename(path)}-in-group-${wrapped.size}`);
  const groups = groupRoot();
  writeFileSync(
    wrapper,
    [
      "#!/bin/sh",
      // What is not on the disk yet cannot be forgotten.
      ...forget.map((file) =>
        `sync ${quoted(file)}; dd if=${quoted(file)} iflag=nocache count=0 status=none`
      ),
      ...(groups === undefined ? [] : [
        `group=${quoted(`${groups}/${GROUP_PREFIX}`)}$$`,
        'mkdir -p "$group" && echo $$ >"$group/cgroup.procs"',
      ]),
      `exec ${quoted(path)} "$@"`,
      "",
    ].join("\n"),
    { mode: 0o755 },
  );
  wrapped.set(path, wrapper);
  return wrapper;
}

/** Deno for the product's own programs, from their sources. */
export function ownRuntime(): string {
  return inOwnGroup(copyOf(Deno.execPath()));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function ownDir(): string {
  if (dir !== undefined) return dir;
  removeLeftovers();
  const made = mkdtempSync(join(tmpdir(), `${DIR_PREFIX}${Deno.pid}-`));
  addEventListener("unload", () => {
    rmSync(made, { recursive: true, force: true });
    removeGroups();
  });
  return dir = made;
}

/** Where groups can be made here; undefined where they cannot. */
function groupRoot(): string | undefined {
  if (isRootSought) return root;
  isRootSought = true;
  for (const form of GROUP_FORMS) {
    const group = `${form.root}/${GROUP_PREFIX}${Deno.pid}`;
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    const counts = existsSync(`${group}/${form.file}`);
    rmdirSync(group);
    if (!counts) continue;
    root = form.root;
    removeGroups();
    return root;
  }
}

/** What a bench that broke off has left behind. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = new RegExp(`^${DIR_PREFIX}(\\d+)-`).exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}

/** Those whose program has ended. */
function removeGroups(): void {
  if (root === undefined) return;
  for (const name of readdirSync(root)) {
    if (!name.startsWith(GROUP_PREFIX)) continue;
    try {
      rmdirSync(`${root}/${name}`);
    } catch {
      // Its program still runs, or it is another bench's.
    }
  }
}
