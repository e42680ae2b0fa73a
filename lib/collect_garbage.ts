/**
 * Lets V8 collect its garbage now and then, and says at `debug` what is left. Payloads lie outside of its heaps, which stay
 * small and give it no reason to: after days of traffic the daemon held 100 MB more than it used (docs/benchmarks.md,
 * endurance).
 */
import type { Cancel, CountingClock } from "./clock.ts";
import type { Logger } from "./log.ts";

/** A collection takes some milliseconds: once an hour is often enough. */
export const COLLECT_EVERY_MS = 3_600_000;

/** What a worker holds after a collection, as a log line: `timers` that wait, `heap_kb` of V8's heap. */
export const RESOURCES_LINE = "RESOURCES";

/** Begins. Without V8's `--expose-gc` there is nothing to call, and nothing happens. */
export function collectNowAndThen(clock: CountingClock, log: Pick<Logger, "debug">): Cancel {
  const { gc } = globalThis as { gc?: () => void };
  if (!gc) return () => {};
  return clock.every(COLLECT_EVERY_MS, () => {
    gc();
    const heapKb = Math.round(Deno.memoryUsage().heapUsed / 1000);
    log.debug(RESOURCES_LINE, { timers: clock.pending, heap_kb: heapKb });
  });
}
