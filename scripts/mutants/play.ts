/** Plays the mutants of one target: many in one process, those that hold while modules load each in its own. */
import { join } from "node:path";
import type { Play, RunnerOrder, TestReach } from "./messages.ts";
import { runChild } from "./child.ts";

/** Loading the tests, or one of them, takes so long, ms: the mutant hangs and was noticed. A busy machine is slow: not before this. */
const HANGS_MS = 120_000;
/** Nor before it takes so many times as long as the longest did without a mutant. */
const HANGS_TIMES = 10;
/** Loading the tests and playing each once, ms, at most. */
const LOOKS_MS = 1_200_000;

/** What is known of a target before its first mutant. */
export interface Look {
  readonly tests: readonly TestReach[];
  readonly whileLoading: ReadonlySet<number>;
  /** The tests that do not pass in the child; `deno test` plays them for each mutant that is left. */
  readonly leftOut: readonly { readonly name: string; readonly file: string }[];
  /** Whether those pass in `deno test`; where they do not, nobody can play them. */
  readonly canPlayLeftOut: boolean;
}

/** Where the copy is, and which test files are played there. */
export interface Base extends Pick<RunnerOrder, "root" | "files"> {
  /** Those that most likely notice something. */
  readonly closest: readonly string[];
}

/**
 * Plays every test once without a mutant.
 *
 * @throws Error when the child ends before it has played them all
 */
export async function lookAt(dir: string, base: Base): Promise<Look> {
  const leftOut: { name: string; file: string }[] = [];
  let look: Omit<Look, "canPlayLeftOut"> | undefined;
  await runChild(dir, { ...base, kind: "look" }, LOOKS_MS, (answer) => {
    if (answer.kind === "left_out") leftOut.push({ name: answer.name, file: answer.file });
    if (answer.kind === "looked") {
      look = { tests: answer.tests, whileLoading: new Set(answer.whileLoading), leftOut };
    }
    return true;
  });
  if (look === undefined) {
    throw new Error(`the tests must run to their end without a mutant, and do not: ${base.files}`);
  }
  return { ...look, canPlayLeftOut: leftOut.length > 0 && await testsPass(dir, leftOut, -1) };
}

function hangsMs({ tests }: Look): number {
  return Math.max(HANGS_MS, HANGS_TIMES * Math.max(0, ...tests.map(({ ms }) => ms)));
}

/** The tests that reach a mutant, the shortest first. */
export function playsOf(look: Look, mutants: readonly number[]): Play[] {
  const byLength = look.tests.toSorted((a, b) => a.ms - b.ms)
    .map(({ test, mutants: reached }) => ({ test, reached: new Set(reached) }));
  return mutants.map((mutant) => ({
    mutant,
    tests: byLength.filter(({ reached }) => reached.has(mutant)).map(({ test }) => test),
  }));
}

/** Plays the mutants and says of each whether a test noticed it; `hasEnded`: because the process hung, or came to its end. */
export async function playAll(
  dir: string,
  base: Base,
  look: Look,
  mutants: readonly number[],
  onTried: (mutant: number, isKilled: boolean, hasEnded?: true) => void,
): Promise<void> {
  const alone: number[] = [];
  const unclean = new Set<number>();
  const settle = (mutant: number, isKilled: boolean) => {
    if (!isKilled && (look.canPlayLeftOut || look.whileLoading.has(mutant))) alone.push(mutant);
    else onTried(mutant, isKilled);
  };
  let left = playsOf(look, mutants);
  // A place that no test runs through needs no run: nothing can notice it.
  left.filter(({ tests }) => tests.length === 0).forEach(({ mutant }) => settle(mutant, false));
  left = left.filter(({ tests }) => tests.length > 0);
  while (left.length > 0) {
    let [started, done] = [false, 0];
    await runChild(dir, { ...base, kind: "play", plays: left }, hangsMs(look), (answer) => {
      if (answer.kind === "start") started = true;
      if (answer.kind !== "end") return true;
      [started, done] = [false, done + 1];
      if (answer.isClean) settle(answer.mutant, answer.isKilled);
      else {
        unclean.add(answer.mutant);
        alone.push(answer.mutant);
      }
      return answer.isClean;
    });
    const broken = left[done];
    // The child died or hung: without a mutant all these tests ran to their end.
    if (started && broken !== undefined) {
      onTried(broken.mutant, true, true);
      done++;
    } else if (done === 0) throw new Error("a child that plays mutants ended before its first one");
    left = left.slice(done);
  }
  for (const mutant of alone) {
    const isKilled = unclean.has(mutant) && await isKilledAnew(dir, base, look, mutant);
    onTried(mutant, isKilled || await isKilledAlone(dir, base, look, mutant));
  }
}

/** Plays the tests that reach a mutant in a process in which nothing has failed before. */
async function isKilledAnew(dir: string, base: Base, look: Look, mutant: number): Promise<boolean> {
  let isKilled = true;
  await runChild(dir, { ...base, kind: "play", plays: playsOf(look, [mutant]) }, hangsMs(look), (answer) => {
    if (answer.kind === "end") isKilled = answer.isKilled;
    return true;
  });
  return isKilled;
}

async function isKilledAlone(
  dir: string,
  base: Base,
  look: Look,
  mutant: number,
): Promise<boolean> {
  if (look.canPlayLeftOut && !await testsPass(dir, look.leftOut, mutant)) {
    // Only a test that passes without the mutant notices it.
    if (await testsPass(dir, look.leftOut, -1)) return true;
  }
  if (!look.whileLoading.has(mutant)) return false;
  const { root, closest } = base;
  const leaveOut = look.leftOut.map(({ name }) => name);
  for (const files of [closest, base.files.filter((file) => !closest.includes(file))]) {
    let isKilled = true;
    await runChild(dir, { root, files, kind: "loaded_with", mutant, leaveOut }, hangsMs(look), (answer) => {
      if (answer.kind === "end") isKilled = answer.isKilled;
      return true;
    });
    if (isKilled) return true;
  }
  return false;
}

/** Whether some tests pass in their usual runner with a mutant, or with none for -1. */
async function testsPass(dir: string, tests: Look["leftOut"], mutant: number): Promise<boolean> {
  const names = tests.map(({ name }) => name.replaceAll(/[^\w ]/g, "."));
  const args = ["test", "--allow-all", "--no-check", "--fail-fast", "--preload=scripts/mutants/active.ts"];
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args, `--filter=/^(${names.join("|")})$/`, ...new Set(tests.map(({ file }) => file))],
    cwd: join(dir, "checkout"),
    env: { ACTIVE_MUTANT: String(mutant) },
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), LOOKS_MS / 5);
  const { success } = await child.status;
  clearTimeout(timer);
  return success;
}
