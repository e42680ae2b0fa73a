/**
 * The programs of the last step: they let the system count the delay, end the host, or undo it. They are never cut short;
 * `ShutdownRun` interprets the result.
 */
import type { Clock } from "../../lib/time/clock.ts";
import type { Logger } from "../../lib/log/log.ts";
import type { HostCommands } from "../settings/host_commands.ts";
import type { Argv } from "../platform/platform.ts";
import { isSuccess, resultText, type Runner, type RunResult } from "./runner.ts";
import type { TellStep } from "./shutdown_order.ts";

/** How long the system's own programs may take, ms. */
const PLATFORM_LIMIT_MS = 30_000;
/** The last step is tried so often, with this pause, before it is given up, ms. */
const LAST_TRIES = 5;
const LAST_PAUSE_MS = 10_000;
/** An owner's command is tried so often, with that pause, before the system's own shutdown is used. */
export const OWN_TRIES = 3;

/** What the programs need of their run. */
export interface LastProgramPorts {
  readonly runner: Runner;
  readonly commands: Pick<HostCommands, "last">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tell: TellStep;
}

/** The run, as it is asked and told in the same moment in which a program has ended: nothing comes in between. */
export interface LastProgramRun {
  /** Seconds, 0 or more; it may become less meanwhile. */
  readonly delaySec: () => number;
  /** No other program is begun. */
  readonly isCalledOff: () => boolean;
  /** Ends with the run. */
  readonly signal: AbortSignal;
  /** The system counts so many seconds, whatever the delay has become meanwhile. */
  readonly onScheduled: (argv: Argv, delaySec: number) => void;
  /** The host goes off now. */
  readonly onEnded: (argv: Argv) => void;
  readonly onGivenUp: () => void;
}

/** See the file comment. */
export class LastPrograms {
  #inFlight: Promise<RunResult> | undefined;

  constructor(private readonly ports: LastProgramPorts, private readonly of: LastProgramRun) {}

  /** One that runs now, or the last that did: what it did must be known before it can be undone. */
  get inFlight(): Promise<RunResult> | undefined {
    return this.#inFlight;
  }

  /** Lets the system count. @returns false when the agent must */
  async schedule(): Promise<boolean> {
    const { commands, clock } = this.ports;
    const { isCalledOff, onScheduled } = this.of;
    const delaySec = this.of.delaySec();
    if (delaySec === 0) return false;
    for (const argv of commands.last.schedule(delaySec, clock.wallMs())) {
      if (isCalledOff()) return true;
      let result = await this.#begin(argv, delaySec);
      if (this.#isOthersCount(result)) result = await this.#beginAgain(argv, delaySec, result);
      if (isSuccess(result)) {
        onScheduled(argv, delaySec);
        return true;
      }
      this.#tellFailure(argv, result);
    }
    return false;
  }

  /** Ends the host now. @returns false when it was called off, or nothing could end the host */
  async end(): Promise<boolean> {
    const { commands: { last }, log, tell } = this.ports;
    let ended: boolean;
    if (last.instead) {
      ended = await this.#tryAll(last.now, OWN_TRIES);
      if (!ended && !this.#isOver) {
        const [own = []] = last.now;
        log.error("SHUTDOWN BY THE SYSTEM", { instead_of: own.join(" "), tries: OWN_TRIES });
        tell(
          "failed",
          `${own.join(" ")} failed ${OWN_TRIES} times; the system's own shutdown is used instead`,
        );
        ended = await this.#tryAll(last.instead, LAST_TRIES);
      }
    } else {
      ended = await this.#tryAll(last.now, LAST_TRIES);
    }
    if (ended || this.#isOver) return ended;
    this.of.onGivenUp();
    log.crit("THIS HOST CANNOT BE SHUT DOWN", { tries: LAST_TRIES });
    tell("failed", `nothing could switch this host off, tried ${LAST_TRIES} times`);
    return false;
  }

  get #isOver(): boolean {
    return this.of.isCalledOff() || this.of.signal.aborted;
  }

  /** @returns whether one of them ended with 0 within so many rounds */
  async #tryAll(programs: readonly Argv[], rounds: number): Promise<boolean> {
    const { clock } = this.ports;
    for (let round = 1; round <= rounds; round++) {
      for (const argv of programs) {
        if (this.#isOver) return false;
        let result = await this.#begin(argv, 0);
        if (this.#isOthersCount(result)) result = await this.#beginAgain(argv, 0, result);
        if (isSuccess(result) || this.#isGoingDown(result)) {
          this.of.onEnded(argv);
          return true;
        }
        this.#tellFailure(argv, result);
      }
      if (round < rounds) await clock.sleep(LAST_PAUSE_MS, this.of.signal).catch(() => {});
    }
    return false;
  }

  /** Half a shutdown helps nobody: an abort of the run does not cut it short. */
  run(argv: Argv): Promise<RunResult> {
    this.#inFlight = this.ports.runner.run(argv, PLATFORM_LIMIT_MS, new AbortController().signal);
    return this.#inFlight;
  }

  /**
   * Whether somebody undid what the system counts. False, too, where the system cannot be asked.
   *
   * @param leftSec Until the host goes off; long enough that a count which the question begins can be undone
   */
  async wasUndone(leftSec: number): Promise<boolean> {
    const probe = this.ports.commands.last.codes?.probe;
    if (!probe) return false;
    const result = await this.run(probe.argv(leftSec));
    if (result.kind !== "ended" || result.code !== probe.undoneCode) return false;
    if (probe.afterwards) await this.run(probe.afterwards);
    return true;
  }

  /** Whether this end of the program that cancels means that others undid the shutdown before. */
  foundNothingToCancel(result: RunResult): boolean {
    const nothingToCancelCode = this.ports.commands.last.codes?.nothingToCancelCode;
    return nothingToCancelCode !== undefined && result.kind === "ended" &&
      result.code === nothingToCancelCode;
  }

  /** For a person. */
  failureText(argv: Argv, result: RunResult): string {
    return `${argv.join(" ")}: ${this.#resultText(result)}`;
  }

  #resultText(result: RunResult): string {
    const text = resultText(result, PLATFORM_LIMIT_MS);
    const meaning = result.kind === "ended"
      ? this.ports.commands.last.codes?.codeTexts?.get(result.code)
      : undefined;
    return meaning === undefined ? text : `${text} (${meaning})`;
  }

  /** All that would be run after a delay of so many seconds, in order. */
  wouldRun(delaySec: number): readonly Argv[] {
    const { commands: { last }, clock } = this.ports;
    const scheduled = delaySec > 0 ? last.schedule(delaySec, clock.wallMs()) : [];
    return [...scheduled, ...last.now, ...last.instead ?? []];
  }

  /** Whether somebody else's shutdown, such as a later one for updates, keeps ours out. */
  #isOthersCount(result: RunResult): boolean {
    const otherCountCode = this.ports.commands.last.codes?.otherCountCode;
    return otherCountCode !== undefined && result.kind === "ended" && result.code === otherCountCode;
  }

  /** Whether somebody, or an earlier try, has the system on its way down: nothing else can end it sooner. */
  #isGoingDown(result: RunResult): boolean {
    const goingDownCode = this.ports.commands.last.codes?.goingDownCode;
    return goingDownCode !== undefined && result.kind === "ended" && result.code === goingDownCode;
  }

  async #beginAgain(argv: Argv, delaySec: number, refused: RunResult): Promise<RunResult> {
    const { cancel } = this.ports.commands.last;
    if (!cancel || this.of.isCalledOff()) return refused;
    await this.run(cancel);
    return this.of.isCalledOff() ? refused : await this.#begin(argv, delaySec);
  }

  #begin(argv: Argv, delaySec: number): Promise<RunResult> {
    this.ports.log.notice("SHUTTING DOWN", { command: argv.join(" "), delay_sec: delaySec });
    return this.run(argv);
  }

  #tellFailure(argv: Argv, result: RunResult): void {
    const { log, tell } = this.ports;
    log.error("SHUTDOWN FAILED", { command: argv.join(" "), problem: this.#resultText(result) });
    tell("failed", this.failureText(argv, result));
  }
}
