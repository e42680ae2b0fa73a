/** Follows whether the daemon can be reached, also through sleep, when a dead connection still looks alive. Pure. */
import type { Reach } from "./last_resort.ts";

/** A pause between two looks longer than this means that the host slept, ms. */
export const GAP_MS = 30_000;

/** See the file comment. All times are the host's uptime, ms, sleep included. */
export class ReachTracker {
  #isLinkUp = false;
  /** undefined: never heard of it; then the broker stands for the daemon. */
  #isDaemonOnline: boolean | undefined;
  #wasReached = false;
  /** undefined while it can be reached. */
  #lostSinceMs: number | undefined;
  #awakeMs = 0;
  #lookMs: number;

  /** @param uptimeMs The agent's start */
  constructor(uptimeMs: number) {
    this.#lookMs = uptimeMs;
    this.#lostSinceMs = uptimeMs;
  }

  /** The broker was reached or answered just now. */
  linkProven(uptimeMs: number): void {
    this.look(uptimeMs);
    this.#isLinkUp = true;
    this.#judge(uptimeMs);
  }

  /** The connection to the broker ended. */
  linkDown(uptimeMs: number): void {
    // A host that wakes may hear of the end before anything else: it was lost since before the sleep.
    this.look(uptimeMs);
    this.#isLinkUp = false;
    this.#judge(uptimeMs);
  }

  /** What the daemon, or its will, says of itself at the broker. */
  daemon(isOnline: boolean, uptimeMs: number): void {
    this.look(uptimeMs);
    // Its word came over the link.
    this.#isLinkUp = true;
    this.#isDaemonOnline = isOnline;
    this.#judge(uptimeMs);
  }

  /**
   * To be called every few seconds.
   *
   * @returns true when the host slept in between: then a connection that looks alive must prove it, and the daemon
   * counts as lost since before the sleep
   */
  look(uptimeMs: number): boolean {
    const passedMs = uptimeMs - this.#lookMs;
    const slept = passedMs > GAP_MS;
    if (slept && this.#isLinkUp) {
      this.#isLinkUp = false;
      this.#judge(this.#lookMs);
    }
    if (this.#lostSinceMs !== undefined) this.#awakeMs += slept ? 0 : Math.max(0, passedMs);
    this.#lookMs = uptimeMs;
    return slept;
  }

  /** How it stands. */
  get reach(): Reach {
    if (this.#lostSinceMs === undefined) return { kind: "reachable" };
    return {
      kind: "lost",
      sinceUptimeMs: this.#lostSinceMs,
      awakeMs: this.#awakeMs,
      wasReached: this.#wasReached,
    };
  }

  #judge(uptimeMs: number): void {
    const isReachable = this.#isLinkUp && this.#isDaemonOnline !== false;
    if (isReachable) {
      this.#wasReached = true;
      this.#lostSinceMs = undefined;
      this.#awakeMs = 0;
    } else if (this.#lostSinceMs === undefined) {
      this.#lostSinceMs = uptimeMs;
      this.#awakeMs = 0;
    }
  }
}
