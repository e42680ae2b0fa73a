/** What each platform runs to shut down and to call it off, as arguments, never through a shell. Pure. */

/** Where the agent runs. */
export type Platform = "linux" | "darwin" | "windows";

/** A program with its arguments. */
export type Argv = readonly string[];

/**
 * The command that switches this host off after a delay.
 *
 * Linux and macOS count in minutes: a delay is rounded up to the next one, 0 means at once.
 *
 * @param delaySec 0 to 86,400
 */
export function shutdownArgv(platform: Platform, delaySec: number): Argv {
  const minutes = Math.ceil(delaySec / 60);
  const when = minutes === 0 ? "now" : `+${minutes}`;
  switch (platform) {
    case "linux":
      return ["shutdown", "-h", when, "ecoflow-agent: the battery is running out"];
    case "darwin":
      return ["/sbin/shutdown", "-h", when];
    case "windows":
      return [
        "shutdown.exe",
        "/s",
        "/f",
        "/t",
        String(delaySec),
        "/c",
        "ecoflow-agent: the battery is running out",
      ];
  }
}

/** The command that calls a shutdown off while its delay runs. */
export function abortArgv(platform: Platform): Argv {
  switch (platform) {
    case "linux":
      return ["shutdown", "-c"];
    case "darwin":
      return ["/usr/bin/killall", "shutdown"];
    case "windows":
      return ["shutdown.exe", "/a"];
  }
}

/**
 * The owner's own command line as arguments.
 *
 * Words are split at blanks, quotes hold them together. A line that uses the shell's own signs (pipes, `$`, `;`, `&`,
 * redirections, back-ticks, `*`) asks for a shell and gets the platform's.
 */
export function ownCommandArgv(platform: Platform, line: string): Argv {
  if (/[|&;<>$`*?(){}~\n]/.test(line)) {
    return platform === "windows" ? ["cmd.exe", "/d", "/s", "/c", line] : ["sh", "-c", line];
  }
  const words: string[] = [];
  for (const match of line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)) {
    words.push(match[1] ?? match[2] ?? match[3] ?? "");
  }
  return words;
}
