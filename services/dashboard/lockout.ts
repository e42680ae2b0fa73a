/** How often a password may be guessed: five times from one address, then ever longer waits; and in all. Pure. */
import { networkOf } from "./http/network.ts";

/** Wrong passwords before an address has to wait. */
export const FREE_FAILURES = 5;
const FIRST_WAIT_MS = 60_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** Without a failure for this long an address is forgotten. */
const MEMORY_MS = 3_600_000;
const MAX_ADDRESSES = 1000;
/** All addresses together: so many at once, and one more in so many ms. */
const TOGETHER = { burst: 30, everyMs: 2000 } as const;

interface Failures {
  count: number;
  lastMonoMs: number;
}

/** See the file comment. */
export class Lockout {
  readonly #failures = new Map<string, Failures>();
  #tokens: number = TOGETHER.burst;
  #tokensAtMonoMs: number;

  constructor(nowMonoMs: number) {
    this.#tokensAtMonoMs = nowMonoMs;
  }

  /** How long the address has to wait for its next guess, ms; 0: not at all, and the guess is counted. */
  take(address: string, nowMonoMs: number): number {
    const waitMs = this.waitMs(address, nowMonoMs);
    if (waitMs > 0) return waitMs;
    const gained = (nowMonoMs - this.#tokensAtMonoMs) / TOGETHER.everyMs;
    this.#tokens = Math.min(TOGETHER.burst, this.#tokens + gained);
    this.#tokensAtMonoMs = nowMonoMs;
    if (this.#tokens < 1) return Math.ceil((1 - this.#tokens) * TOGETHER.everyMs);
    this.#tokens--;
    // Counted as wrong until it is known to be right: many guesses at once must not slip through together.
    this.#note(networkOf(address), nowMonoMs);
    return 0;
  }

  /** How long the address is locked out still, ms; 0: not. */
  waitMs(address: string, nowMonoMs: number): number {
    const failures = this.#failures.get(networkOf(address));
    if (!failures || failures.count < FREE_FAILURES) return 0;
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures.count - FREE_FAILURES));
    return Math.max(0, failures.lastMonoMs + wait - nowMonoMs);
  }

  /** The right password came from the address. */
  forgive(address: string): void {
    this.#failures.delete(networkOf(address));
  }

  #note(network: string, nowMonoMs: number): void {
    const before = this.#failures.get(network);
    const isOld = !before || nowMonoMs - before.lastMonoMs >= MEMORY_MS;
    this.#failures.delete(network);
    this.#failures.set(network, { count: isOld ? 1 : before.count + 1, lastMonoMs: nowMonoMs });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MAX_ADDRESSES && oldest !== undefined) this.#failures.delete(oldest);
  }
}
