/** A clock that stands still until a test moves it. */
import { setImmediate } from "node:timers";
import { type Cancel, type CountingClock, sleepOn } from "./clock.ts";

interface Timer {
  readonly id: number;
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

/** The default wall time of a test: 2026-11-23T19:00:00Z, in ms since 1970. */
export const TEST_WALL_MS = Date.UTC(2026, 10, 23, 19, 0, 0);

/** Deterministic {@link CountingClock}: timers run, in order of their due time, only inside {@link TestClock.advance}. */
export class TestClock implements CountingClock {
  readonly speed = 1;
  #monoMs = 0;
  #wallOffsetMs: number;
  #nextId = 1;
  readonly #timers = new Map<number, Timer>();

  /** @param wallMs Wall time at the start, ms since 1970 */
  constructor(wallMs: number = TEST_WALL_MS) {
    this.#wallOffsetMs = wallMs;
  }

  monoMs(): number {
    return this.#monoMs;
  }

  wallMs(): number {
    return this.#monoMs + this.#wallOffsetMs;
  }

  /** Lets the wall clock jump, as after an NTP step; monotonic time and timers do not move. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Timers that still wait: 0 when everything that was started has been stopped. */
  get pending(): number {
    return this.#timers.size;
  }

  after(delayMs: number, run: () => void): Cancel {
    return this.#add(Math.max(0, delayMs), undefined, run);
  }

  every(intervalMs: number, run: () => void): Cancel {
    if (!(intervalMs > 0)) {
      throw new RangeError(`Cannot repeat: interval must be > 0 ms, found ${intervalMs}`);
    }
    return this.#add(intervalMs, intervalMs, run);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /**
   * Moves time on and runs what falls due, each timer at its own due time.
   *
   * Between two timers all promise work that is ready is let through, so that code after an `await` has run.
   */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monoMs + byMs;
    await settle();
    for (let next = this.#earliest(untilMs); next; next = this.#earliest(untilMs)) {
      this.#monoMs = Math.max(this.#monoMs, next.dueMs);
      if (next.everyMs === undefined) this.#timers.delete(next.id);
      else next.dueMs += next.everyMs;
      next.run();
      await settle();
    }
    this.#monoMs = untilMs;
    await settle();
  }

  #earliest(untilMs: number): Timer | undefined {
    let found: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (timer.dueMs <= untilMs && (!found || timer.dueMs < found.dueMs)) found = timer;
    }
    return found;
  }

  #add(delayMs: number, everyMs: number | undefined, run: () => void): Cancel {
    const id = this.#nextId++;
    this.#timers.set(id, { id, dueMs: this.#monoMs + delayMs, everyMs, run });
    return () => void this.#timers.delete(id);
  }
}

/** Lets every promise reaction run that is ready now, also chains of them and what `queueMicrotask` holds. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
  await new Promise<void>((resolve) => setImmediate(resolve));
}
