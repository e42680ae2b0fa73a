/** The agent as a file, or as the official runtime with `main.js` beside it: what is copied where, and how it is run. Pure. */
import type { AgentPaths } from "../settings/paths.ts";
import type { Argv, HostPlatform } from "../platform/platform.ts";

/** What is installed. */
export type OwnProgram =
  /** One compiled program. */
  | { readonly kind: "file"; readonly path: string }
  /** A runtime, the script that it runs, and the words before the script. */
  | { readonly kind: "bundle"; readonly runtime: string; readonly script: string; readonly flags: Argv };

/** In the folder of the bundle: the words that the runtime is given, as a JSON list. Written by the build. */
export const FLAGS_FILE = "launch.json";

/** The words that run the installed program, before its own arguments. */
export function installedArgv(
  program: OwnProgram | undefined,
  paths: AgentPaths,
  platform: HostPlatform["name"],
): Argv {
  if (program?.kind !== "bundle") return [paths.binary];
  const { runtime, script } = installedBundle(paths, platform);
  return [runtime, ...program.flags, script];
}

/** Where the parts of a bundle are installed. The runtime has the agent's name: so a list of processes shows it. */
export function installedBundle(
  { programDir }: AgentPaths,
  platform: HostPlatform["name"],
): { readonly runtime: string; readonly script: string; readonly flagsFile: string } {
  const isWindows = platform === "windows";
  const slash = isWindows ? "\\" : "/";
  return {
    runtime: `${programDir}${slash}ecoflow-agent${isWindows ? ".exe" : ""}`,
    script: `${programDir}${slash}main.js`,
    flagsFile: `${programDir}${slash}${FLAGS_FILE}`,
  };
}

/** What a person types; undefined where a single program is it. @returns its path and text */
export function launcher(
  program: OwnProgram,
  paths: AgentPaths,
  platform: HostPlatform["name"],
): { readonly path: string; readonly text: string } | undefined {
  if (program.kind === "file") return undefined;
  const words = installedArgv(program, paths, platform);
  if (platform === "windows") {
    const line = words.map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(" ");
    return { path: paths.binary.replace(/\.exe$/, ".cmd"), text: `@${line} %*\r\n` };
  }
  const line = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  return { path: paths.binary, text: `#!/bin/sh\nexec ${line} "$@"\n` };
}
