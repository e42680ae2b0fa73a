/** The one shutdown of this host: orders and aborts are obeyed in turn, so that the last one holds. */
import { errorText } from "../../lib/errors.ts";
import type { AgentAck } from "../../lib/messages/agent/ack.ts";
import type { RunRecord, RunRecords } from "./run_record.ts";
import type { ShutdownOrder } from "./shutdown_order.ts";
import { NOTHING_RAN, type RunPorts, ShutdownRun } from "./shutdown_run.ts";

/** The outside world of the queue. */
export interface QueuePorts extends Omit<RunPorts, "tell" | "save"> {
  readonly records: RunRecords;
  readonly ack: (id: string, status: AgentAck["status"], detail?: string, action?: string) => void;
  /** The host is on its way down or is not any more: see {@link ShutdownQueue.isShuttingDown}. */
  readonly onChange: () => void;
}

/** A shutdown alone that turned out to be unneeded is called off so often, until that succeeds. */
const STAND_DOWNS = 5;

/** See the file comment. */
export class ShutdownQueue {
  #run: ShutdownRun | undefined;
  /** Ends when the last of what was asked is obeyed: an abort takes its time, and what follows it must find it done. */
  #turn: Promise<void> = Promise.resolve();
  /** Aborts that were asked for: an order that still waits when one comes is not begun. */
  #aborts = 0;
  #isLeft = false;
  #standDowns = 0;
  #isStandingDown = false;

  constructor(private readonly ports: QueuePorts) {}

  /** Whether a shutdown or a drill is under way. */
  get isBusy(): boolean {
    return this.#run !== undefined && this.#run.phase !== "over";
  }

  /** Whether the preparations are done, and the agent or the system counts. */
  get isGoingDown(): boolean {
    const run = this.#run;
    return run !== undefined && !run.order.isDrill &&
      (run.phase === "waiting" || run.phase === "shutting_down");
  }

  /** Whether the system was told to go down. */
  get isShuttingDown(): boolean {
    return this.#run?.phase === "shutting_down";
  }

  /** Takes up what was under way when the agent of this boot ended. */
  resume(): void {
    const { log, time, records } = this.ports;
    this.#isLeft = false;
    const record = records.load(time.bootId);
    if (!record) return;
    log.notice("RESUMING", { id: record.id, phase: record.phase, step: record.step });
    const { id, source, delay_sec } = record;
    this.#launch({ id, source, delaySec: delay_sec, isDrill: false }, record);
  }

  /** All that waited at the broker was heard. */
  heard(): void {
    this.#run?.heard();
  }

  /** Stops the agent's own part; what was handed to the system goes on, and the record stays. */
  leave(): void {
    this.#isLeft = true;
    this.#run?.leave();
  }

  /** Begins a shutdown or a drill, or joins the one that runs. @param why Said with the answer */
  order(order: ShutdownOrder, why?: string): void {
    const aborts = this.#aborts;
    this.#inTurn(() => {
      if (this.#isLeft) return;
      if (aborts === this.#aborts) return this.#begin(order, why);
      this.ports.ack(order.id, "aborted", "aborted before it began", actionOf(order));
    });
  }

  /** Calls off what runs and what waits; `id` is the abort's own. */
  abort(id: string): void {
    this.#aborts++;
    this.#inTurn(() => this.#callOff(`by command ${id}`, id));
  }

  /** Calls off a shutdown that nobody but the plan asks for. May be called again until it has succeeded. */
  standDown(why: string): void {
    const run = this.#run;
    const isAlone = () => this.#run === run && this.isBusy && run?.order.source === "plan";
    if (!isAlone() || this.#isStandingDown || this.#standDowns >= STAND_DOWNS) return;
    this.#standDowns++;
    this.#isStandingDown = true;
    this.#inTurn(async () => {
      try {
        // A command may have joined it by now.
        if (isAlone()) await this.#callOff(why);
      } finally {
        this.#isStandingDown = false;
      }
    });
  }

  #inTurn(work: () => void | Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error) =>
      this.ports.log.error("ORDER FAILED", { reason: errorText(error) })
    );
  }

  async #begin(order: ShutdownOrder, why: string | undefined): Promise<void> {
    const { ack } = this.ports;
    const run = this.#run;
    if (run && this.isBusy) {
      if (order.isDrill) return ack(order.id, "failed", "a shutdown is running", "drill");
      if (!run.order.isDrill) return this.#join(run, order);
      // The real thing goes before a rehearsal.
      await run.callOff();
    }
    ack(order.id, "accepted", why, actionOf(order));
    this.#launch(order);
  }

  /** Another order for a shutdown that runs. It is not waited for: an abort must be able to cut it short. */
  #join(run: ShutdownRun, order: ShutdownOrder): void {
    const { ack, log } = this.ports;
    ack(order.id, "accepted", `already going down by ${run.order.id}`, "shutdown");
    if (run.phase === "shutting_down") ack(order.id, "shutting_down", undefined, "shutdown");
    run.join(order).catch((error) => log.error("SHUTDOWN RUN FAILED", { reason: errorText(error) }));
  }

  #launch(order: ShutdownOrder, resumed?: RunRecord): void {
    const { records, ack, onChange, log } = this.ports;
    const run = new ShutdownRun(order, {
      ...this.ports,
      save: (record) => records.save(record),
      tell: (status, detail) => {
        ack(run.order.id, status, detail, actionOf(order));
        if (status !== "running" && !order.isDrill) onChange();
      },
    }, resumed);
    this.#run = run;
    this.#standDowns = 0;
    run.go().catch((error) => {
      log.error("SHUTDOWN RUN FAILED", { reason: errorText(error) });
      ack(run.order.id, "failed", errorText(error));
    });
  }

  /** @param abortId Of the command that asked; undefined: nobody did */
  async #callOff(why: string, abortId?: string): Promise<void> {
    const { log, ack, onChange } = this.ports;
    const run = this.#run;
    const { done, detail } = await run?.callOff() ?? { done: true, detail: NOTHING_RAN };
    log.notice(done ? "ABORTED" : "ABORT FAILED", { why, detail });
    if (run && done && detail !== NOTHING_RAN) ack(run.order.id, "aborted", `${why}: ${detail}`);
    if (abortId !== undefined) ack(abortId, done ? "aborted" : "failed", detail, "abort");
    if (done) this.#run = undefined;
    onChange();
  }
}

function actionOf({ isDrill }: ShutdownOrder): string {
  return isDrill ? "drill" : "shutdown";
}
