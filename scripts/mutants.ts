/**
 * Changes the rules one place at a time and looks whether a test notices. What no test notices is a rule that nothing
 * holds. Works on copies of the checkout, several side by side.
 *
 * Run: deno task mutants [--target NAME]… [--sample N] [--seed S] [--jobs N] [--least PERCENT]
 */
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { type Mutant, mutantsOf } from "./mutants/operators.ts";
import { EXPLAINED } from "./mutants/survivors.ts";
import { type MutantTarget, SLOW_TESTS, TARGETS } from "./mutants/targets.ts";

const ROOT = new URL("..", import.meta.url).pathname;
/** A run of tests that takes so many times as long as it does without a mutant hangs: the mutant was noticed. */
const HANGS_FACTOR = 5;
/** But none before this, ms: a machine that is busy is slow. */
const HANGS_MS = 120_000;

interface Case {
  readonly target: MutantTarget;
  readonly file: string;
  readonly mutant: Mutant;
}

/** What a run of mutants found. */
export interface MutantFigures {
  readonly tried: number;
  readonly killed: number;
  readonly explained: number;
  /** Ids of the mutants that no test noticed and nobody explained. */
  readonly survivors: readonly string[];
}

/** Every fast test file in these files and folders, each once, in this order. */
function testFiles(root: string, places: readonly string[]): string[] {
  return [...new Set(places.flatMap((place) => filesIn(root, place, (name) => name.endsWith("_test.ts"))))]
    .filter((file) => !SLOW_TESTS.test(file));
}

function sourceFiles(root: string, places: readonly string[]): string[] {
  return places.flatMap((place) =>
    filesIn(root, place, (name) => name.endsWith(".ts") && !name.endsWith("_test.ts"))
  );
}

function filesIn(root: string, place: string, isWanted: (name: string) => boolean): string[] {
  if (place.endsWith(".ts")) return [place];
  return [...Deno.readDirSync(join(root, place))].sort((a, b) => a.name < b.name ? -1 : 1)
    .flatMap(({ name, isDirectory }) =>
      name === "testdata"
        ? []
        : isDirectory
        ? filesIn(root, `${place}/${name}`, isWanted)
        : isWanted(name)
        ? [`${place}/${name}`]
        : []
    );
}

/**
 * Runs the tests of a target as they are: where they fail without a mutant, or nobody knows how long they take, every
 * mutant would count as noticed.
 *
 * @returns after how long, ms, a run of them hangs
 * @throws Error when they do not pass
 */
async function limitOf(root: string, target: MutantTarget): Promise<number> {
  const startMs = performance.now();
  if (!await pass(root, testFiles(root, target.tests), Infinity)) {
    throw new Error(`the tests of ${target.name} must pass without a mutant, and do not`);
  }
  return Math.max(HANGS_MS, (performance.now() - startMs) * HANGS_FACTOR);
}

/** The closest test first: the one beside the file, then the target's, as one run that ends at the first failure. */
async function isNoticed(root: string, { target, file, mutant }: Case, hangsMs: number): Promise<boolean> {
  const path = join(root, file);
  const before = Deno.readTextFileSync(path);
  Deno.writeTextFileSync(path, mutant.text);
  try {
    const beside = file.replace(/\.ts$/, "_test.ts");
    const all = testFiles(root, target.tests);
    const close = all.includes(beside) ? [beside] : [];
    for (const tests of [close, all.filter((test) => !close.includes(test))]) {
      if (tests.length > 0 && !await pass(root, tests, hangsMs)) return true;
    }
    return false;
  } finally {
    Deno.writeTextFileSync(path, before);
  }
}

async function pass(root: string, tests: readonly string[], hangsMs: number): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--allow-all", "--no-check", "--fail-fast", "--quiet", ...tests],
    cwd: root,
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = hangsMs === Infinity ? undefined : setTimeout(() => child.kill("SIGKILL"), hangsMs);
  const { success } = await child.status;
  clearTimeout(timer);
  return success;
}

/** A copy of everything that git tracks or does not ignore, with the facts beside it where they are. */
function copyCheckout(dir: string): string {
  const { stdout } = new Deno.Command("git", {
    args: ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    cwd: ROOT,
  }).outputSync();
  const copy = join(dir, "checkout");
  for (const file of new TextDecoder().decode(stdout).split("\0")) {
    if (file === "" || !existsSync(join(ROOT, file))) continue;
    Deno.mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file));
  }
  const facts = new URL("../../shared", import.meta.url).pathname;
  if (existsSync(facts)) symlinkSync(facts, join(dir, "shared"));
  return copy;
}

/** Plays all cases on as many copies as there are jobs. */
async function play(cases: readonly Case[], jobs: number): Promise<MutantFigures> {
  const waiting = [...cases];
  const survivors: string[] = [];
  let [tried, explained] = [0, 0];
  const work = async () => {
    const dir = mkdtempSync(join(tmpdir(), "mutants-"));
    try {
      const root = copyCheckout(dir);
      const limits = new Map<MutantTarget, number>();
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const hangsMs = limits.get(next.target) ?? await limitOf(root, next.target);
        limits.set(next.target, hangsMs);
        const isKilled = await isNoticed(root, next, hangsMs);
        tried++;
        if (isKilled) continue;
        if (EXPLAINED.has(next.mutant.id)) explained++;
        else {
          survivors.push(next.mutant.id);
          say(`SURVIVED ${next.file}:${next.mutant.line} ${next.mutant.id}`);
        }
        if (tried % 50 === 0) say(`${tried} of ${cases.length} tried, ${survivors.length} survived`);
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return { tried, killed: tried - explained - survivors.length, explained, survivors };
}

/** N of all, the same for the same seed. */
function sample<T>(all: readonly T[], size: number, seed: number): readonly T[] {
  const left = [...all];
  const chosen: T[] = [];
  let state = seed >>> 0;
  while (chosen.length < size && left.length > 0) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    chosen.push(...left.splice(Math.floor(state / 2 ** 32 * left.length), 1));
  }
  return chosen;
}

function say(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      target: { type: "string", multiple: true },
      sample: { type: "string" },
      seed: { type: "string", default: "1" },
      jobs: { type: "string", default: "2" },
      least: { type: "string", default: "95" },
    },
  });
  const unknown = (values.target ?? []).filter((name) => !TARGETS.some((target) => target.name === name));
  if (unknown.length > 0) {
    say(`--target must be one of ${TARGETS.map(({ name }) => name).join(", ")}, found ${unknown.join(", ")}`);
    return 2;
  }
  const targets = TARGETS.filter(({ name }) => values.target?.includes(name) ?? true);
  const all = targets.flatMap((target) =>
    sourceFiles(ROOT, target.sources).flatMap((file) =>
      mutantsOf(file, Deno.readTextFileSync(join(ROOT, file))).map((mutant) => ({ target, file, mutant }))
    )
  );
  const cases = values.sample === undefined ? all : sample(all, Number(values.sample), Number(values.seed));
  say(`${cases.length} mutants of ${all.length}, seed ${values.seed}`);
  const { tried, killed, explained, survivors } = await play(cases, Number(values.jobs));
  const percent = tried === 0 ? 0 : (killed + explained) / tried * 100;
  say(
    `${tried} mutants: ${killed} killed, ${explained} explained, ${survivors.length} survived, ` +
      `${percent.toFixed(1)} % held`,
  );
  return percent >= Number(values.least) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
