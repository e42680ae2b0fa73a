/** Lets a burst through, then one every so often, and counts the rest. Pure. */

/** See the file comment. */
export class RateLimit {
  #tokens: number;
  #atMonoMs: number | undefined;
  #dropped = 0;

  /**
   * @param burst How many pass at once, 1 or more
   * @param everyMs One more passes after each such time
   */
  constructor(private readonly burst: number, private readonly everyMs: number) {
    this.#tokens = burst;
  }

  /** @returns undefined when it must not pass; else how many were dropped since the last that did */
  take(nowMonoMs: number): { readonly dropped: number } | undefined {
    const passedMs = nowMonoMs - (this.#atMonoMs ?? nowMonoMs);
    this.#atMonoMs = nowMonoMs;
    this.#tokens = Math.min(this.burst, this.#tokens + passedMs / this.everyMs);
    if (this.#tokens < 1) {
      this.#dropped++;
      return undefined;
    }
    this.#tokens--;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return { dropped };
  }
}
