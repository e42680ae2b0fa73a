/** What this host does when it is told, made from its system and its owner's wishes. Pure. */
import * as v from "valibot";
import { parse as parseToml } from "smol-toml";
import { errorText } from "../../lib/errors.ts";
import { integerIn, parseValue, textUpTo } from "../../lib/messages/parse.ts";
import type { Argv, HostPlatform } from "../platform/platform.ts";
import { strictObject } from "../../lib/strict_object.ts";

/** What happens after a preparation that failed: the next one, or no shutdown at all. */
export type OnFailure = "continue" | "stop";

/** One of the owner's own commands before the shutdown. */
export interface Preparation {
  /** For logs and answers. */
  readonly name: string;
  readonly argv: Argv;
  /** It is killed after this long, ms. */
  readonly limitMs: number;
  readonly onFailure: OnFailure;
}

/** What the programs of a system say by their exit codes. */
export type PlatformCodes = Pick<
  HostPlatform,
  "otherCountCode" | "nothingToCancelCode" | "goingDownCode" | "codeTexts" | "probe"
>;

/** The last step: how the host goes off. */
export interface LastStep {
  /** Programs with which the system counts the delay by itself; empty: the agent counts. Absent delay: see `now`. */
  readonly schedule: (delaySec: number, wallMs: number) => readonly Argv[];
  /** Undoes `schedule`; undefined: it cannot be undone. */
  readonly cancel?: Argv;
  /** The system's own, which undoes `schedule` too when the owner's `cancel` fails; absent: there is no other. */
  readonly cancelInstead?: Argv;
  /** Programs that end it now, to be tried in order until one ends with 0; never empty. */
  readonly now: readonly Argv[];
  /** The system's own, tried like `now` when the owner's command has failed again and again; absent: `now` is that. */
  readonly instead?: readonly Argv[];
  /** What the system's own programs say by their exit codes; absent for the owner's programs. */
  readonly codes?: PlatformCodes;
  /** True when the host comes back in the same boot: it hibernates. */
  readonly returns: boolean;
}

/** What this host does when it is told. */
export interface HostCommands {
  /** In order. */
  readonly before: readonly Preparation[];
  readonly last: LastStep;
}

/** The owner's wishes for the last step; `keys.ts` has the words. */
export interface LastStepWishes {
  readonly mode: "poweroff" | "hibernate";
  /** Instead of the system's own. */
  readonly ownShutdown?: Argv;
  readonly ownAbort?: Argv;
}

/** @throws RangeError when this system has no program for the wish */
export function lastStep(platform: HostPlatform, wishes: LastStepWishes): LastStep {
  const { mode, ownShutdown, ownAbort } = wishes;
  if (ownShutdown) return { ...ownLastStep(ownShutdown, ownAbort), instead: platform.powerOffNow };
  if (mode === "poweroff") {
    const { schedule, cancel, powerOffNow, otherCountCode, nothingToCancelCode } = platform;
    const { goingDownCode, codeTexts, probe } = platform;
    const last = { schedule, cancel: ownAbort ?? cancel, now: powerOffNow, returns: false };
    // What the owner's own abort says by its code is not known.
    return ownAbort
      ? { ...last, cancelInstead: cancel }
      : { ...last, codes: { otherCountCode, nothingToCancelCode, goingDownCode, codeTexts, probe } };
  }
  const { hibernateNow } = platform;
  if (!hibernateNow) {
    throw new RangeError(
      `SHUTDOWN_MODE must be "poweroff" here, found "hibernate": this system has no program for it, use SHUTDOWN_CMD`,
    );
  }
  // A host that cannot hibernate must still not lose its power while it runs.
  return { schedule: () => [], now: [...hibernateNow, ...platform.powerOffNow], returns: true };
}

/** With `{delay_sec}` in it the owner's program counts the delay; without, the agent does, and runs it at the end. */
function ownLastStep(own: Argv, abort: Argv | undefined): LastStep {
  const fill = (delaySec: number) => own.map((word) => word.replaceAll("{delay_sec}", String(delaySec)));
  const counts = own.some((word) => word.includes("{delay_sec}"));
  // An abort command of their own means that theirs can be undone after it ran.
  return {
    schedule: (delaySec) => counts ? [fill(delaySec)] : [],
    cancel: abort,
    now: [fill(0)],
    returns: false,
  };
}

/**
 * The owner's command line as arguments.
 *
 * Words are split at blanks, quotes hold them together. A line that uses the shell's own signs (pipes, `$`, `;`, `&`,
 * redirections, back-ticks, `*`) asks for a shell and gets the system's. `powershell:` before a line asks for
 * PowerShell; on Windows a line that begins with a cmdlet or holds `$(` gets it too, as cmd.exe knows neither.
 *
 * @throws RangeError when PowerShell is asked for where there is none
 */
export function ownCommandArgv(platform: Pick<HostPlatform, "shell" | "powershell">, line: string): Argv {
  const { powershell } = platform;
  const asked = /^powershell:\s*(.*)$/s.exec(line)?.[1];
  if (asked !== undefined && !powershell) {
    throw new RangeError(`must not begin with "powershell:" here, found ${JSON.stringify(line)}`);
  }
  if (
    powershell && (asked !== undefined || /^[A-Z][A-Za-z]+-[A-Z]\w*(\s|$)/.test(line) || line.includes("$("))
  ) {
    return powershell(asked ?? line);
  }
  const withoutOurs = line.replaceAll("{delay_sec}", "0");
  if (/[|&;<>$`*?(){}~\n]/.test(withoutOurs)) return platform.shell(line);
  const words: string[] = [];
  for (const match of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
    words.push(match[1] ?? match[2] ?? match[3] ?? "");
  }
  return words;
}

const argvSchema = v.pipe(
  v.array(v.pipe(textUpTo(4096), v.minLength(1, "must not be empty"))),
  v.minLength(1, "must name a program"),
);
const fileSchema = strictObject({
  pre_shutdown: v.optional(
    v.array(strictObject({
      name: v.optional(v.pipe(textUpTo(100), v.minLength(1, "must not be empty"))),
      run: argvSchema,
      limit_s: v.optional(integerIn(1, 3600)),
      on_failure: v.optional(v.picklist(["continue", "stop"])),
    })),
    [],
  ),
  shutdown: v.optional(
    strictObject({
      mode: v.optional(v.picklist(["poweroff", "hibernate"])),
      run: v.optional(argvSchema),
      abort: v.optional(argvSchema),
    }),
    {},
  ),
});

/** What a commands file says. */
export interface CommandsFile extends Partial<LastStepWishes> {
  readonly before: readonly Preparation[];
}

/**
 * Reads the TOML form: any number of `[[pre_shutdown]]` tables with `run` (a list), `name`, `limit_s`, `on_failure`, and
 * one `[shutdown]` with `mode`, `run`, `abort`.
 *
 * @param defaults For preparations that do not say
 * @throws SyntaxError or InvalidInputError naming each wrong key
 */
export function parseCommandsFile(
  text: string,
  source: string,
  defaults: Pick<Preparation, "limitMs" | "onFailure">,
): CommandsFile {
  let value: unknown;
  try {
    value = parseToml(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot read ${source}: must be TOML: ${errorText(cause).split("\n")[0]}`, {
      cause,
    });
  }
  const { pre_shutdown, shutdown } = parseValue(fileSchema, value, source);
  return {
    before: pre_shutdown.map(({ name, run, limit_s, on_failure }) => ({
      name: name ?? run.join(" "),
      argv: run,
      limitMs: limit_s === undefined ? defaults.limitMs : limit_s * 1000,
      onFailure: on_failure ?? defaults.onFailure,
    })),
    mode: shutdown.mode,
    ownShutdown: shutdown.run,
    ownAbort: shutdown.abort,
  };
}
