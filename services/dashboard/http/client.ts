/** One client's connection, as far as it counts for who may stay and for how long. */
import type { Socket } from "node:net";
import type { Clock } from "../../../lib/time/clock.ts";
import type { Occupant } from "./places.ts";

/** How long a client may take, seconds of real time. */
export interface HttpTimes {
  /** From the connection, or a request's first byte, to the end of its head; and for a TLS handshake. */
  readonly headSec: number;
  /** To the end of its body. */
  readonly requestSec: number;
  /** Between requests. */
  readonly idleSec: number;
  /** To take one piece of an answer. */
  readonly writeSec: number;
}

/** See the file comment. */
export class Client implements Occupant {
  #answering = 0;
  #idleSinceMonoMs: number;
  #sendingSinceMonoMs: number | undefined;

  constructor(
    readonly address: string,
    readonly network: string,
    private readonly socket: Socket,
    private readonly clock: Clock,
  ) {
    this.#idleSinceMonoMs = clock.monoMs();
  }

  get isIdle(): boolean {
    return this.#answering === 0;
  }

  /** Runs while a request, which has come whole, is answered. */
  async answering(answer: () => Promise<void>): Promise<void> {
    this.#answering++;
    try {
      await answer();
    } finally {
      this.#answering--;
      this.#idleSinceMonoMs = this.clock.monoMs();
    }
  }

  /** Waits until the client has taken a piece of its answer. */
  async sending(taken: Promise<void>): Promise<void> {
    this.#sendingSinceMonoMs = this.clock.monoMs();
    await taken;
    this.#sendingSinceMonoMs = undefined;
  }

  /**
   * Whether it is to be cut off: it does not take its answer; or it was not cut off in time by `node:http`, whose limits
   * do not count empty lines between two requests.
   */
  isOverdue(times: HttpTimes): boolean {
    const sec = (sinceMonoMs: number) => (this.clock.monoMs() - sinceMonoMs) / 1000;
    if (this.#sendingSinceMonoMs !== undefined && sec(this.#sendingSinceMonoMs) >= times.writeSec) {
      return true;
    }
    return this.isIdle && sec(this.#idleSinceMonoMs) >= times.idleSec + times.requestSec + 2;
  }

  /** Cuts it off; may be called twice. */
  cut(): void {
    this.socket.destroy();
  }
}
