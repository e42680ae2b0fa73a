/**
 * The child of a mutant run: loads the test files of a target once and plays, for each mutant, the tests that reach it,
 * the shortest first, until one fails. Started by play.ts with a `RunnerOrder` as its argument; answers on its output,
 * one `RunnerAnswer` a line behind `MARK`.
 */
import { declaredTest, type TestFunction } from "./declared.ts";
import type { RunnerAnswer, RunnerOrder, TestReach } from "./messages.ts";
import { MARK } from "./messages.ts";

const tests: { readonly name: string; readonly file: string; readonly run: TestFunction }[] = [];
let loading = "";
let active = -1;
let reached: Set<number> | undefined = new Set<number>();
let strayError: unknown;

Object.assign(globalThis, {
  isMutant: (number: number) => number === active,
  sawMutant: (number: number) => reached?.add(number),
});
const collect = (...args: readonly unknown[]) => {
  const test = declaredTest(...args);
  if (test) tests.push({ ...test, file: loading });
};
Object.defineProperty(Deno, "test", { value: Object.assign(collect, { ignore: () => {} }) });
for (const kind of ["unhandledrejection", "error"]) {
  globalThis.addEventListener(kind, (event) => {
    event.preventDefault();
    strayError ??= event;
  });
}

/** The step of a test runs at once; a step that fails, fails its test. */
const context = {
  step: async (name: string, run: TestFunction) => {
    await run({ ...context, name });
    return true;
  },
};

function answer(message: RunnerAnswer): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`\n${MARK}${JSON.stringify(message)}\n`));
}

async function passes(index: number): Promise<boolean> {
  strayError = undefined;
  try {
    await tests[index]?.run(context);
    await new Promise((resolve) => setImmediate(resolve));
    return strayError === undefined;
  } catch {
    return false;
  }
}

/** What each test reaches and how long it takes; a test that fails outside of its usual runner is left out. */
async function reaches(): Promise<TestReach[]> {
  const all: TestReach[] = [];
  for (const [test, { name, file }] of tests.entries()) {
    reached = new Set();
    const startMs = performance.now();
    if (await passes(test)) all.push({ test, ms: performance.now() - startMs, mutants: [...reached] });
    else answer({ kind: "left_out", name, file });
  }
  reached = undefined;
  return all;
}

async function failsWith(mutant: number, test: number): Promise<boolean> {
  active = mutant;
  const isPassed = await passes(test);
  active = -1;
  return !isPassed;
}

async function play(mutant: number, chosen: readonly number[]): Promise<void> {
  answer({ kind: "start", mutant });
  for (const test of chosen) {
    answer({ kind: "goes_on" });
    if (!await failsWith(mutant, test)) continue;
    // What a failed test left behind must not fail the next one: that would be no kill.
    const isClean = await passes(test);
    // On a busy machine a test fails now and then for no other reason.
    if (isClean && !await failsWith(mutant, test)) continue;
    answer({ kind: "end", mutant, isKilled: true, isClean });
    return;
  }
  answer({ kind: "end", mutant, isKilled: false, isClean: true });
}

async function main(order: RunnerOrder): Promise<void> {
  if (order.kind === "loaded_with") active = order.mutant;
  for (const file of order.files) {
    loading = file;
    await import(new URL(file, order.root).href);
  }
  if (order.kind === "loaded_with") {
    reached = undefined;
    let isKilled = false;
    for (let test = 0; test < tests.length && !isKilled; test++) {
      if (order.leaveOut.includes(tests[test]?.name ?? "")) continue;
      answer({ kind: "goes_on" });
      isKilled = !await passes(test) && !await passes(test);
    }
    answer({ kind: "end", mutant: order.mutant, isKilled, isClean: true });
  } else if (order.kind === "look") {
    const whileLoading = [...reached ?? []];
    answer({ kind: "looked", whileLoading, tests: await reaches() });
  } else {
    reached = undefined;
    for (const { mutant, tests: chosen } of order.plays) await play(mutant, chosen);
  }
  Deno.exit(0);
}

if (import.meta.main) {
  await main(JSON.parse(Deno.args[0] === undefined ? "{}" : Deno.readTextFileSync(Deno.args[0])));
}
