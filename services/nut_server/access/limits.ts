/** How much one client may ask for: token buckets and the memory of failed logins. Pure; times are monotonic. */

import type { NutLimits } from "./nut_house.ts";

/** Lets `perSec` things a second through, `burst` at once. */
export class TokenBucket {
  #tokens: number;
  #atMonoMs: number;

  constructor(private readonly perSec: number, private readonly burst: number, nowMonoMs: number) {
    this.#tokens = burst;
    this.#atMonoMs = nowMonoMs;
  }

  /** Takes one; returns how long to wait for it, ms, 0 when it was there. */
  take(nowMonoMs: number): number {
    this.#fill(nowMonoMs);
    this.#tokens--;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens * 1000 / this.perSec);
  }

  /** Takes one only when it is there. */
  tryTake(nowMonoMs: number): boolean {
    this.#fill(nowMonoMs);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** True when nothing has been taken that was not given back by time. */
  isFull(nowMonoMs: number): boolean {
    this.#fill(nowMonoMs);
    return this.#tokens >= this.burst;
  }

  #fill(nowMonoMs: number): void {
    this.#tokens = Math.min(this.burst, this.#tokens + (nowMonoMs - this.#atMonoMs) * this.perSec / 1000);
    this.#atMonoMs = nowMonoMs;
  }
}

/** How long a failed login is remembered, ms. */
export const FAILURE_MEMORY_MS = 60_000;
/** The delay of the next logins from an address with too many failures, ms: less than the 5 s after which clients give up, so that the right password still gets in. */
export const LOGIN_DELAY_MS = 2_000;

/** One of so many places is kept for addresses from which somebody logged in before, at most. */
const KNOWN_SHARE = 4;
/** A place is kept for so long after its last log-in or the end of its session, ms: a holiday of its host. */
const KNOWN_FOR_MS = 7 * 86_400_000;

/** What is remembered of addresses; forgets by itself, so that it stays small. */
export class AddressBook {
  readonly #connects = new Map<string, TokenBucket>();
  readonly #failures = new Map<string, { count: number; lastMonoMs: number }>();

  readonly #known = new Map<string, number>();

  /** @param limits See `NutLimits` */
  constructor(
    private readonly limits: Pick<NutLimits, "connectsPerSec" | "failedLogins" | "maxConnections">,
  ) {}

  /**
   * Somebody is logged in from there: from now on a place is kept for it, for a week. Those that came first stay: who logs
   * in from many addresses displaces nobody.
   */
  noteLogin(address: string, nowMonoMs: number): void {
    const most = Math.floor(this.limits.maxConnections / KNOWN_SHARE);
    if (this.#known.has(address) || this.#known.size < most) this.#known.set(address, nowMonoMs);
  }

  /** Addresses that are kept a place. */
  get known(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** Whether one more connection of the address fits its rate. */
  mayConnect(address: string, nowMonoMs: number): boolean {
    let bucket = this.#connects.get(address);
    if (!bucket) {
      const { connectsPerSec } = this.limits;
      bucket = new TokenBucket(connectsPerSec, connectsPerSec * 3, nowMonoMs);
      this.#connects.set(address, bucket);
    }
    return bucket.tryTake(nowMonoMs);
  }

  /** A login failed. */
  noteFailure(address: string, nowMonoMs: number): void {
    const count = (this.#failures.get(address)?.count ?? 0) + 1;
    this.#failures.set(address, { count, lastMonoMs: nowMonoMs });
  }

  /** How long the next login has to wait, ms. */
  loginDelayMs(address: string): number {
    return (this.#failures.get(address)?.count ?? 0) >= this.limits.failedLogins ? LOGIN_DELAY_MS : 0;
  }

  /** Forgets what is over; call about once a second. */
  forget(nowMonoMs: number): void {
    for (const [address, bucket] of this.#connects) {
      if (bucket.isFull(nowMonoMs)) this.#connects.delete(address);
    }
    for (const [address, lastMonoMs] of this.#known) {
      if (nowMonoMs - lastMonoMs >= KNOWN_FOR_MS) this.#known.delete(address);
    }
    for (const [address, { lastMonoMs }] of this.#failures) {
      if (nowMonoMs - lastMonoMs >= FAILURE_MEMORY_MS) this.#failures.delete(address);
    }
  }

  /** Addresses remembered. */
  get size(): number {
    return this.#connects.size + this.#failures.size;
  }
}
