/** Memory and processor time of a running process, as Linux accounts them. */

/** Proportional set size of one process, MB of 1,000,000 bytes. */
export function pssMegabytes(pid: number): number {
  return rollup(pid, "Pss");
}

/** What it shares with no file and nobody else, MB of 1,000,000 bytes: heaps, stacks, changed pages. */
export function anonMegabytes(pid: number): number {
  return rollup(pid, "Anonymous");
}

function rollup(pid: number, name: string): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text);
  if (!match) throw new Error(`Cannot read the memory of process ${pid}: no ${name} in smaps_rollup`);
  return Number(match[1]) * 1024 / 1e6;
}

/** Processor time that a process has used so far, s. Linux counts it in hundredths. */
export function cpuSeconds(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The second field, the program's name, may hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
