/** How soon a message that the broker refused is said again: ever more seldom, so that no log fills. Pure. */

/** The first wait after a refusal, and the longest, ms. */
const WAIT_MS = { first: 2000, longest: 60_000 };

/** One for each kind of message; the key tells them apart. */
export class RetryPace {
  readonly #failed = new Map<string, { readonly times: number; readonly untilMonoMs: number }>();

  /** It was refused. */
  failed(key: string, nowMonoMs: number): void {
    const times = (this.#failed.get(key)?.times ?? 0) + 1;
    const waitMs = Math.min(WAIT_MS.longest, WAIT_MS.first * 2 ** (times - 1));
    this.#failed.set(key, { times, untilMonoMs: nowMonoMs + waitMs });
  }

  /** It was taken. */
  passed(key: string): void {
    this.#failed.delete(key);
  }

  /** Whether it waits now: it was refused a short time ago. */
  isWaiting(key: string, nowMonoMs: number): boolean {
    return nowMonoMs < (this.#failed.get(key)?.untilMonoMs ?? -Infinity);
  }
}
