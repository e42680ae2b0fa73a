/** Builds one of our programs for several systems, and writes SHA256SUMS. */
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { errorText } from "../../lib/errors.ts";
import { bundle, copyBundle, type ProgramName } from "./bundle.ts";
import { FLAGS_FILE } from "../../agents/install/program.ts";
import { commandLauncher, DAEMON_AHEAD, RUN_FLAGS, shellLauncher } from "./launcher.ts";
import { type Target, TARGETS } from "./targets.ts";
import { fetchRuntime } from "./runtime.ts";

/** The compiler walks through packages by recursion; with its usual stack it breaks down in the deepest of them. */
export const COMPILER_ENV: Readonly<Record<string, string>> = { RUST_MIN_STACK: String(64 * 1024 * 1024) };

/** One of our programs. */
export interface Program {
  readonly name: string;
  /** What is bundled. */
  readonly bundled: ProgramName;
  /** The arguments of `deno` that compile it from a bundle. */
  readonly compileArgs: (target: Target, output: string, from: string) => string[];
  /** What the runtime form is given before its script: permissions, and what else is baked in otherwise. */
  readonly flags: readonly string[];
  readonly defaultOut: string;
}

/** The program's file name. */
export function fileName(name: string, target: Target): string {
  return `${name}-${target}${target.includes("windows") ? ".exe" : ""}`;
}

/** The folder of the runtime form. */
export function folderName(name: string, target: Target): string {
  return `${name}-${target}.runtime`;
}

/** One line a file, as `sha256sum --check` reads it. */
export function checkSums(files: readonly { readonly name: string; readonly bytes: Uint8Array }[]): string {
  return files.map(({ name, bytes }) => `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`)
    .join("");
}

/** Builds, with the options `--target`, `--form`, `--out` and `--print`. @returns the exit code */
export async function buildAll(
  program: Program,
  defaultTargets: readonly Target[],
  args: readonly string[],
): Promise<number> {
  const { name, bundled, compileArgs, defaultOut } = program;
  const { values } = parseArgs({
    args: [...args],
    options: {
      target: { type: "string", multiple: true },
      form: { type: "string" },
      out: { type: "string", default: defaultOut },
      print: { type: "boolean", default: false },
    },
  });
  const { form, out } = values;
  const targets: Target[] = [];
  for (const wanted of values.target ?? defaultTargets) {
    const target = TARGETS.find((one) => one === wanted);
    if (!target) return complain(`Cannot build for "${wanted}": must be one of ${TARGETS.join(", ")}`);
    targets.push(target);
  }
  if (form !== undefined && form !== "compiled" && form !== "runtime") {
    return complain(`Cannot build form "${form}": must be compiled or runtime`);
  }
  const from = join(out, "bundle");
  const fileOf = (target: Target) => join(out, fileName(name, target));
  if (values.print) {
    for (const target of targets) say(`deno ${compileArgs(target, fileOf(target), from).join(" ")}`);
    return 0;
  }
  await bundle(bundled, from);
  const failed: string[] = [];
  for (const target of targets) {
    rmSync(fileOf(target), { force: true });
    rmSync(join(out, folderName(name, target)), { recursive: true, force: true });
    const isCompiled = form !== "runtime" && await compile(compileArgs(target, fileOf(target), from), form);
    if (isCompiled) {
      say(`${target}: one compiled program, ${fileOf(target)}`);
    } else if (form === "compiled") {
      failed.push(target);
    } else {
      try {
        say(
          `${target}: the official runtime and the bundle, ${await putTogether(program, target, out, from)}`,
        );
      } catch (error) {
        say(errorText(error));
        failed.push(target);
      }
    }
  }
  const built = await filesOf(
    out,
    targets.flatMap((target) => [fileName(name, target), folderName(name, target)]),
  );
  await Deno.writeTextFile(join(out, "SHA256SUMS"), checkSums(built));
  say(
    `Built ${
      targets.length - failed.length
    } of ${targets.length} in ${out}; check them there with: sha256sum --check SHA256SUMS`,
  );
  return failed.length === 0 ? 0 : complain(`Cannot build ${failed.join(", ")}`);
}

/** @returns whether it could be compiled: what that needs is downloaded, and may not be within reach */
async function compile(args: readonly string[], form: string | undefined): Promise<boolean> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: COMPILER_ENV,
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) {
    say(
      `Cannot compile: ${compilerError(new TextDecoder().decode(stderr))}${
        form === undefined ? "; the runtime form is made instead" : ""
      }`,
    );
  }
  return success;
}

/** What the compiler said, in one line: its error with the causes, without where in the compiler that was. */
export function compilerError(stderr: string): string {
  // deno-lint-ignore no-control-regex
  const plain = stderr.replace(/\u001b\[[0-9;]*m/g, "").split("Stack backtrace:")[0] ?? "";
  const lines = plain.split("\n").map((line) => line.replace(/^\s*\d+: /, "").trim());
  return lines.filter((line) => line !== "" && line !== "Caused by:").join("; ").slice(0, 500);
}

/**
 * The runtime form: a folder with the runtime, the bundle, what starts it, and the words before the script.
 *
 * @param runtimes Where downloaded runtimes are kept; the user's cache when absent
 * @returns its path
 */
export async function putTogether(
  { name, bundled, flags }: Pick<Program, "name" | "bundled" | "flags">,
  target: Target,
  out: string,
  from: string,
  runtimes?: string,
): Promise<string> {
  const folder = join(out, folderName(name, target));
  const isWindows = target.includes("windows");
  mkdirSync(join(folder, "runtime"), { recursive: true });
  cpSync(await fetchRuntime(target, runtimes), join(folder, "runtime", isWindows ? `${name}.exe` : name));
  copyBundle(bundled, from, folder);
  writeFileSync(join(folder, FLAGS_FILE), `${JSON.stringify([...RUN_FLAGS, ...flags])}\n`);
  const [file, text] = isWindows
    ? [`${name}.cmd`, commandLauncher({ name, flags })]
    : [name, shellLauncher({ name, flags, ahead: bundled === "daemon" ? DAEMON_AHEAD : undefined })];
  writeFileSync(join(folder, file), text, { mode: 0o755 });
  return folder;
}

async function filesOf(
  out: string,
  names: readonly string[],
): Promise<{ name: string; bytes: Uint8Array }[]> {
  const files: { name: string; bytes: Uint8Array }[] = [];
  for (const name of names) {
    const info = await Deno.stat(join(out, name)).catch(() => undefined);
    if (info?.isFile) files.push({ name, bytes: await Deno.readFile(join(out, name)) });
    if (!info?.isDirectory) continue;
    const inside = [...Deno.readDirSync(join(out, name))].map((entry) => `${name}/${entry.name}`).sort();
    files.push(...await filesOf(out, inside));
  }
  return files;
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function complain(text: string): number {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  return 1;
}

/** The arguments of `deno` that compile one bundled program for one target. @param options Permissions and whatever else it needs */
export function compileBundle(
  main: string,
  target: Target,
  output: string,
  options: readonly string[],
): string[] {
  return [
    ...["compile", "--quiet", "--no-config", "--no-lock", "--no-check"],
    ...["--unstable-worker-options", "--unstable-net"],
    ...options,
    ...["--target", target, "--output", output, main],
  ];
}
