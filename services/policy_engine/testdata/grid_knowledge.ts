/** What anybody could know of a station's grid from all that was said: the referee's own slow reckoning, apart from the policy. */

interface Evidence {
  readonly value: boolean;
  readonly atSec: number;
}

const OLD_LOSS_SEC = 3600;

/** See the file comment. Times are seconds of the world. */
export class GridKnowledge {
  /** `unsureUntilSec`: from before a restart that made its age a guess; then. */
  #own: (Evidence & { readonly isFromBefore?: true; readonly unsureUntilSec?: number }) | undefined;
  /**
   * What the station was heard to say again after a restart: older than its newest word from before, and the same. The policy need
   * not know that newest word: while the grid stays as it is nothing is stored. If it does not, this word is news to it, and
   * stands while it is fresh; if it does, the word is a late repetition. Both are right, and nobody outside can tell which it is.
   */
  #again: Evidence | undefined;
  #witness: Evidence | undefined;
  #newestSec = -Infinity;
  #isUntold = false;
  #known: Evidence | undefined;
  /** What was known before it became unknown. */
  #belief: Evidence | undefined;

  constructor(private readonly source: "auto" | "witness", private readonly staleAfterSec: number) {}

  /** What is known now; undefined: nothing, or it counts no more. */
  get known(): Evidence | undefined {
    return this.#known;
  }

  /** When what may be believed was last true, s; undefined: nothing is known. */
  get newestTrueSec(): number | undefined {
    return this.#known && Math.max(this.#known.atSec, this.#again?.atSec ?? -Infinity);
  }

  /** Whether the policy may rightly believe this now. */
  mayBe(value: boolean, nowSec: number): boolean {
    const again = this.#again;
    const isAgain = again?.value === value && !this.#isUntold &&
      // One that is newer than all else that was said is never wrong, whatever a restart made of the other's time.
      (this.#isFresh(again, nowSec) || again.atSec >= (this.#known?.atSec ?? -Infinity));
    return this.#known?.value === value || isAgain;
  }

  /** Whether the policy can rightly believe nothing but this. */
  mustBe(value: boolean, nowSec: number): boolean {
    return this.#known?.value === value && !this.mayBe(!value, nowSec);
  }

  /** The station does not tell the grid any more. */
  get isUntold(): boolean {
    return this.#isUntold;
  }

  /**
   * The station speaks, of a moment that may be past.
   *
   * @param spokeSec When it said all of this
   * @param trueSec When what it says of the grid was true
   */
  stationSays(
    said: boolean | undefined,
    isUnknown: boolean,
    spokeSec: number,
    nowSec: number,
    trueSec = spokeSec,
  ): void {
    if (this.source === "witness") return;
    if (spokeSec >= this.#newestSec) {
      this.#newestSec = spokeSec;
      this.#isUntold = isUnknown;
    }
    // By the policy's own rule a loss of an hour ago begins no outage: most likely the power came back since.
    const isOldLoss = said === false && nowSec - trueSec >= OLD_LOSS_SEC && this.#own?.value !== false;
    const grid = isOldLoss ? undefined : said;
    if (
      grid !== undefined && grid !== this.#own?.value && trueSec < (this.#own?.unsureUntilSec ?? -Infinity)
    ) {
      // Nobody can tell which of the two was said last: either may be believed.
      this.#again = { value: grid, atSec: trueSec };
    } else if (grid !== undefined && trueSec >= (this.#own?.atSec ?? -Infinity)) {
      const until = this.#own?.unsureUntilSec ?? -Infinity;
      this.#own = { value: grid, atSec: trueSec, ...(trueSec < until ? { unsureUntilSec: until } : {}) };
      this.#again = undefined;
    } else if (
      this.#own?.isFromBefore && grid === this.#own.value && trueSec >= (this.#again?.atSec ?? -Infinity)
    ) {
      this.#again = { value: grid, atSec: trueSec };
    }
    this.reckon(nowSec);
  }

  /** A witness speaks now. */
  witnessSays(grid: boolean, nowSec: number): void {
    this.#witness = { value: grid, atSec: nowSec };
    this.reckon(nowSec);
  }

  /** Time passes. */
  reckon(nowSec: number): void {
    if (this.#own && !this.#own.isFromBefore && !this.#isUntold && this.#isFresh(this.#own, nowSec)) {
      this.#known = this.#belief = this.#own;
    } else if (this.#witness && this.#isFresh(this.#witness, nowSec)) {
      this.#known = this.#belief = this.#witness;
    } else {
      if ((this.#own?.atSec ?? -Infinity) >= (this.#belief?.atSec ?? -Infinity)) this.#belief = this.#own;
      this.#known = this.#isUntold && this.#belief?.value ? undefined : this.#belief;
    }
  }

  /**
   * The policy was killed: readings are from before, and of witnesses only what was believed is left.
   *
   * @param isSure It knows how long it was away
   */
  restart(isSure: boolean, nowSec: number): void {
    const unsureUntilSec = isSure ? this.#own?.unsureUntilSec : nowSec;
    if (this.#own) this.#own = { ...this.#own, isFromBefore: true, unsureUntilSec };
    this.#witness = this.#again = undefined;
  }

  /** The policy forgets on purpose what it knew. */
  forget(): void {
    this.#own =
      this.#again =
      this.#witness =
      this.#known =
      this.#belief =
        undefined;
  }

  #isFresh({ atSec }: Evidence, nowSec: number): boolean {
    return nowSec - atSec <= this.staleAfterSec;
  }
}
