/**
 * Lets V8 collect its garbage now and then. Payloads lie outside of its heaps, which stay small and give it no reason to: after
 * days of traffic the daemon held 100 MB more than it used (docs/benchmarks.md, endurance).
 */
import type { Cancel, Clock } from "./clock.ts";

/** A collection takes some milliseconds: once an hour is often enough. */
export const COLLECT_EVERY_MS = 3_600_000;

/** Begins. Without V8's `--expose-gc` there is nothing to call, and nothing happens. */
export function collectNowAndThen(clock: Clock): Cancel {
  const { gc } = globalThis as { gc?: () => void };
  return gc ? clock.every(COLLECT_EVERY_MS, () => gc()) : () => {};
}
