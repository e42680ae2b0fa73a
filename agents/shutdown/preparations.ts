/**
 * The owner's preparations before a shutdown: runs one, and says what its failure means and what stays done. Which one is
 * due is the run's part.
 */
import type { Logger } from "../../lib/log/log.ts";
import type { HostCommands, Preparation } from "../settings/host_commands.ts";
import { isSuccess, resultText, type Runner } from "./runner.ts";
import type { TellStep } from "./shutdown_order.ts";

/** What preparations need of their run. */
export interface PreparationPorts {
  readonly runner: Runner;
  readonly commands: Pick<HostCommands, "before">;
  readonly log: Logger;
  readonly tell: TellStep;
}

/** See the file comment. Steps count from 0. */
export class Preparations {
  constructor(private readonly ports: PreparationPorts) {}

  /** Runs one to its end. @returns what went wrong; undefined when nothing did */
  async run(
    step: number,
    { argv, limitMs, name }: Preparation,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { log, tell, runner } = this.ports;
    const place = this.#place(step, name);
    log.notice("PREPARING", { step: place });
    tell("running", place);
    const result = await runner.run(argv, limitMs, signal);
    return isSuccess(result) ? undefined : resultText(result, limitMs);
  }

  /**
   * A host that stays up because a script failed loses more than that script would have saved: unless the owner says
   * otherwise a failure is reported and passed over.
   *
   * @returns whether the shutdown goes on
   */
  passOver(step: number, { name, onFailure }: Preparation, problem: string): boolean {
    const { log, tell } = this.ports;
    const place = this.#place(step, name);
    const goesOn = onFailure === "continue";
    log.error("PREPARATION FAILED", { step: place, problem, then: goesOn ? "going on" : "no shutdown" });
    tell("failed", `${place}: ${problem}; ${goesOn ? "going on" : "no shutdown, as its owner chose"}`);
    return goesOn;
  }

  /** What an abort during one leaves, as the end of a sentence. */
  begunAt(step: number): string {
    const { length } = this.ports.commands.before;
    const begun = Math.min(step + 1, length);
    return length === 0 ? "" : `; of ${length} preparations ${begun} had begun and are not undone`;
  }

  /** What an abort after all of them leaves, as the end of a sentence. */
  get allDone(): string {
    const { length } = this.ports.commands.before;
    return length === 0 ? "" : `; ${length} preparation${length === 1 ? " has" : "s have"} run and stay done`;
  }

  #place(step: number, name: string): string {
    return `${step + 1} of ${this.ports.commands.before.length}: ${name}`.slice(0, 200);
  }
}
