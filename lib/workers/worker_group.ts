/**
 * A worker that several services share, as the supervisor sees it: a worker for each. When it ends, it has ended for all of them;
 * one that could not start leaves it alone, and the others do not notice.
 */
import type { AtSeat, FromWorker, ToWorker } from "./control.ts";
import type { WorkerHandle } from "./supervisor.ts";

/** The worker itself. */
export type SharedHandle = WorkerHandle<AtSeat<ToWorker>, AtSeat<FromWorker>>;

interface Seat {
  onMessage(message: FromWorker): void;
  onError(text: string): void;
}

/** See the file comment. */
export class WorkerGroup {
  readonly #seats = new Map<number, Seat>();
  #worker: SharedHandle | undefined;
  #nextSeat = 0;

  /**
   * @param services The names of all that share it, for whoever reads why it ended
   * @param start Starts the worker
   */
  constructor(private readonly services: readonly string[], private readonly start: () => SharedHandle) {}

  /** Begins one of the services, in the worker that is there, or else in a new one. */
  spawn(): WorkerHandle {
    const id = this.#nextSeat++;
    const worker = this.#worker ??= this.#begin();
    const seat: Seat = { onMessage() {}, onError() {} };
    this.#seats.set(id, seat);
    return {
      post: (message, transfer) => {
        if (this.#seats.has(id)) worker.post({ seat: id, message }, transfer);
      },
      onMessage: (handle) => seat.onMessage = handle,
      onError: (handle) => seat.onError = handle,
      terminate: () => this.#leave(id),
    };
  }

  #begin(): SharedHandle {
    const worker = this.start();
    worker.onMessage(({ seat, message }) => {
      if (this.#worker === worker) this.#seats.get(seat)?.onMessage(message);
    });
    worker.onError((text) => {
      if (this.#worker === worker) this.#end(`${text} (in the worker of ${this.services.join(", ")})`);
    });
    return worker;
  }

  #leave(id: number): void {
    if (!this.#seats.delete(id)) return;
    if (this.#seats.size > 0) return this.#worker?.post({ seat: id, message: { kind: "stop" } });
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #end(text: string): void {
    const seats = [...this.#seats.values()];
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#seats.clear();
    for (const { onError } of seats) onError(text);
  }
}
