/**
 * Runs tests under 64-bit Arm Deno in emulation, on Debian on x86-64 as root. The last line is `N passed, N failed`.
 *
 * Tests that start programs of their own are left out: the emulated Deno would start itself without its emulator.
 *
 * Run: deno task test:arm64 --daemon  the real daemon through an outage, with the time of its start and its memory
 *      deno task test:arm64 [PATH]…   without a path: agents, lib, proto, the decoder, the policy and the whole pipeline
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { playOnArm } from "./arm64_daemon.ts";
import { countTests } from "../test.ts";

const DENO = "@deno/linux-arm64-glibc@2.9.5";
const CACHE = join(homedir(), ".cache/ecoflow-power/arm64");
const DEFAULT_PATHS = [
  "agents",
  "lib",
  "proto",
  "services/soc_bridge",
  "services/policy_engine",
  "services/pipeline_test.ts",
];
/** What a test file must not hold to run here: other programs, and what only real time could judge in an emulator. */
const STARTS_PROGRAMS =
  /Deno\.Command|spawnSync|startMosquitto|startProgram|startAgentProcess|startDaemonProcess/;
/** Too long for an emulator: minutes of arithmetic that are the same on every processor. */
const TOO_LONG = ["services/policy_engine/chaos_test.ts", "services/soc_bridge/hostile_test.ts"];

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const deno = await prepare();
  if (args[0] === "--daemon") return await daemon(deno);
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const all = (args.length > 0 ? args : DEFAULT_PATHS).flatMap((path) => testFiles(root, path));
  const left = all.filter((file) =>
    TOO_LONG.includes(file) || STARTS_PROGRAMS.test(readFileSync(join(root, file), "utf8"))
  );
  const files = all.filter((file) => !left.includes(file));
  say(`${files.length} files of tests; left out: ${left.join(", ") || "none"}`);
  await show(deno, ["eval", "console.log(`Deno ${Deno.version.deno} on ${Deno.build.target}`)"], root);
  const begun = performance.now();
  const output = await show(deno, ["test", "--no-check", "--allow-all", ...files], root);
  say(`${Math.round((performance.now() - begun) / 1000)} s under emulation`);
  const { passed, failed } = countTests(output) ?? { passed: 0, failed: 1 };
  say(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

async function daemon(deno: string): Promise<number> {
  const { readySec, megabytes, held, broken } = await playOnArm(deno);
  say(`process start to READY: ${readySec.toFixed(1)} s in emulation`);
  say(`memory of the daemon with its emulator (Pss): ${megabytes.toFixed(0)} MB`);
  for (const text of broken) say(`FAILED ${text}`);
  say(`${held} passed, ${broken.length} failed`);
  return broken.length === 0 ? 0 : 1;
}

function testFiles(root: string, path: string): string[] {
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("_test.ts")).map((name) => join(path, name)).sort();
}

/** Installs the emulator with the libraries of Arm, and fetches Deno for it, once a machine. @returns its path */
async function prepare(): Promise<string> {
  const deno = join(CACHE, "package/deno");
  if (!existsSync("/usr/bin/qemu-aarch64-static") || !existsSync("/lib/aarch64-linux-gnu/libc.so.6")) {
    const script =
      `export DEBIAN_FRONTEND=noninteractive; dpkg --add-architecture arm64 && apt-get update -qq &&
      apt-get install -y -qq --no-install-recommends qemu-user-static libc6:arm64 libgcc-s1:arm64 >/dev/null`;
    await runOrThrow("sh", ["-c", script]);
  }
  if (!existsSync(deno)) {
    mkdirSync(CACHE, { recursive: true });
    await runOrThrow("sh", ["-c", `cd ${CACHE} && npm pack --silent ${DENO} && tar -xzf ./*.tgz`]);
  }
  return deno;
}

/** Runs it under the emulator, showing what it says. @returns the end of what it said */
async function show(deno: string, args: readonly string[], cwd: string): Promise<string> {
  const child = new Deno.Command("qemu-aarch64-static", {
    args: [deno, ...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let output = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
    output = (output + text).slice(-20_000);
  }
  await child.status;
  return output;
}

async function runOrThrow(program: string, args: string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args, stdout: "null", stderr: "inherit" }).output();
  if (!success) {
    throw new Error(`Cannot prepare the emulator: "${program} ${args.join(" ").slice(0, 60)}…" failed`);
  }
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
