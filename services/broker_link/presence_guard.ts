/** Whether our own presence on the broker says the truth: a forger or a late will may have put "offline" there. Pure. */
import { parseOrchestratorStatus } from "../../lib/messages/orchestrator_status.ts";

/** A false presence is put right at once, and then at most this often, ms: whoever forges it again and again is no pump. */
export const CORRECT_EVERY_MS = 2000;

/** See the file comment. */
export class PresenceGuard {
  #correctedMonoMs = -Infinity;
  #corrections = 0;

  /**
   * Something was said on our own presence topic.
   *
   * @returns how long to wait before we say the truth again, ms; undefined: what was said is no harm
   */
  hear(payload: Uint8Array, nowMonoMs: number): number | undefined {
    if (!isFalse(payload)) return undefined;
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

/** Anything but "online", also what cannot be read, or nothing at all. */
function isFalse(payload: Uint8Array): boolean {
  try {
    return !parseOrchestratorStatus(payload, "our presence").online;
  } catch {
    return true;
  }
}
