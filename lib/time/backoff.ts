/** Waiting times between attempts: growing, capped, with jitter. */

/** How a retry schedule grows. */
export interface BackoffOptions {
  /** Wait before the first retry, ms, > 0. */
  readonly firstMs: number;
  /** Longest wait, ms, >= `firstMs`. */
  readonly maxMs: number;
  /** Growth from one wait to the next, >= 1; 2 when absent. */
  readonly factor?: number;
  /** Share of the wait that is random, 0 to 1; 0.2 when absent: 1000 ms becomes 800 to 1200 ms. */
  readonly jitter?: number;
}

/** A source of numbers from 0 up to, not including, 1: `Math.random`, or a fixed one in tests. */
export type Random = () => number;

/**
 * The wait before retry number `attempt`, in ms.
 *
 * @param attempt 0 for the first retry
 */
export function backoffMs(options: BackoffOptions, attempt: number, random: Random): number {
  const { firstMs, maxMs, factor = 2, jitter = 0.2 } = options;
  const base = Math.min(maxMs, firstMs * factor ** Math.min(attempt, 64));
  return Math.round(base * (1 + jitter * (2 * random() - 1)));
}

/** Counts attempts and hands out the next wait. */
export class Backoff {
  #attempt = 0;

  constructor(private readonly options: BackoffOptions, private readonly random: Random) {}

  /** The wait before the next try, ms; each call is one more failed try. */
  nextMs(): number {
    return backoffMs(this.options, this.#attempt++, this.random);
  }

  /** Failed tries since the last {@link Backoff.reset}. */
  get attempts(): number {
    return this.#attempt;
  }

  /** Call after a success. */
  reset(): void {
    this.#attempt = 0;
  }
}
