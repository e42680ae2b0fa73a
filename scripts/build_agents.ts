/**
 * Builds the agent as one program for each system, with the narrowest permissions that its work allows, and SHA256SUMS.
 *
 * Run: deno task build:agents [--target TARGET]... [--out DIR] [--print]
 */
import { packageArgs } from "./program_packages.ts";
import { buildAll, type Target, TARGETS } from "./build_programs.ts";

/** What is baked into the program, each with the reason; everything else is denied for good. */
export const PERMISSIONS: Readonly<Record<string, string>> = {
  "--allow-net": "the broker, whose name is in the configuration",
  "--allow-read": "configuration, key, certificate and commands file lie where their owner put them",
  "--allow-write":
    "its state; and for install and pair the configuration, the program and the service definition",
  "--allow-run": "the owner's preparations and the system's shutdown: any program",
  "--allow-env": "the configuration may come in the environment",
  "--allow-sys=hostname,osUptime,uid":
    "shown in the status; the deadline is counted on the uptime; sudo is of no use to root",
  "--deny-ffi": "loads no foreign code",
  "--deny-import": "loads no code from elsewhere",
  "--no-prompt": "nobody is there to answer",
};

/** The arguments of `deno` that build one target. */
export function compileArgs(target: Target, output: string): string[] {
  return [
    "compile",
    "--quiet",
    ...packageArgs("agent"),
    ...Object.keys(PERMISSIONS),
    "--target",
    target,
    "--output",
    output,
    "agents/main.ts",
  ];
}

if (import.meta.main) {
  const program = { name: "ecoflow-agent", compileArgs, defaultOut: "build/agents" };
  Deno.exit(await buildAll(program, TARGETS, Deno.args));
}
