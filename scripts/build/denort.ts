/** For tests: a Deno that can compile on machines where its own download is out of reach. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMPILER_ENV } from "./build_programs.ts";

const SCRIPT = fileURLToPath(new URL("../../../shared/denort/get.sh", import.meta.url));

/** A `deno` with the environment that its `compile` needs. */
export interface Compiler {
  readonly deno: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Prepares one, once a machine. @returns undefined, with one printed line, where it cannot be had */
export async function findCompiler(): Promise<Compiler | undefined> {
  const leaveOut = (why: string) => {
    // deno-lint-ignore no-console
    console.log(`left out: programs are not built here, ${why}`);
    return undefined;
  };
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") return leaveOut("this is not Linux on x86-64");
  if (!existsSync(SCRIPT)) return leaveOut(`${SCRIPT} is not there`);
  const dir = join(homedir(), ".cache/ecoflow-power/denort");
  const { success, stderr } = await new Deno.Command("bash", {
    args: [SCRIPT, dir],
    stdout: "null",
    stderr: "piped",
  })
    .output();
  if (!success) return leaveOut(new TextDecoder().decode(stderr).trim().slice(-300));
  return { deno: join(dir, "deno"), env: { DENORT_BIN: join(dir, "denort") } };
}

/** Builds a program with these arguments of `deno`. @throws Error with what the compiler said */
export async function compileWith({ deno, env }: Compiler, args: readonly string[]): Promise<void> {
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const { success, stderr } = await new Deno.Command(deno, {
    args: [...args],
    cwd,
    env: { ...COMPILER_ENV, ...env },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Cannot build: ${new TextDecoder().decode(stderr).slice(-2000)}`);
}
