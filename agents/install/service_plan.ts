/** What makes the agent a service of a system: files and programs, as data. Pure. */
import type { AgentPaths } from "../settings/paths.ts";
import type { Argv } from "../platform/platform.ts";

/** A file to write. */
export interface ServiceFile {
  readonly path: string;
  readonly text: string;
  /** Permission bits; Windows takes the folder's. */
  readonly mode: number;
}

/** One system's way. */
export interface ServicePlan {
  readonly files: readonly ServiceFile[];
  /** Run in order after the files are there; installing twice is no error. */
  readonly install: readonly Argv[];
  /** Run in order before the files are removed; each may fail, because it may be half removed already. */
  readonly uninstall: readonly Argv[];
  /** Run in order when the files are gone. */
  readonly uninstalled?: readonly Argv[];
  /** Prints how the service stands. */
  readonly status: Argv;
}

/** The program with the arguments that the service runs it with. @param program The words that run the agent */
export function serviceArgv(paths: AgentPaths, program: Argv = [paths.binary]): Argv {
  return [...program, "run", "--env", paths.envFile];
}
