/** How V8 runs the daemon, from the sources and as one program. */

/**
 * Memory counts more than the last bit of speed on a Pi: six small heaps instead of six that may grow. What they bring is
 * in docs/benchmarks.md. `--expose-gc` is for `lib/collect_garbage.ts`. `deno task start` has them too, in `deno.json`.
 */
export const V8_FLAGS = "--v8-flags=--optimize-for-size,--max-semi-space-size=1,--expose-gc";
