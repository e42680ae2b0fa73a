/**
 * Lets V8 give back what it does not need, soon after the start and then now and then, and says at `debug` what is left.
 * Loading leaves a third of each heap as garbage and as code that ran once. Payloads lie outside of the heaps. So the heaps stay
 * small and give V8 no reason to look. After days of traffic the daemon held 100 MB more than it used (docs/benchmarks.md).
 */
import type { Cancel, CountingClock } from "../time/clock.ts";
import type { Logger } from "../log/log.ts";

/** Everything is loaded, logged in and connected by then. */
export const FIRST_COLLECT_MS = 10_000;
/** A collection takes some tens of milliseconds: once an hour is often enough. */
export const COLLECT_EVERY_MS = 3_600_000;

/** What a worker holds after a collection, as a log line: `timers` that wait, `heap_kb` of V8's heap. */
export const RESOURCES_LINE = "RESOURCES";

/** V8's own function, there with `--expose-gc`. */
interface CollectingScope {
  readonly gc?: (options: { readonly type: "major"; readonly flavor: "last-resort" }) => void;
}

/** Begins. Without V8's `--expose-gc` there is nothing to call, and nothing happens. */
export function collectNowAndThen(clock: CountingClock, log: Pick<Logger, "debug">): Cancel {
  const { gc } = globalThis as CollectingScope;
  if (!gc) return () => {};
  const collect = () => {
    // The only kind that also drops code which ran once, and hands empty pages back to Linux.
    gc({ type: "major", flavor: "last-resort" });
    const heapKb = Math.round(Deno.memoryUsage().heapUsed / 1000);
    log.debug(RESOURCES_LINE, { timers: clock.pending, heap_kb: heapKb });
  };
  const cancelFirst = clock.after(FIRST_COLLECT_MS, collect);
  const cancelRest = clock.every(COLLECT_EVERY_MS, collect);
  return () => {
    cancelFirst();
    cancelRest();
  };
}
