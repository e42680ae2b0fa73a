/** Whether our own presence on the broker says the truth: a forger or a late will may have put "offline" there. Pure. */
import type { HeardPresence } from "./heard_presence.ts";

/** A false presence is put right at once, and then at most this often, ms: whoever forges it again and again is no pump. */
export const CORRECT_EVERY_MS = 2000;

/** See the file comment. */
export class PresenceGuard {
  #correctedMonoMs = -Infinity;
  #corrections = 0;

  /**
   * Something was said on our own presence topic.
   *
   * @param said What it says; undefined when it cannot be read, or is nothing at all: no better than "offline"
   * @returns how long to wait before we say the truth again, ms; undefined: what was said is no harm
   */
  hear(said: HeardPresence | undefined, nowMonoMs: number): number | undefined {
    if (said?.isOnline) return undefined;
    return Math.max(0, this.#correctedMonoMs + CORRECT_EVERY_MS - nowMonoMs);
  }

  /** A new connection: what the broker kept from the time without one is our own last will. */
  connected(): void {
    this.#corrections = 0;
  }

  /** The truth is said now. @returns how often it had to be on this connection, this time included */
  correct(nowMonoMs: number): number {
    this.#correctedMonoMs = nowMonoMs;
    return ++this.#corrections;
  }
}
