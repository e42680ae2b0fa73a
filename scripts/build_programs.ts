/** Compiles one of our programs for several systems, and writes SHA256SUMS. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";

/** Deno's names of the systems that we build for. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-pc-windows-msvc",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
] as const;

/** One of {@link TARGETS}. */
export type Target = typeof TARGETS[number];

/** The compiler walks through packages by recursion; with its usual stack it breaks down in the deepest of them. */
export const COMPILER_ENV: Readonly<Record<string, string>> = { RUST_MIN_STACK: String(64 * 1024 * 1024) };

/** One of our programs. */
export interface Program {
  readonly name: string;
  /** The arguments of `deno` that build it. */
  readonly compileArgs: (target: Target, output: string) => string[];
  readonly defaultOut: string;
}

/** The program's file name. */
export function fileName(name: string, target: Target): string {
  return `${name}-${target}${target.includes("windows") ? ".exe" : ""}`;
}

/** One line a file, as `sha256sum --check` reads it. */
export function checkSums(files: readonly { readonly name: string; readonly bytes: Uint8Array }[]): string {
  return files.map(({ name, bytes }) => `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`)
    .join("");
}

/** Builds, with the options `--target`, `--out` and `--print`. @returns the exit code */
export async function buildAll(
  { name, compileArgs, defaultOut }: Program,
  defaultTargets: readonly Target[],
  args: readonly string[],
): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      target: { type: "string", multiple: true },
      out: { type: "string", default: defaultOut },
      print: { type: "boolean", default: false },
    },
  });
  const targets: Target[] = [];
  for (const wanted of values.target ?? defaultTargets) {
    const target = TARGETS.find((one) => one === wanted);
    if (!target) return complain(`Cannot build for "${wanted}": must be one of ${TARGETS.join(", ")}`);
    targets.push(target);
  }
  const fileOf = (target: Target) => join(values.out, fileName(name, target));
  if (values.print) {
    for (const target of targets) say(`deno ${compileArgs(target, fileOf(target)).join(" ")}`);
    return 0;
  }
  await Deno.mkdir(values.out, { recursive: true });
  const built: { name: string; bytes: Uint8Array }[] = [];
  const failed: string[] = [];
  for (const target of targets) {
    say(`${target} …`);
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: compileArgs(target, fileOf(target)),
      env: COMPILER_ENV,
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn().status;
    if (success) built.push({ name: fileName(name, target), bytes: await Deno.readFile(fileOf(target)) });
    else failed.push(target);
  }
  await Deno.writeTextFile(join(values.out, "SHA256SUMS"), checkSums(built));
  say(
    `Built ${built.length} of ${targets.length} in ${values.out}; check them with: sha256sum --check SHA256SUMS`,
  );
  return failed.length === 0 ? 0 : complain(`Cannot build ${failed.join(", ")}`);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function complain(text: string): number {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  return 1;
}
