/** Pastes a block into a shell, as a process group of its own, of which nothing is left afterwards. */
import { spawn } from "node:child_process";

/** What is told to end has so long for it, ms. */
const HARD_LIMIT_MS = 20_000;

/** Where and for how long. */
export interface PasteOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly limitMs: number;
  /** Source of a pattern, line by line: then it has worked, and is ended. Absent: it has worked when it ends with 0. */
  readonly until?: string;
}

/** Resolves when it has ended, or has said what it was to say. */
export function paste(
  script: string,
  { cwd, env, limitMs, until }: PasteOptions,
): Promise<{ readonly isWell: boolean; readonly said: string }> {
  const wanted = until === undefined ? undefined : new RegExp(until, "m");
  return new Promise((resolve) => {
    const child = spawn("bash", ["-c", script], {
      cwd,
      env: { ...Deno.env.toObject(), ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    let isWell: boolean | undefined;
    let hard: ReturnType<typeof setTimeout> | undefined;
    const end = (verdict: boolean, why = "") => {
      if (isWell !== undefined) return;
      isWell = verdict;
      said += why;
      // Whatever it has started in the background, too.
      killGroup(child.pid, "SIGTERM");
      hard = setTimeout(() => killGroup(child.pid, "SIGKILL"), HARD_LIMIT_MS);
    };
    const limit = setTimeout(() => end(false, `\nnot at its end after ${limitMs / 1000} s`), limitMs);
    const take = (bytes: Uint8Array) => {
      said += new TextDecoder().decode(bytes);
      if (wanted?.test(said)) end(true);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("exit", (code) => end(code === 0 && wanted === undefined, `\nended with ${code}`));
    child.on("close", () => {
      clearTimeout(limit);
      clearTimeout(hard);
      resolve({ isWell: isWell === true, said });
    });
  });
}

function killGroup(pid: number | undefined, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    if (pid !== undefined) Deno.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
