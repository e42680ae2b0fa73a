/** What an agent must know of the system it runs on. The three systems are in the files beside this one. Pure. */

/** A program with its arguments; never a shell line. */
export type Argv = readonly string[];

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
