/** Runs the programs of a shutdown: for real, or in rehearsal. */
import type { Clock } from "../../lib/time/clock.ts";
import type { Logger } from "../../lib/log/log.ts";
import type { Argv } from "../platform/platform.ts";

/** How a program ended. */
export type RunResult =
  | { readonly kind: "ended"; readonly code: number }
  | { readonly kind: "timed_out" }
  | { readonly kind: "aborted" }
  /** It could not be started at all. */
  | { readonly kind: "failed"; readonly text: string };

/** Whether it did what it was to do. */
export function isSuccess(result: RunResult): boolean {
  return result.kind === "ended" && result.code === 0;
}

/** How it ended, for a person. @param limitMs What it was given */
export function resultText(result: RunResult, limitMs: number): string {
  switch (result.kind) {
    case "ended":
      return `ended with code ${result.code}`;
    case "failed":
      return result.text;
    case "timed_out":
      return `did not end within ${limitMs / 1000} s`;
    case "aborted":
      return "was cut short";
  }
}

/** Runs one program to its end. */
export interface Runner {
  /** @param limitMs It is killed after this long */
  run(argv: Argv, limitMs: number, signal: AbortSignal): Promise<RunResult>;
}

/** Prints what it would run; every program "ends" with 0. */
export function rehearsalRunner(log: Logger): Runner {
  return {
    run(argv) {
      log.notice("WOULD RUN", { command: argv.join(" ") });
      return Promise.resolve({ kind: "ended", code: 0 });
    },
  };
}

/** Runs programs; their output goes to the log, line by line. */
export function processRunner(log: Logger, clock: Clock): Runner {
  return {
    async run(argv, limitMs, signal) {
      const [program = "", ...args] = argv;
      let child: Deno.ChildProcess;
      try {
        child = new Deno.Command(program, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
      } catch (error) {
        return { kind: "failed", text: error instanceof Error ? error.message : String(error) };
      }
      let outcome: "timed_out" | "aborted" | undefined;
      const kill = (why: "timed_out" | "aborted") => {
        outcome ??= why;
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended already.
        }
      };
      const cancel = clock.after(limitMs, () => kill("timed_out"));
      const onAbort = () => kill("aborted");
      signal.addEventListener("abort", onAbort, { once: true });
      const output = Promise.all([
        logLines(child.stdout, log, program),
        logLines(child.stderr, log, program),
      ]);
      const { code } = await child.status;
      cancel();
      signal.removeEventListener("abort", onAbort);
      // A grandchild may keep the pipes open; its output is not worth waiting for long.
      const limit = new AbortController();
      await Promise.race([output.catch(() => {}), clock.sleep(1000, limit.signal).catch(() => {})]);
      limit.abort();
      return outcome ? { kind: outcome } : { kind: "ended", code };
    },
  };
}

async function logLines(stream: ReadableStream<Uint8Array>, log: Logger, program: string): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(-2000);
    for (const line of lines) log.info("OUTPUT", { program, line: line.slice(0, 500) });
  }
  if (rest) log.info("OUTPUT", { program, line: rest.slice(0, 500) });
}
