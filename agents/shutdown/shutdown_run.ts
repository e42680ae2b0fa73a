/** One way through a shutdown: the owner's preparations in order, the delay, the last step; an abort at every point. */
import type { Clock } from "../../lib/time/clock.ts";
import type { Logger } from "../../lib/log/log.ts";
import type { HostCommands, Preparation } from "../settings/host_commands.ts";
import type { HostTime } from "../host_time.ts";
import { LastPrograms } from "./last_programs.ts";
import type { Argv } from "../platform/platform.ts";
import type { RunRecord } from "./run_record.ts";
import { Preparations } from "./preparations.ts";
import { isSuccess, type Runner } from "./runner.ts";
import type { RunPhase, ShutdownOrder, TellStep } from "./shutdown_order.ts";

/** The outside world of a run. */
export interface RunPorts {
  readonly runner: Runner;
  readonly commands: HostCommands;
  readonly clock: Clock;
  readonly time: HostTime;
  readonly log: Logger;
  readonly tell: TellStep;
  /** Keeps how far it has come; undefined: nothing is under way any more. */
  readonly save: (record: RunRecord | undefined) => void;
  /** False in rehearsal: the host stays up, and that is right. */
  readonly watchesEnd: boolean;
}

/** The delay is counted in pieces of at most this, ms: a host that slept through it goes on at once. */
const PIECE_MS = 5000;
/** A host that is still up so long after its end was due was not shut down, ms. */
export const STILL_UP_MS = 180_000;
/** So often the system is asked whether it still counts, ms; not when less than the second is left. */
const PROBE_MS = 15_000;
const PROBE_LEAST_MS = 10_000;
/** A preparation during which the agent died is begun so often, then passed over. */
const PREPARATION_TRIES = 2;
/** A run that nobody watched for longer, because the host slept or no agent ran, is too old to go on with, ms. */
const UNWATCHED_MS = 600_000;

/** A run that is taken up again ends no sooner, ms, unless all that waited at the broker is heard: it may be an abort. */
export const HEAR_FIRST_MS = 15_000;
/** An agent that is restarted again and again while it counts hears first so often, then ends the host. */
const HEARINGS = 2;

/** What came of {@link ShutdownRun.callOff}. */
export interface CallOff {
  readonly done: boolean;
  /** What was undone and what was not, for a person. */
  readonly detail: string;
}

/** The detail of a {@link CallOff} that found the run over. */
export const NOTHING_RAN = "nothing was running";

/** See the file comment. */
export class ShutdownRun {
  #phase: RunPhase = "preparing";
  #step = 0;
  #tries = 0;
  #dueUptimeMs: number | undefined;
  /** Before it, by the host's uptime, the agent itself does not end the host. */
  #hearUntilUptimeMs = -Infinity;
  /** True when the system counts, so that it must be told to stop. */
  #isScheduled = false;
  /** When this run was last looked after, by the host's uptime. */
  #watchedUptimeMs: number;
  #isCalledOff = false;
  #order: ShutdownOrder;
  #delaySec: number;
  readonly #abort = new AbortController();
  readonly #preparations: Preparations;
  readonly #last: LastPrograms;

  /** @param resumed Where an agent that ended in the middle left off */
  constructor(order: ShutdownOrder, private readonly ports: RunPorts, resumed?: RunRecord) {
    this.#order = order;
    this.#preparations = new Preparations(ports);
    this.#last = new LastPrograms(ports, {
      delaySec: () => this.#delaySec,
      isCalledOff: () => this.#isCalledOff,
      signal: this.#abort.signal,
      onScheduled: (argv, delaySec) => this.#letSystemCount(argv, delaySec),
      onEnded: (argv) => this.#goDown(argv),
      onGivenUp: () => this.#finish(),
    });
    this.#delaySec = order.delaySec;
    this.#watchedUptimeMs = resumed?.watched_uptime_ms ?? ports.time.uptimeMs();
    if (!resumed) return;
    this.#hearUntilUptimeMs = ports.time.uptimeMs() + HEAR_FIRST_MS;
    this.#phase = resumed.phase;
    this.#step = resumed.step;
    this.#tries = resumed.tries;
    this.#dueUptimeMs = resumed.due_uptime_ms;
    this.#isScheduled = resumed.phase === "shutting_down";
    this.#delaySec = resumed.delay_sec;
  }

  get phase(): RunPhase {
    return this.#phase;
  }

  /** The newest order that it fulfils. */
  get order(): ShutdownOrder {
    return this.#order;
  }

  /** Goes through all steps that are left; resolves when there is nothing more to do. Rejects never. */
  async go(): Promise<void> {
    if (this.#phase === "preparing" && !await this.#prepare()) return;
    if (this.order.isDrill) {
      this.#phase = "over";
      const [argv = []] = this.#last.wouldRun(this.order.delaySec);
      return this.ports.tell("done", `drill complete; would run: ${argv.join(" ")}`);
    }
    if (this.#phase === "preparing" && !await this.#last.schedule()) this.#wait();
    if (this.#isCalledOff && this.#phase !== "shutting_down") return;
    if (this.#phase === "waiting" && !await this.#countAndEnd()) return;
    if (this.#phase === "shutting_down") await this.#watchEnd();
  }

  /** All that waited at the broker was heard: a run that was taken up again need not wait for it any more. */
  heard(): void {
    this.#hearUntilUptimeMs = -Infinity;
  }

  /** Stops the agent's own part; what was handed to the system goes on, and the record stays. */
  leave(): void {
    this.#abort.abort();
  }

  /** A later order for the same: what a command asked for is no plan's alone, and the earlier end of both holds. */
  async join(order: ShutdownOrder): Promise<void> {
    const source = this.#order.source === "command" ? "command" : order.source;
    this.#order = { ...order, source };
    this.#keep();
    await this.#hasten(order.delaySec);
  }

  async #hasten(delaySec: number): Promise<void> {
    const { time } = this.ports;
    const dueMs = time.uptimeMs() + delaySec * 1000;
    this.#delaySec = Math.min(this.#delaySec, delaySec);
    if (this.#dueUptimeMs === undefined || dueMs + PIECE_MS >= this.#dueUptimeMs) return;
    if (this.#phase === "waiting") {
      this.#dueUptimeMs = dueMs;
      this.#keep();
    } else if (this.#phase === "shutting_down" && this.#isScheduled) {
      const { cancel } = this.ports.commands.last;
      if (cancel) await this.#last.run(cancel);
      if (!await this.#last.schedule() && this.#phase === "shutting_down") await this.#last.end();
    }
  }

  /** Undoes what can be undone and says what cannot. Rejects never. */
  async callOff(): Promise<CallOff> {
    this.#isCalledOff = true;
    await this.#last.inFlight;
    switch (this.#phase) {
      case "over":
        return { done: true, detail: NOTHING_RAN };
      case "preparing":
        this.#finish();
        return { done: true, detail: `stopped before the shutdown${this.#preparations.begunAt(this.#step)}` };
      case "waiting":
        this.#finish();
        return { done: true, detail: `stopped before the shutdown${this.#preparations.allDone}` };
      case "shutting_down":
        return await this.#cancel();
    }
  }

  async #cancel(): Promise<CallOff> {
    const { commands, time } = this.ports;
    const { cancel } = commands.last;
    if (!cancel) {
      this.#isCalledOff = false;
      return {
        done: false,
        detail: "the shutdown command has run and cannot be undone: ABORT_CMD is not set",
      };
    }
    const isLate = this.ports.watchesEnd && time.uptimeMs() >= (this.#dueUptimeMs ?? 0);
    const result = await this.#last.run(cancel);
    let done = cancel.join(" ");
    if (!isLate && this.#last.foundNothingToCancel(result)) {
      this.#isCalledOff = false;
      this.#finish();
      return { done: true, detail: `it was undone on the host itself before${this.#preparations.allDone}` };
    }
    if (!isSuccess(result)) {
      const problem = this.#last.failureText(cancel, result);
      const other = commands.last.cancelInstead;
      const second = other && await this.#last.run(other);
      if (!other || !second || !isSuccess(second)) {
        this.#isCalledOff = false;
        return { done: false, detail: problem };
      }
      done = `${problem}; instead: ${other.join(" ")}`;
    }
    this.#isCalledOff = false;
    if (isLate) return { done: false, detail: `${done} came too late: the delay was over` };
    this.#finish();
    return { done: true, detail: `${done}${this.#preparations.allDone}` };
  }

  /** @returns false when there is to be no shutdown */
  async #prepare(): Promise<boolean> {
    const { before } = this.ports.commands;
    for (; this.#step < before.length; this.#step++, this.#tries = 0) {
      const preparation = before.at(this.#step) as Preparation;
      if (this.#wasUnwatched(UNWATCHED_MS)) return false;
      this.#tries++;
      this.#keep();
      const problem = this.#tries > PREPARATION_TRIES
        ? "the agent ended each time while it ran"
        : await this.#preparations.run(this.#step, preparation, this.#abort.signal);
      if (this.#abort.signal.aborted || this.#wasUnwatched(preparation.limitMs + UNWATCHED_MS)) return false;
      if (problem !== undefined && !this.#preparations.passOver(this.#step, preparation, problem)) {
        this.#finish();
        return false;
      }
    }
    return true;
  }

  /** Gives up a run that lay still too long: the grid may be back, and the abort long expired. */
  #wasUnwatched(allowedMs: number): boolean {
    const { time, log, tell } = this.ports;
    const forMs = time.uptimeMs() - this.#watchedUptimeMs;
    this.#watchedUptimeMs = time.uptimeMs();
    if (forMs <= allowedMs) return false;
    const reason = `this host slept, or no agent ran, for ${
      Math.round(forMs / 1000)
    } s in the middle of the shutdown`;
    log.error("SHUTDOWN GIVEN UP", { reason });
    this.#finish();
    tell("failed", `${reason}; it was given up`);
    return true;
  }

  #wait(): void {
    if (this.#isCalledOff) return;
    const { time, tell, log } = this.ports;
    this.#phase = "waiting";
    this.#dueUptimeMs = time.uptimeMs() + this.#delaySec * 1000;
    this.#keep();
    if (this.#delaySec === 0) return;
    log.notice("WAITING", { delay_sec: this.#delaySec });
    tell("running", `switching off in ${this.#delaySec} s`);
  }

  /** @returns false when it was called off, or nothing could end the host */
  async #countAndEnd(): Promise<boolean> {
    this.#watchedUptimeMs = this.#dueUptimeMs ?? 0;
    if (this.#wasUnwatched(UNWATCHED_MS)) return false;
    if (this.#tries++ > HEARINGS) this.heard();
    this.#keep();
    if (!await this.#until(0)) return false;
    this.#watchedUptimeMs = Math.max(this.#watchedUptimeMs, this.#dueUptimeMs ?? 0);
    if (this.#wasUnwatched(UNWATCHED_MS)) return false;
    return await this.#last.end();
  }

  /** Resolves `afterMs` after the end was due, by the host's uptime. @returns false when the run ended before */
  async #until(afterMs: number): Promise<boolean> {
    const { clock, time } = this.ports;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const untilMs = Math.max((this.#dueUptimeMs ?? 0) + afterMs, this.#hearUntilUptimeMs);
      const leftMs = untilMs - time.uptimeMs();
      if (leftMs <= 0) return true;
      await clock.sleep(Math.min(leftMs, PIECE_MS), signal).catch(() => {});
    }
    return false;
  }

  #letSystemCount(argv: Argv, delaySec: number): void {
    this.#dueUptimeMs = this.ports.time.uptimeMs() + delaySec * 1000;
    this.#isScheduled = true;
    this.#goDown(argv);
    // Another order joined while the program ran, and wants it sooner.
    if (this.#delaySec < delaySec) void this.#hasten(this.#delaySec);
  }

  #goDown(argv: Argv): void {
    this.#phase = "shutting_down";
    this.#keep();
    this.ports.tell("shutting_down", argv.join(" "));
  }

  /** A host that is still up must not be thought down: somebody called it off, it hibernated, or it hangs. */
  async #watchEnd(): Promise<void> {
    const { log, tell, commands, watchesEnd } = this.ports;
    if (!watchesEnd) return;
    if (await this.#isUndoneByOthers()) {
      this.#finish();
      log.error("UNDONE BY OTHERS", {});
      return tell("failed", "the shutdown was undone on the host itself before its end");
    }
    if (!await this.#until(STILL_UP_MS)) return;
    this.#finish();
    if (commands.last.returns) return tell("done", "this host hibernated, or was woken before it could");
    const afterSec = STILL_UP_MS / 1000;
    log.error("STILL UP", { after_s: afterSec });
    tell(
      "failed",
      `still up ${afterSec} s after the end: aborted on the host itself, or something holds it`,
    );
  }

  /** Looks again and again while the system counts. @returns false when the count is all but over, or the run ended */
  async #isUndoneByOthers(): Promise<boolean> {
    const { clock, time } = this.ports;
    const { signal } = this.#abort;
    const leftMs = () => (this.#dueUptimeMs ?? 0) - time.uptimeMs();
    while (this.#isScheduled && leftMs() > PROBE_MS + PROBE_LEAST_MS) {
      await clock.sleep(PROBE_MS, signal).catch(() => {});
      if (signal.aborted || this.#isCalledOff || leftMs() < PROBE_LEAST_MS) return false;
      if (await this.#last.wasUndone(Math.floor(leftMs() / 1000))) {
        return !this.#isCalledOff && !signal.aborted;
      }
    }
    return false;
  }

  #finish(): void {
    this.#phase = "over";
    this.#abort.abort();
    if (!this.order.isDrill) this.ports.save(undefined);
  }

  #keep(): void {
    if (this.order.isDrill || this.#phase === "over") return;
    this.ports.save({
      id: this.order.id,
      source: this.order.source,
      boot_id: this.ports.time.bootId,
      delay_sec: this.#delaySec,
      phase: this.#phase,
      step: this.#step,
      tries: this.#tries,
      due_uptime_ms: this.#dueUptimeMs,
      watched_uptime_ms: this.ports.time.uptimeMs(),
    });
  }
}
