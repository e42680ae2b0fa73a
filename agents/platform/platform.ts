/** What an agent must know of the system it runs on. The three systems are in the files beside this one. Pure. */

/** A program with its arguments; never a shell line. */
export type Argv = readonly string[];

/** Asks the system whether it still counts: somebody at the host may have undone it. */
export interface CountProbe {
  /** The program; it changes nothing while the system counts. @param leftSec Until the host goes off, 1 or more */
  readonly argv: (leftSec: number) => Argv;
  /** The exit code that means that nobody counts any more. Every other one proves nothing. */
  readonly undoneCode: number;
  /** Run after that code, where the question itself has begun a count. */
  readonly afterwards?: Argv;
}

/** How a host is switched off, by one system's own means. */
export interface HostPlatform {
  readonly name: "linux" | "darwin" | "windows";
  /**
   * Programs that make the system itself count down `delaySec` (1 or more) and switch off, to be tried in order until
   * one ends with 0. Empty: it cannot, the agent counts by itself.
   */
  readonly schedule: (delaySec: number, wallMs: number) => readonly Argv[];
  /** Calls a scheduled shutdown off. */
  readonly cancel: Argv;
  /** The exit code of a program of `schedule` when somebody else's count is in the way: it wants `cancel` first. */
  readonly otherCountCode?: number;
  /** The exit code of `cancel` when there is nothing to undo, because others did. */
  readonly nothingToCancelCode?: number;
  /** The exit code of a program of `powerOffNow` when the system is on its way down already. */
  readonly goingDownCode?: number;
  /** What else its programs' exit codes mean, for a person. */
  readonly codeTexts?: ReadonlyMap<number, string>;
  /** Absent: the system cannot be asked. */
  readonly probe?: CountProbe;
  /** Programs that switch off now, to be tried in order until one ends with 0. */
  readonly powerOffNow: readonly Argv[];
  /** Programs that write the memory to disk and switch off; undefined: this system has no such program. */
  readonly hibernateNow?: readonly Argv[];
  /** Runs one line in the system's shell, for owners who ask for it. */
  readonly shell: (line: string) => Argv;
  /** Runs one line in PowerShell, whose errors make it fail; undefined: there is none. */
  readonly powershell?: (line: string) => Argv;
}

/** Shown to whoever sits at the host. */
export const FAREWELL = "ecoflow-agent: the battery is running out";
