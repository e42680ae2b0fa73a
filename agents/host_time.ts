/** Time as the host has it: since its start, sleep included, and which start it was. */
import type { Clock } from "../lib/time/clock.ts";

/**
 * A clock that wall-clock jumps do not move, that goes on while the host sleeps, and that an agent finds again after its
 * own restart.
 */
export interface HostTime {
  /** The same as long as the host was not started anew. */
  readonly bootId: string;
  /** Since that start, ms, sleep included; steps of a second. */
  readonly uptimeMs: () => number;
}

/** How exactly the start can be told from wall time and uptime on systems without a boot id, ms. */
const START_STEP_MS = 600_000;

/** In front of a start that was told from the clock: corrected, the clock may tell another one for the same start. */
const GUESSED = "started-";

/** Whether a boot id is the system's own, the same for as long as the host was not started anew. */
export function isCertain(bootId: string): boolean {
  return !bootId.startsWith(GUESSED);
}

/** The real host's. */
export function systemHostTime(clock: Clock): HostTime {
  return { bootId: readBootId(clock), uptimeMs: () => Deno.osUptime() * 1000 };
}

function readBootId(clock: Clock): string {
  try {
    const [kernel = "", process1 = ""] = readProc(["/proc/sys/kernel/random/boot_id", "/proc/1/stat"]);
    return `${kernel}-${startOf(process1)}`;
  } catch {
    // Windows and macOS: the start rounded, so that small corrections of the clock leave it alone. A larger jump looks
    // like a new start: a plan is then judged by its wall time, and a shutdown under way is not taken up again.
    const startMs = clock.wallMs() - Deno.osUptime() * 1000;
    return `${GUESSED}${Math.round(startMs / START_STEP_MS) * START_STEP_MS}`;
  }
}

/** For rehearsals and simulations, which may run on scaled time: each run of the agent is a host that was just started. */
export function rehearsedHostTime(clock: Clock, random: () => number): HostTime {
  return { bootId: `rehearsal-${random()}`, uptimeMs: () => clock.monoMs() };
}

/** The first line of each file. Deno opens /proc only to programs that may do everything, so `cat` reads it. */
function readProc(paths: readonly string[]): string[] {
  const { success, stdout } = new Deno.Command("cat", { args: [...paths], stderr: "null" }).outputSync();
  if (!success) throw new Error("Cannot read /proc");
  return new TextDecoder().decode(stdout).split("\n");
}

/**
 * When a process began, in ticks since the kernel's start (proc_pid_stat(5), field 22). A container that is started anew
 * has the kernel's old boot id, but a new process 1.
 *
 * @param stat Text of `/proc/PID/stat`; the program's name in it may hold blanks and brackets
 */
export function startOf(stat: string): string {
  const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const start = afterName[19];
  if (start === undefined || !/^\d+$/.test(start)) throw new SyntaxError("Cannot read when process 1 began");
  return start;
}
