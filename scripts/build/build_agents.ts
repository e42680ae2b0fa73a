/**
 * Builds the agent for each system, with the narrowest permissions that its work allows, and SHA256SUMS: compiled into one
 * program, or as a folder with the official runtime and `main.js`, which installs itself.
 *
 * Run: deno task build:agents [--target TARGET]... [--form compiled|runtime] [--out DIR] [--print]
 */
import { join } from "node:path";
import { MAIN } from "./bundle.ts";
import { buildAll, compileBundle } from "./build_programs.ts";
import { type Target, TARGETS } from "./targets.ts";
import { asProgram } from "../as_program.ts";

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

/** The arguments of `deno` that compile a bundle of the agent for one target. @param from The bundle's folder */
export function compileArgs(target: Target, output: string, from: string): string[] {
  return compileBundle(join(from, MAIN), target, output, Object.keys(PERMISSIONS));
}

/** The agent, for the builder. */
export const AGENT = {
  name: "ecoflow-agent",
  bundled: "agent",
  compileArgs,
  flags: Object.keys(PERMISSIONS),
  defaultOut: "build/agents",
} as const;

if (import.meta.main) await asProgram(import.meta.url, (args) => buildAll(AGENT, TARGETS, args));
