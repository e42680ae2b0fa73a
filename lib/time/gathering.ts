/**
 * What is not urgent is told together. Told alone, each would wake every thread of the house, or be told anew with each change of
 * something else.
 */
import type { Cancel, Clock } from "./clock.ts";
import { AT_ONCE } from "./rounds.ts";

/** How long something waits for others at most, ms. */
export const TOGETHER_MS = 250;
/** Where there are at most so many, nobody waits: hardly two would be told together. */
export const FEW = 8;

/** What all of a house share. `T` is one of them. */
export class Gathering<T> {
  readonly #waiting = new Set<T>();
  #toldMonoMs = -Infinity;
  #cancel: Cancel = () => {};

  /**
   * @param howMany How many speak
   * @param tell Called for each that waited, when its time has come
   */
  constructor(
    private readonly clock: Pick<Clock, "monoMs" | "after">,
    private readonly howMany: () => number,
    private readonly tell: (one: T) => void,
  ) {}

  /** Whether `one` may be told now. If not, it waits, and is told within {@link TOGETHER_MS}. */
  admits(one: T): boolean {
    if (this.#waiting.has(one)) return false;
    if (this.howMany() <= FEW) return true;
    const waitedMs = this.clock.monoMs() - this.#toldMonoMs;
    if (waitedMs >= TOGETHER_MS && this.#waiting.size === 0) {
      this.#toldMonoMs = this.clock.monoMs();
      return true;
    }
    this.#waiting.add(one);
    if (this.#waiting.size >= AT_ONCE) this.#tellAll();
    else if (this.#waiting.size === 1) this.#tellAllIn(TOGETHER_MS - waitedMs);
    return false;
  }

  /** Whether `one` waits. */
  has(one: T): boolean {
    return this.#waiting.has(one);
  }

  /** `one` was told otherwise, or is gone. */
  leave(one: T): void {
    this.#waiting.delete(one);
  }

  /** Nobody is told any more. */
  stop(): void {
    this.#cancel();
    this.#waiting.clear();
  }

  #tellAllIn(ms: number): void {
    this.#cancel();
    this.#cancel = this.clock.after(ms, () => this.#tellAll());
  }

  #tellAll(): void {
    this.#cancel();
    this.#toldMonoMs = this.clock.monoMs();
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const one of all) this.tell(one);
  }
}
