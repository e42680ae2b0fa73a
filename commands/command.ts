/** What a subcommand is, and how it speaks to the terminal. */

import { typable } from "../lib/text/typable.ts";
import { wrap } from "../lib/text/wrap.ts";
import { installationHere } from "./terminal/installation.ts";

/** sysexits(3): what systemd and scripts see. 1: the command did its work, and the answer is no. */
export const EXIT = { ok: 0, no: 1, usage: 64, software: 70, config: 78 } as const;

/** What `--help` says of them. */
export const EXIT_CODES = "Exit codes: 0 done; 1 done, and the answer is no; 64 wrong command line; 70 a\n" +
  "fault of the program; 78 the configuration cannot be used.";

/** One subcommand of `ecoflow-power`. */
export interface CommandRow {
  readonly name: string;
  /** One line of the overview, in the imperative. */
  readonly summary: string;
  /** What `--help` prints below the usage line; each option a line. */
  readonly help: string;
  /** What may come right behind the name; nothing when absent. */
  readonly words?: readonly string[];
  /** Loads its code, which is not worth its memory in a daemon, and runs it. @returns the exit code */
  run(args: readonly string[]): Promise<number>;
}

/** Writes to standard output. @returns the exit code of success */
export function print(text: string): number {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
  return EXIT.ok;
}

/** Writes to standard error, commands as they are typed here; at a terminal lines end between words. @returns `code` */
export function complain(text: string, code: number): number {
  const typed = typable(text, installationHere());
  const shown = Deno.stderr.isTerminal() ? wrap(typed, 80, 2) : typed;
  Deno.stderr.writeSync(new TextEncoder().encode(shown));
  return code;
}
