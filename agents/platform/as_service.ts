/**
 * Runs a program with what the agent's unit is allowed, and no more, so that what works in a try works in the service. Pure.
 */
import type { Argv } from "./platform.ts";

/** Lines of a unit that say how its own program is started and watched, not what it may do. */
const NOT_RIGHTS =
  /^(Exec\w*|Type|Restart\w*|SuccessExitStatus|Notify\w*|Watchdog\w*|PIDFile|GuessMainPID|RemainAfterExit|Standard\w*|TTY\w*|Syslog\w*|Kill\w*|Timeout\w*|RuntimeMaxSec|Slice|OOMPolicy)$/;

/**
 * The words of `systemd-run` that run `argv` as the unit would, wait for it and hand its output and its exit code on.
 *
 * @param unitText As `systemctl cat` prints it: the unit, then what was added to it
 * @param limitSec It is ended after so many seconds
 */
export function asService(unitText: string, argv: Argv, limitSec?: number): Argv {
  const limit = limitSec === undefined ? [] : ["-p", `RuntimeMaxSec=${Math.ceil(limitSec)}`];
  const rights = serviceLines(unitText).flatMap((line) => ["-p", line]);
  return ["systemd-run", "--quiet", "--wait", "--pipe", "--collect", ...rights, ...limit, "--", ...argv];
}

/** Whether programs that take other rights, such as sudo, cannot do so in the unit. */
export function keepsRightsLow(unitText: string): boolean {
  const last = serviceLines(unitText).findLast((line) => line.startsWith("NoNewPrivileges="));
  return /=(yes|true|on|1)$/i.test(last ?? "");
}

function serviceLines(unitText: string): string[] {
  const found: string[] = [];
  let section = "";
  for (const raw of unitText.replace(/\\\n/g, " ").split("\n")) {
    const line = raw.trim();
    if (line.startsWith("[")) section = line;
    const key = /^([A-Za-z]+)\s*=/.exec(line)?.[1];
    if (section !== "[Service]" || key === undefined || NOT_RIGHTS.test(key)) continue;
    found.push(`${key}=${line.slice(line.indexOf("=") + 1).trim()}`);
  }
  return found;
}
