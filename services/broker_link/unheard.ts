/**
 * What came for a service that is not up yet: the broker kept it for our session, or the service's worker is being started
 * again. It waits until the service subscribes. Pure.
 */
import type { BusMessage } from "../../lib/workers/bus.ts";
import { matchesFilter } from "../../lib/mqtt/topics.ts";

/** A service that has not subscribed within this time does not want it, ms: a slow machine loads a worker for 75 s. */
export const UNHEARD_LIFE_MS = 120_000;
/** At most this many wait, for all services; then the oldest goes. */
export const UNHEARD_LIMIT = 1000;

interface Waiting {
  readonly service: string;
  readonly message: BusMessage;
  readonly untilMonoMs: number;
}

/** See the file comment. */
export class Unheard {
  #waiting: Waiting[] = [];

  /** Keeps a message for a service. */
  keep(service: string, message: BusMessage, nowMonoMs: number): void {
    if (this.#waiting.length >= UNHEARD_LIMIT) this.#waiting.shift();
    this.#waiting.push({ service, message, untilMonoMs: nowMonoMs + UNHEARD_LIFE_MS });
  }

  /** Takes out what waits for a service under a filter, oldest first; what is too old goes unheard. */
  take(service: string, filter: string, nowMonoMs: number): readonly BusMessage[] {
    if (this.#waiting.length === 0) return [];
    const living = this.#waiting.filter(({ untilMonoMs }) => nowMonoMs < untilMonoMs);
    const isWanted = (one: Waiting) => one.service === service && matchesFilter(filter, one.message.topic);
    this.#waiting = living.filter((one) => !isWanted(one));
    return living.filter(isWanted).map(({ message }) => message);
  }
}
