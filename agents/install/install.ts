/** Installs the agent as a service, removes it, and says how it stands. */
import { errorText } from "../../lib/errors.ts";
import type { AgentPaths } from "../settings/paths.ts";
import type { Argv, HostPlatform } from "../platform/platform.ts";
import { installedBundle, launcher, type OwnProgram } from "./program.ts";
import type { ServicePlan } from "./service_plan.ts";

/** The outside world of an installation. */
export interface InstallPorts {
  readonly paths: AgentPaths;
  readonly service: ServicePlan;
  readonly platform: HostPlatform["name"];
  /** This program, to be copied; undefined: it runs from its sources and cannot be installed. */
  readonly program?: OwnProgram;
  /** The text of a file; undefined when there is none. */
  readonly read: (path: string) => string | undefined;
  /** What is to be said of a configuration; throws with what is wrong with it. */
  readonly check: (text: string) => readonly string[];
  readonly makeDir: (path: string, mode: number) => void;
  readonly write: (path: string, text: string, mode: number) => void;
  /** Replaces a program that may be running. */
  readonly copyProgram: (from: string, to: string) => void;
  /** @returns false when it goes as soon as this program has ended: Windows keeps a program that runs */
  readonly remove: (path: string) => boolean;
  /** Runs a program to its end, its output shown. @returns its exit code; throws when it cannot be started */
  readonly run: (argv: Argv) => Promise<number>;
  readonly say: (text: string) => void;
}

const TEMPLATE = `# What this host needs to know; every key: ecoflow-agent settings
# AGENT_ID=study-pc
# MQTT_HOST=raspberrypi.local
# PRE_SHUTDOWN_CMD_1=systemctl stop postgresql
`;

/** May be run again after an upgrade: configuration and keys stay. @returns the exit code */
export async function install(ports: InstallPorts): Promise<number> {
  const { paths, service, program, say } = ports;
  if (program === undefined) {
    say(
      "Cannot install: must be the built program, found its sources; build it with: deno task build:agents",
    );
    return 1;
  }
  try {
    const text = ports.read(paths.envFile);
    if (text !== undefined && text !== TEMPLATE) {
      const problem = sayNotices(ports, text);
      if (problem !== undefined) {
        say(`Cannot install: the service could not start with ${paths.envFile}: ${problem}`);
        return 1;
      }
    }
    ports.makeDir(paths.configDir, 0o755);
    ports.makeDir(paths.stateDir, 0o700);
    copyParts(ports, program);
    if (text === undefined) ports.write(paths.envFile, TEMPLATE, 0o600);
    for (const { path, text, mode } of service.files) ports.write(path, text, mode);
  } catch (error) {
    say(`Cannot install: ${errorText(error)}; run it as root or administrator`);
    return 1;
  }
  for (const argv of service.install) {
    const code = await tryRun(ports, argv);
    if (code !== 0) {
      say(`Cannot install: "${argv.join(" ")}" ended with code ${code}`);
      return 1;
    }
  }
  say(`Installed. Configuration: ${paths.envFile}. See that all is well with: ecoflow-agent doctor`);
  return 0;
}

function copyParts({ paths, platform, copyProgram, write }: InstallPorts, program: OwnProgram): void {
  if (program.kind === "file") {
    if (program.path !== paths.binary) copyProgram(program.path, paths.binary);
    return;
  }
  const { runtime, script, flagsFile } = installedBundle(paths, platform);
  if (program.runtime !== runtime) {
    copyProgram(program.runtime, runtime);
    copyProgram(program.script, script);
    write(flagsFile, `${JSON.stringify(program.flags)}\n`, 0o644);
  }
  const start = launcher(program, paths, platform);
  if (start) write(start.path, start.text, 0o755);
}

/** Configuration, key and state stay unless `purge`. @returns the exit code */
export async function uninstall(ports: Omit<InstallPorts, "check">, purge: boolean): Promise<number> {
  const { paths, service, say } = ports;
  for (const argv of service.uninstall) {
    const code = await tryRun(ports, argv);
    if (code !== 0) say(`"${argv.join(" ")}" ended with code ${code}; going on`);
  }
  const left: string[] = [];
  const later: string[] = [];
  const gone = [
    ...service.files.map(({ path }) => path),
    paths.binary,
    paths.binary.replace(/\.exe$/, ".cmd"),
    paths.programDir,
    ...(purge ? [paths.configDir, paths.stateDir] : []),
  ];
  for (const path of gone) {
    try {
      if (!ports.remove(path)) later.push(path);
    } catch (error) {
      left.push(`${path}: ${errorText(error)}`);
    }
  }
  for (const argv of service.uninstalled ?? []) await tryRun(ports, argv);
  if (left.length > 0) {
    say(`Cannot remove ${left.join("; ")}`);
    return 1;
  }
  if (later.length > 0) say(`${later.join(", ")}: gone as soon as this program has ended.`);
  say(
    purge
      ? "Removed."
      : `Removed. Configuration and key are still in ${paths.configDir} and ${paths.stateDir}.`,
  );
  return 0;
}

/** @returns what is wrong with the configuration; undefined when nothing is */
function sayNotices({ check, say }: InstallPorts, text: string): string | undefined {
  try {
    for (const notice of check(text)) say(`Note: ${notice}`);
  } catch (error) {
    return errorText(error);
  }
}

async function tryRun({ run, say }: Pick<InstallPorts, "run" | "say">, argv: Argv): Promise<number> {
  try {
    return await run(argv);
  } catch (error) {
    say(`Cannot run "${argv.join(" ")}": ${errorText(error)}`);
    return 127;
  }
}
