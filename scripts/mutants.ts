/**
 * Changes the rules one place at a time and looks whether a test notices. What no test notices is a rule that nothing
 * holds. Works on a copy of the checkout in which all mutants of a target stand at once, each behind a switch, so that one
 * process tries many and plays for each only the tests that reach it. `--sample N` takes N of each target; `--again FILE`
 * takes those that survived in an earlier run, whose output is in the file.
 *
 * Run: deno task mutants [--target NAME]… [--sample N] [--seed S] [--again FILE] [--jobs N] [--least PERCENT]
 */
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Mutant, mutantsOf } from "./mutants/operators.ts";
import { lookAt, playAll } from "./mutants/play.ts";
import { allMutantsIn } from "./mutants/switches.ts";
import { EXPLAINED } from "./mutants/survivors.ts";
import { type MutantTarget, SLOW_TESTS, TARGETS } from "./mutants/targets.ts";
import { asProgram } from "./as_program.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
interface Figures {
  readonly tried: number;
  readonly killed: number;
  readonly explained: number;
  /** Noticed by no test and explained by nobody. */
  readonly survived: number;
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
  const facts = fileURLToPath(new URL("../../shared", import.meta.url));
  if (existsSync(facts)) symlinkSync(facts, join(dir, "shared"));
  return copy;
}

/** Plays the chosen mutants of a target in a copy of the checkout that holds all its mutants at once. */
async function playTarget(
  target: MutantTarget,
  choose: (cases: readonly { readonly mutant: Mutant }[]) => readonly number[],
  jobs: number,
): Promise<Figures> {
  const startMs = performance.now();
  const dir = mkdtempSync(join(tmpdir(), "mutants-"));
  try {
    const root = copyCheckout(dir);
    const cases: { file: string; mutant: Mutant }[] = [];
    for (const file of sourceFiles(ROOT, target.sources)) {
      const text = Deno.readTextFileSync(join(ROOT, file));
      Deno.writeTextFileSync(join(root, file), allMutantsIn(file, text, cases.length));
      cases.push(...mutantsOf(file, text).map((mutant) => ({ file, mutant })));
    }
    const chosen = choose(cases);
    const base = {
      root: pathToFileURL(`${root}/`).href,
      files: testFiles(root, target.tests),
      closest: testFiles(root, target.tests.slice(0, -1)),
    };
    const look = await lookAt(dir, base);
    say(`${target.name}: ${chosen.length} mutants of ${cases.length}, ${look.tests.length} tests`);
    for (const { name } of look.leftOut) {
      say(
        `${look.canPlayLeftOut ? "played by deno test alone" : "left out, it does not pass here"}: ${name}`,
      );
    }
    const counts = { tried: 0, killed: 0, explained: 0, survived: 0 };
    const onTried = (number: number, isKilled: boolean, hasEnded?: true) => {
      const found = cases[number];
      if (found === undefined) return;
      const isExplained = EXPLAINED.has(found.mutant.id);
      counts.tried++;
      counts[isKilled ? "killed" : isExplained ? "explained" : "survived"]++;
      const place = `${found.file}:${found.mutant.line} ${found.mutant.id}`;
      if (!isKilled && !isExplained) say(`SURVIVED ${place}`);
      if (hasEnded) say(`HANGS OR ENDS the process: ${place}`);
      if (isKilled && isExplained) say(`KILLED, and yet explained: ${place}`);
    };
    await Promise.all(
      Array.from(
        { length: jobs },
        (_, job) => playAll(dir, base, look, chosen.filter((_, index) => index % jobs === job), onTried),
      ),
    );
    say(`${target.name}: ${inWords(counts)}, ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
    return counts;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function percentHeld({ tried, killed, explained }: Figures): number {
  return tried === 0 ? 0 : (killed + explained) / tried * 100;
}

function inWords(counts: Figures): string {
  return `${counts.tried} mutants: ${counts.killed} killed, ${counts.explained} explained, ` +
    `${counts.survived} survived, ${percentHeld(counts).toFixed(1)} % held`;
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

/** The mutants that an earlier run let survive, by its output. */
function survivorsIn(output: string): ReadonlySet<string> {
  return new Set([...output.matchAll(/^SURVIVED \S+ (.*)$/gm)].map(([, id = ""]) => id));
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
      again: { type: "string" },
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
  const size = values.sample === undefined ? undefined : Number(values.sample);
  const again = values.again === undefined ? undefined : survivorsIn(Deno.readTextFileSync(values.again));
  const choose = (cases: readonly { readonly mutant: Mutant }[]) => {
    const all = [...cases.keys()].filter((number) => again?.has(cases[number]?.mutant.id ?? "") ?? true);
    return size === undefined ? all : sample(all, size, Number(values.seed));
  };
  let isHeld = true;
  for (const target of targets) {
    const figures = await playTarget(target, choose, Number(values.jobs));
    isHeld &&= percentHeld(figures) >= Number(values.least);
  }
  return isHeld ? 0 : 1;
}

if (import.meta.main) await asProgram(import.meta.url, main);
