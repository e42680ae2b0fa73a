/** What a group's timer waits for, and when it ends: debounce, a person's hold, the wait after a restart. Pure. */

/** A person's request that hosts stay up for now. */
export interface Hold {
  readonly untilMonoMs: number;
  readonly reason: string;
}

/** What a timer waits for, as it is now. */
export interface Timer {
  readonly debounceMs: number;
  /** No trigger before this time: after a restart, fresh readings get a chance to arrive. Monotonic ms. */
  readonly notBeforeMonoMs: number;
  /** The hold that is in force; absent: there is none. */
  readonly hold?: Hold;
}

/** When a timer ends that began then, monotonic ms. */
export function timerEndMonoMs(criticalSinceMonoMs: number, timer: Timer): number {
  return Math.max(criticalSinceMonoMs + timer.debounceMs, freeMonoMs(timer));
}

/** Before this time nothing triggers, however long its debounce has run, monotonic ms. */
export function freeMonoMs({ hold, notBeforeMonoMs }: Pick<Timer, "hold" | "notBeforeMonoMs">): number {
  return Math.max(hold?.untilMonoMs ?? -Infinity, notBeforeMonoMs);
}
