/**
 * Memory of the daemon in each form that is shipped, beside the sources. Each form runs from an executable that no other process
 * uses, as on a Pi: else its pages would be shared with this bench and count half.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DAEMON } from "../build/build.ts";
import { putTogether } from "../build/build_programs.ts";
import { bundle } from "../build/bundle.ts";
import { ALLOCATOR } from "../build/runtime_settings.ts";
import { compileWith, findCompiler } from "../build/denort.ts";
import { groupText, type Memory, memoryOf } from "./memory.ts";
import { inOwnGroup } from "./own_program.ts";
import { FORM_RUNS, type ServiceRun, startServices } from "./services.ts";

/** One form with one set of services. */
export interface FormFigures {
  readonly form: string;
  readonly services: string;
  /** Each run; in the first one the runtime form has kept nothing yet. */
  readonly memory: readonly Memory[];
  /** Process start to READY, ms, each run. */
  readonly readyMs: readonly number[];
}

const TARGET = "x86_64-unknown-linux-gnu";
/** The collection after the start is over by then, and what is used often is compiled again. */
const SETTLE_MS = 60_000;
const TIMES = 3;

/** Builds both forms and measures each; the compiled one only where its compiler can be had. */
export async function measureForms(): Promise<FormFigures[]> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-forms-"));
  try {
    const from = join(dir, "bundle");
    await bundle(DAEMON.bundled, from);
    const folder = await putTogether(DAEMON, TARGET, dir, from);
    const forms = [{
      form: "official runtime and bundle",
      binary: inOwnGroup(asInPackage(dir, join(folder, DAEMON.name)), [join(folder, "runtime", DAEMON.name)]),
    }];
    const compiler = await findCompiler();
    if (compiler) {
      const binary = join(dir, DAEMON.name);
      await compileWith(compiler, DAEMON.compileArgs(TARGET, binary, from));
      forms.push({ form: "compiled from the bundle", binary: inOwnGroup(binary) });
    }
    const figures: FormFigures[] = [];
    for (const run of FORM_RUNS) {
      for (const { form, binary } of forms) figures.push(await measureForm(form, binary, run));
    }
    return figures;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What the package's unit and launcher give the runtime form: a place to keep what it finds out, and the allocator's settings. */
function asInPackage(dir: string, program: string): string {
  const state = join(dir, "state");
  mkdirSync(state);
  const wrapper = join(dir, "as-in-package");
  const set = Object.entries({ STATE_DIRECTORY: state, ...ALLOCATOR }).map(([key, value]) =>
    `export ${key}=${value}\n`
  ).join("");
  writeFileSync(wrapper, `#!/bin/sh\n${set}exec ${program} "$@"\n`, { mode: 0o755 });
  return wrapper;
}

async function measureForm(form: string, binary: string, run: ServiceRun): Promise<FormFigures> {
  const memory: Memory[] = [];
  const readyMs: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const { world, stop } = await startServices(run, binary);
    try {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const { pid } = world.daemon();
      memory.push(memoryOf(pid));
      readyMs.push(world.readyAtMs - world.launchedAtMs);
    } finally {
      await stop();
    }
  }
  return { form, services: run[0], memory, readyMs };
}

/** The figures as a table: the first run, then the least and the most of the others. */
export function formsText(figures: readonly FormFigures[]): string {
  const range = (values: readonly (number | undefined)[], digits: number) => {
    const known = values.filter((value) => value !== undefined);
    if (known.length < values.length) return groupText(undefined, digits);
    const [first, ...rest] = known;
    return `${first?.toFixed(digits)}, then ${Math.min(...rest).toFixed(digits)} to ${
      Math.max(...rest).toFixed(digits)
    }`;
  };
  return [
    "| services | form | Pss MB | of it anonymous | cgroup MB | READY ms |",
    "| --- | --- | --- | --- | --- | --- |",
    ...figures.map(({ form, services, memory, readyMs }) =>
      `| ${services} | ${form} | ${range(memory.map(({ pss }) => pss), 1)} | ${
        range(memory.map(({ anon }) => anon), 1)
      } | ${range(memory.map(({ group }) => group), 1)} | ${range(readyMs, 0)} |`
    ),
  ].join("\n");
}
