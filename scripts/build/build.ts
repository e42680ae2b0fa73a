/**
 * Builds the daemon, from one bundle in two forms, with the narrowest permissions that its work allows: compiled into one
 * program, or as the official runtime with the bundle beside it.
 *
 * Run: deno task build [--target TARGET]... [--form compiled|runtime] [--out DIR] [--print]
 *   without --form: compiled, and where that cannot be had, the runtime form; each line says which
 */
import { join } from "node:path";
import { bundledWorkers, MAIN } from "./bundle.ts";
import { buildAll, compileBundle } from "./build_programs.ts";
import type { Target } from "./targets.ts";
import { V8_FLAGS } from "./runtime_settings.ts";
import { asProgram } from "../as_program.ts";

/** What is baked into the program, each with the reason; everything else is denied for good. */
export const PERMISSIONS: Readonly<Record<string, string>> = {
  "--allow-net":
    "EcoFlow's cloud, the broker, the NUT server's and the dashboard's port: each worker gets its own part",
  "--allow-read": "configuration, secrets and certificates lie where their owner put them",
  "--allow-write":
    "the state directory, wherever it is configured; the commands that set up: the configuration",
  "--allow-env": "the configuration and systemd's words come in the environment",
  "--allow-sys=hostname,networkInterfaces,statfs,systemMemoryInfo":
    "shown in the log; the pairing line and the broker's certificate name this machine; magic packets go to each of its " +
    "networks; the doctor sees a full disk, setup a machine with little memory",
  "--deny-run": "starts no other program",
  "--deny-ffi": "loads no foreign code",
  "--deny-import": "loads no code from elsewhere",
  "--no-prompt": "nobody is there to answer",
};

/** The arguments of `deno` that compile a bundle of the daemon for one target. @param from The bundle's folder */
export function compileArgs(target: Target, output: string, from: string): string[] {
  const workers = bundledWorkers().flatMap((file) => ["--include", join(from, file)]);
  return compileBundle(join(from, MAIN), target, output, [...LAUNCH_FLAGS, ...workers]);
}

/** What the launcher of the runtime form gives the daemon. */
export const LAUNCH_FLAGS = [...Object.keys(PERMISSIONS), V8_FLAGS];

/** The daemon, for the builder. */
export const DAEMON = {
  name: "ecoflow-power",
  bundled: "daemon",
  compileArgs,
  flags: LAUNCH_FLAGS,
  defaultOut: "build/daemon",
} as const;

if (import.meta.main) {
  await asProgram(import.meta.url, (args) => buildAll(DAEMON, ["aarch64-unknown-linux-gnu"], args));
}
