/**
 * How the runtime runs the daemon, from the sources and as one program: memory counts more than the last bit of speed on a
 * Pi. What each brings is in docs/benchmarks.md. `deno task start` has them too, in `deno.json`.
 */

/** Small heaps instead of heaps that may grow; `--expose-gc` is for `lib/workers/collect_garbage.ts`. */
export const V8_FLAGS = "--v8-flags=--optimize-for-size,--max-semi-space-size=1,--expose-gc";

/** Payloads lie outside of V8's heaps, where glibc else gives each worker an arena of its own that never shrinks. */
export const ALLOCATOR: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: "2" };
