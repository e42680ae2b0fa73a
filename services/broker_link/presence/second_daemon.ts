/**
 * Notices a daemon that speaks on our topics under another client id, as after a move to another machine with a new password.
 * Neither throws the other out, but statuses and plans of the two take each other's place. Pure: time is an argument.
 */
import type { HeardPresence } from "./heard_presence.ts";

/** The condition's code. */
export const SECOND_DAEMON_CODE = "second_daemon";
/** What comes so soon after a connect may be what the run before said, kept by the broker, ms. */
const KEPT_MS = 10_000;
/** Not heard for so long, ms, there is none any more: statuses are said when they change. */
export const SECOND_REMEMBERED_MS = 3_600_000;

/** See the file comment. */
export class SecondDaemon {
  #connectedMonoMs = Infinity;
  #heardMonoMs: number | undefined;

  /** A connection is up. */
  connected(nowMonoMs: number): void {
    this.#connectedMonoMs = nowMonoMs;
  }

  /**
   * A presence was said, and not kept from before.
   *
   * @param other What it says; undefined when it is no presence
   * @param own The mark of this process; undefined when it has none
   * @returns whether this shows another, and it was not known
   */
  hear(other: HeardPresence | undefined, own: string | undefined, nowMonoMs: number): boolean {
    if (own === undefined || other?.instance === undefined) return false;
    if (!other.isOnline || other.instance === own) return false;
    if (nowMonoMs - this.#connectedMonoMs < KEPT_MS) return false;
    const wasKnown = this.isThere(nowMonoMs);
    this.#heardMonoMs = nowMonoMs;
    return !wasKnown;
  }

  /** Whether there is another, for all that is known. */
  isThere(nowMonoMs: number): boolean {
    return this.#heardMonoMs !== undefined && nowMonoMs - this.#heardMonoMs < SECOND_REMEMBERED_MS;
  }
}

/** What the owner is told. @param hostName The other one's machine; undefined when it does not say */
export function secondDaemonText(hostName: string | undefined): string {
  const where = hostName === undefined ? "" : ` (on ${hostName})`;
  return `Another daemon${where} speaks on our topics under a client id of its own: both command the hosts, and what one shows takes ` +
    "the place of what the other shows; stop one of the two, or give one other topics";
}
