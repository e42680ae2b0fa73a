/** Memory and processor time of a running process, as Linux accounts them. */
import { GROUP_FORMS, GROUP_PREFIX } from "./own_program.ts";

/** What one process holds, MB of 1,000,000 bytes. */
export interface Memory {
  /** Proportional set size: shared pages count by their share. */
  readonly pss: number;
  /** What it shares with no file and nobody else: heaps, stacks, changed pages. */
  readonly anon: number;
  /** What the kernel counts for its control group, pages of files that it read among them; undefined without one of its own. */
  readonly group: number | undefined;
}

/**
 * Looks at it.
 *
 * @throws Error when it runs from this bench's own executable: pages shared with the bench count half, and on a Pi whole
 */
export function memoryOf(pid: number): Memory {
  if (Deno.readLinkSync(`/proc/${pid}/exe`) === Deno.realPathSync(Deno.execPath())) {
    throw new Error(
      `Cannot compare the memory of process ${pid}: it must have an executable of its own (ownRuntime())`,
    );
  }
  return { pss: rollup(pid, "Pss"), anon: rollup(pid, "Anonymous"), group: groupMegabytes(pid) };
}

/** The head of {@link memoryText}'s column. */
export const MEMORY_HEAD = "Pss / anonymous / cgroup, MB";

/** As a table's cell. */
export function memoryText({ pss, anon, group }: Memory, digits = 0): string {
  return [pss, anon, group].map((value) => groupText(value, digits)).join(" / ");
}

/** A control group's memory, which cannot be had everywhere. */
export function groupText(megabytes: number | undefined, digits: number): string {
  return megabytes === undefined ? "not here" : megabytes.toFixed(digits);
}

function rollup(pid: number, name: string): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text);
  if (!match) throw new Error(`Cannot read the memory of process ${pid}: no ${name} in smaps_rollup`);
  return Number(match[1]) * 1024 / 1e6;
}

function groupMegabytes(pid: number): number | undefined {
  const groups = Deno.readTextFileSync(`/proc/${pid}/cgroup`);
  const [, name] = new RegExp(`^\\d+:(?:memory)?:/(${GROUP_PREFIX}\\S+)$`, "m").exec(groups) ?? [];
  if (name === undefined) return undefined;
  for (const { root, file } of GROUP_FORMS) {
    try {
      return Number(Deno.readTextFileSync(`${root}/${name}/${file}`)) / 1e6;
    } catch {
      // The other form.
    }
  }
}

/** Processor time that a process has used so far, s. Linux counts it in hundredths. */
export function cpuSeconds(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The second field, the program's name, may hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
