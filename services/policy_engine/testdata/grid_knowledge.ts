/** What anybody could know of a station's grid from all that was said: the referee's own slow reckoning, apart from the policy. */

interface Evidence {
  readonly value: boolean;
  readonly atSec: number;
}

/** See the file comment. Times are seconds of the world. */
export class GridKnowledge {
  #own: (Evidence & { readonly isFromBefore?: true }) | undefined;
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

  /** The station does not tell the grid any more. */
  get isUntold(): boolean {
    return this.#isUntold;
  }

  /** The station speaks, of a moment that may be past. */
  stationSays(grid: boolean | undefined, isUnknown: boolean, trueSec: number, nowSec: number): void {
    if (this.source === "witness") return;
    if (trueSec >= this.#newestSec) {
      this.#newestSec = trueSec;
      this.#isUntold = isUnknown;
    }
    if (grid !== undefined && trueSec >= (this.#own?.atSec ?? -Infinity)) {
      this.#own = { value: grid, atSec: trueSec };
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
    const isFresh = (one: Evidence | undefined) =>
      one !== undefined && nowSec - one.atSec <= this.staleAfterSec;
    if (this.#own && !this.#own.isFromBefore && !this.#isUntold && isFresh(this.#own)) {
      this.#known = this.#belief = this.#own;
    } else if (this.#witness && isFresh(this.#witness)) this.#known = this.#belief = this.#witness;
    else {
      if ((this.#own?.atSec ?? -Infinity) >= (this.#belief?.atSec ?? -Infinity)) this.#belief = this.#own;
      this.#known = this.#isUntold && this.#belief?.value ? undefined : this.#belief;
    }
  }

  /** The policy was killed: readings are from before, and of witnesses only what was believed is left. */
  restart(): void {
    if (this.#own) this.#own = { ...this.#own, isFromBefore: true };
    this.#witness = undefined;
  }

  /** The policy forgets on purpose what it knew. */
  forget(): void {
    this.#own =
      this.#witness =
      this.#known =
      this.#belief =
        undefined;
  }
}
