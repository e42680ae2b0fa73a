/**
 * Makes one of our programs into plain JavaScript with its packages inside: the same files for every processor. Minified and
 * split, so that each worker loads no more than it needs: docs/benchmarks.md has what that saves.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { PROBE_ENTRY } from "../../services/sandbox.ts";
import { SERVICES } from "../../services/registry.ts";
import { ONLOOKERS_ENTRY } from "../../services/workers.ts";
import { packageArgs, packagesInside, PROGRAM_PACKAGES } from "./program_packages.ts";
import { hideNode } from "./without_node.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** One of our programs. */
export type ProgramName = keyof typeof PROGRAM_PACKAGES;

/** The file in a bundle that is run. */
export const MAIN = "main.js";

/** The files that are started as workers, from the project's root: a bundle must hold them although nothing imports them. */
export function workerFiles(): readonly string[] {
  return [...SERVICES.map(({ entry }) => entry), ONLOOKERS_ENTRY, PROBE_ENTRY].map((url) =>
    relative(ROOT, fileURLToPath(url))
  );
}

/** The same as they are called in a bundle. */
export function bundledWorkers(): readonly string[] {
  return workerFiles().map((file) => file.replace(/\.ts$/, ".js"));
}

/**
 * Bundles a program into `out`, which is emptied first: `main.js`, for the daemon its workers beside it, and the texts of
 * all licences in `licences.txt`.
 *
 * @throws Error with what the bundler said, or naming a worker that is not there afterwards
 */
export async function bundle(program: ProgramName, out: string): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const entries = program === "daemon" ? ["main.ts", ...workerFiles()] : ["agents/main.ts"];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["bundle", "--quiet", ...packageArgs(program), "--platform", "deno", "--minify"],
      ...(program === "daemon" ? ["--code-splitting", "--outdir", out] : ["--output", join(out, MAIN)]),
      ...entries,
    ],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr).slice(-2000)}`);
  if (program === "daemon") {
    nameWorkers(out);
    requireWhenCalled(out);
    hideNode(out);
  }
  writeFileSync(join(out, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(out, "licences.txt"), await licences(program));
}

/** Workers are found relative to the file that starts them: that is one of the bundle's pieces now, at its root. */
function nameWorkers(out: string): void {
  const pattern = /new URL\("\.\/([a-z_]+\/worker|onlookers_worker|sandbox_probe)\.ts"/g;
  const named = new Set<string>();
  for (const name of readdirSync(out, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".js")) continue;
    const path = join(out, name);
    const text = readFileSync(path, "utf8");
    if (!text.includes("new URL(")) continue;
    const next = text.replace(pattern, (_, worker) => {
      named.add(`services/${worker}.js`);
      return `new URL("./services/${worker}.js"`;
    });
    if (next !== text && name.includes("/")) {
      throw new Error(`Cannot bundle: "${name}" starts workers, must be at the root`);
    }
    if (next !== text) writeFileSync(path, next);
  }
  for (const worker of bundledWorkers()) {
    if (!named.has(worker) || !existsSync(join(out, worker))) {
      throw new Error(`Cannot bundle: worker "${worker}" is not in it`);
    }
  }
}

/** The same in every piece of a bundle. @throws Error when no piece has the bundler's `require` */
function requireWhenCalled(out: string): void {
  let found = 0;
  for (const name of readdirSync(out, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".js")) continue;
    const path = join(out, name);
    const text = readFileSync(path, "utf8");
    const next = requiresWhenCalled(text);
    if (next === text) continue;
    found++;
    writeFileSync(path, next);
  }
  if (found === 0) throw new Error('Cannot bundle: no piece imports "node:module" as it is expected to');
}

/**
 * The bundler's `require` for old packages, without importing it: that costs each worker 1 MB, also those that have no such package.
 * Packages are inside of the bundle, so what is left to be required is the runtime's own, or not there: then it throws as ever,
 * since packages try what they can do without, and would take nothing for something.
 */
export function requiresWhenCalled(script: string): string {
  const pattern =
    /import\s*\{\s*createRequire as __deno_internal_createRequire\s*\}\s*from\s*"node:module";\s*var (\w+)\s*=\s*__deno_internal_createRequire\(import\.meta\.url\);/;
  return script.replace(
    pattern,
    "var $1=(name)=>{const found=globalThis.process?.getBuiltinModule(name);" +
      'if(found===undefined)throw new Error(`Cannot find module "${name}"`);return found};',
  );
}

/** The licences of every package in a program: minifying takes them out of the code. @throws Error naming a package without one */
export async function licences(program: ProgramName): Promise<string> {
  const { npmCache } = await denoInfo();
  const parts = [
    part("ecoflow-power", readFileSync(join(ROOT, "LICENSE"), "utf8")),
    part("Deno (the runtime)", readFileSync(join(ROOT, "scripts/build/deno_licence.txt"), "utf8")),
  ];
  // A fresh machine has what was bundled now; the page was bundled before.
  if (program === "daemon") await cachePage();
  for (const [key, { os, cpu }] of Object.entries(packagesInside(program)).sort()) {
    const [, name = "", version = ""] = /^(.+?)@([^@_]+)(?:_.*)?$/.exec(key) ?? [];
    const dir = readdirSync(npmCache).map((registry) => join(npmCache, registry, name, version)).find(
      existsSync,
    );
    // A package for another system, which is in no program.
    if (dir === undefined && (os ?? cpu) !== undefined) continue;
    if (dir === undefined) {
      throw new Error(`Cannot ship "${key}": it is not in Deno's cache; run: deno install`);
    }
    const file = readdirSync(dir).find((one) => /^(licen[cs]e|copying)(\.|$)/i.test(one));
    const { license } = JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as { license?: string };
    if (file === undefined && license === undefined) {
      throw new Error(`Cannot ship "${key}": it has no licence`);
    }
    const text = file === undefined ? `Licence: ${license}` : readFileSync(join(dir, file), "utf8");
    parts.push(part(`${name} ${version}`, text));
  }
  return parts.join("\n");
}

async function cachePage(): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", "--frozen", "services/dashboard/page/app.ts"],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`Cannot get the page's packages: ${new TextDecoder().decode(stderr).trim()}`);
}

function part(name: string, text: string): string {
  return `${"=".repeat(80)}\n${name}\n${"=".repeat(80)}\n${text.trim()}\n`;
}

async function denoInfo(): Promise<{ npmCache: string }> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], cwd: "/" }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/**
 * A bundle's files into a folder of the runtime form. The daemon's commands are then loaded when they are called: the runtime
 * would read all of them at each start, and keep what it read.
 *
 * @throws Error when the daemon's main file loads no command as it is expected to
 */
export function copyBundle(program: ProgramName, from: string, to: string): void {
  cpSync(from, to, { recursive: true });
  if (program !== "daemon") return;
  const path = join(to, MAIN);
  writeFileSync(path, loadsWhenCalled(readFileSync(path, "utf8")));
}

/** Hides from the runtime which pieces a script may load later. Only for the main worker: others may not read files. @throws Error when there are none */
export function loadsWhenCalled(script: string): string {
  const hidden = script.replace(/\bimport\(("\.\/[^"]+\.js")\)/g, "import(String($1))");
  if (hidden === script) {
    throw new Error(`Cannot bundle: "${MAIN}" must load its commands by import("./….js")`);
  }
  return hidden;
}
