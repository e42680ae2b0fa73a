/** Time as a value that is handed in: monotonic for holds, wall for stamps. Only this file calls the real clock. */

/** Ends a pending timer; calling it again, or after the timer ran, does nothing. */
export type Cancel = () => void;

/** The only source of time for everything outside this file. */
export interface Clock {
  /** Seconds of this clock in one real second: 1 in production. Peers outside, such as browsers, live in real time. */
  readonly speed: number;
  /** Monotonic milliseconds since an arbitrary start. Never leaves its worker: each worker has its own start. */
  monoMs(): number;
  /** Wall time, milliseconds since 1970. May jump: for stamps and expiry only, never for holds. */
  wallMs(): number;
  /** Runs once after at least `delayMs` (0 or more). */
  after(delayMs: number, run: () => void): Cancel;
  /** Runs every `intervalMs` (more than 0) until cancelled. */
  every(intervalMs: number, run: () => void): Cancel;
  /** Resolves after `delayMs`; rejects with the signal's reason when that is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** A {@link Clock} that knows what waits on it. */
export interface CountingClock extends Clock {
  /** Timers that wait: a number that rises for days is a leak. */
  readonly pending: number;
}

/** How fast time passes for a run: 1 and no origin in production, more in simulations. */
export interface TimeScale {
  /** Scaled seconds in one real second, 1 to 10,000. */
  readonly speed: number;
  /** The wall time, ms since 1970, at which scaled and real wall time agree; the same for all parts of a run. */
  readonly originWallMs: number;
}

/** Real time. */
export const REAL_TIME: TimeScale = { speed: 1, originWallMs: 0 };

/** The longest delay that the runtime's timer takes, in ms; longer ones are cut into pieces. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * The machine's clock, or a faster one for simulations.
 *
 * @param scale Real time when absent
 */
export function systemClock(scale: TimeScale = REAL_TIME): CountingClock {
  const { speed, originWallMs } = scale;
  if (!(speed >= 1 && speed <= 10_000)) {
    throw new RangeError(`Cannot scale time: speed must be 1 to 10000, found ${speed}`);
  }
  let pending = 0;
  /** Ends a timer's count, once. */
  const counted = (end: () => void): Cancel => {
    let isOver = false;
    pending++;
    return () => {
      if (isOver) return;
      isOver = true;
      pending--;
      end();
    };
  };
  const clock: CountingClock = {
    speed,
    get pending() {
      return pending;
    },
    monoMs: () => performance.now() * speed,
    wallMs: () => speed === 1 ? Date.now() : originWallMs + (Date.now() - originWallMs) * speed,
    after(delayMs, run) {
      const untilMs = performance.now() + Math.max(0, delayMs) / speed;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const end = counted(() => clearTimeout(timer));
      const arm = () => {
        const leftMs = untilMs - performance.now();
        timer = leftMs > LONGEST_TIMER_MS ? setTimeout(arm, LONGEST_TIMER_MS) : setTimeout(() => {
          end();
          run();
        }, Math.max(0, leftMs));
      };
      arm();
      return end;
    },
    every(intervalMs, run) {
      const timer = setInterval(run, intervalMs / speed);
      return counted(() => clearInterval(timer));
    },
    sleep: (delayMs, signal) => sleepOn(clock, delayMs, signal),
  };
  return clock;
}

/** `Clock.sleep` for any clock that has `after`. */
export function sleepOn(clock: Pick<Clock, "after">, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
