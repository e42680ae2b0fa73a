/** One way through a shutdown: the owner's commands in order, then the platform's, with an abort at every point. */
import type { Logger } from "../lib/log.ts";
import type { Argv } from "./platform/commands.ts";
import type { Runner } from "./runner.ts";

/** What this host does when it is told. */
export interface HostCommands {
  /** The owner's own, before the shutdown, in order. */
  readonly before: readonly Argv[];
  /** Time limit of each of them, ms. */
  readonly beforeLimitMs: number;
  readonly shutdown: (delaySec: number) => Argv;
  readonly abort: Argv;
}

/** How the platform's own commands may take, ms. */
const PLATFORM_LIMIT_MS = 30_000;

/** How a run stands. */
export type RunPhase = "preparing" | "shutting_down" | "over";

/** Says each step as it happens; `detail` is for a person. */
export type TellStep = (status: "running" | "shutting_down" | "failed" | "done", detail: string) => void;

/** See the file comment. */
export class ShutdownRun {
  #phase: RunPhase = "preparing";
  readonly #abort = new AbortController();

  constructor(
    private readonly runner: Runner,
    private readonly commands: HostCommands,
    private readonly log: Logger,
    private readonly tell: TellStep,
  ) {}

  get phase(): RunPhase {
    return this.#phase;
  }

  /**
   * Goes through all steps. A preparation that fails or takes too long is reported and passed over: a host that stays
   * up because a script failed loses more than that script would have saved.
   *
   * @param isDrill Everything but the last step
   */
  async go(delaySec: number, isDrill: boolean): Promise<void> {
    const { before, beforeLimitMs, shutdown } = this.commands;
    for (const [index, argv] of before.entries()) {
      const name = `${index + 1} of ${before.length}: ${argv.join(" ")}`.slice(0, 200);
      this.log.notice("PREPARING", { step: name });
      this.tell("running", name);
      const result = await this.runner.run(argv, beforeLimitMs, this.#abort.signal);
      if (this.#abort.signal.aborted) return;
      const problem = result.kind === "ended" && result.code === 0
        ? undefined
        : result.kind === "ended"
        ? `ended with code ${result.code}`
        : result.kind === "failed"
        ? result.text
        : `did not end within ${beforeLimitMs / 1000} s`;
      if (problem) {
        this.log.error("PREPARATION FAILED, going on", { step: name, problem });
        this.tell("failed", `${name}: ${problem}; going on`);
      }
    }
    if (isDrill) {
      this.#phase = "over";
      return this.tell("done", `drill complete; would run: ${shutdown(delaySec).join(" ")}`);
    }
    this.#phase = "shutting_down";
    const argv = shutdown(delaySec);
    this.log.notice("SHUTTING DOWN", { command: argv.join(" "), delay_sec: delaySec });
    const result = await this.runner.run(argv, PLATFORM_LIMIT_MS, new AbortController().signal);
    if (result.kind === "ended" && result.code === 0) {
      this.tell("shutting_down", `${argv.join(" ")}`);
    } else {
      this.#phase = "over";
      this.log.error("SHUTDOWN FAILED", { command: argv.join(" "), result: JSON.stringify(result) });
      this.tell("failed", `${argv.join(" ")}: ${JSON.stringify(result)}`);
    }
  }

  /** Undoes what can be undone. @returns what was done, for a person; rejects never */
  async callOff(): Promise<{ readonly done: boolean; readonly detail: string }> {
    const phase = this.#phase;
    this.#abort.abort();
    this.#phase = "over";
    if (phase === "over") return { done: true, detail: "nothing was running" };
    if (phase === "preparing") {
      return { done: true, detail: "stopped before the shutdown; preparations that ran stay done" };
    }
    const { abort } = this.commands;
    const result = await this.runner.run(abort, PLATFORM_LIMIT_MS, new AbortController().signal);
    if (result.kind === "ended" && result.code === 0) return { done: true, detail: abort.join(" ") };
    return { done: false, detail: `${abort.join(" ")}: ${JSON.stringify(result)}` };
  }
}
