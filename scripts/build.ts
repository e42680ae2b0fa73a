/**
 * Builds the daemon as one program, with its workers inside and the narrowest permissions that its work allows.
 *
 * Run: deno task build [--target TARGET]... [--out DIR] [--print]
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { SERVICES } from "../services/registry.ts";
import { PROBE_ENTRY } from "../services/sandbox.ts";
import { buildAll, type Target } from "./build_programs.ts";
import { packageArgs } from "./program_packages.ts";
import { V8_FLAGS } from "./runtime_settings.ts";

/** What is baked into the program, each with the reason; everything else is denied for good. */
export const PERMISSIONS: Readonly<Record<string, string>> = {
  "--allow-net":
    "EcoFlow's cloud, the broker, the NUT server's and the dashboard's port: each worker gets its own part",
  "--allow-read": "configuration, secrets and certificates lie where their owner put them",
  "--allow-write":
    "the state directory, wherever it is configured; the commands that set up: the configuration",
  "--allow-env": "the configuration and systemd's words come in the environment",
  "--allow-sys=hostname,networkInterfaces,statfs":
    "shown in the log; the pairing line and the broker's certificate name this machine; magic packets go to each of its " +
    "networks; the doctor sees a full disk",
  "--deny-run": "starts no other program",
  "--deny-ffi": "loads no foreign code",
  "--deny-import": "loads no code from elsewhere",
  "--no-prompt": "nobody is there to answer",
};

/** The files that are started as workers: the program must hold them although nothing imports them. */
export function workerFiles(): readonly string[] {
  const root = fileURLToPath(new URL("..", import.meta.url));
  return [...SERVICES.map(({ entry }) => entry), PROBE_ENTRY].map((url) =>
    relative(root, fileURLToPath(url))
  );
}

/** The arguments of `deno` that build one target. */
export function compileArgs(target: Target, output: string): string[] {
  return [
    "compile",
    "--quiet",
    ...packageArgs("daemon"),
    ...Object.keys(PERMISSIONS),
    V8_FLAGS,
    ...workerFiles().flatMap((file) => ["--include", file]),
    "--target",
    target,
    "--output",
    output,
    "main.ts",
  ];
}

if (import.meta.main) {
  const program = { name: "ecoflow-power", compileArgs, defaultOut: "build/daemon" };
  Deno.exit(await buildAll(program, ["aarch64-unknown-linux-gnu"], Deno.args));
}
