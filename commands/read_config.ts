/** The configuration as a subcommand gets it: from the env file it names, the usual places, and the environment. */
import { REAL_TIME, type TimeScale } from "../lib/time/clock.ts";
import { type HouseConfig, loadConfig } from "../lib/config/load.ts";
import { ConfigError } from "../lib/errors.ts";
import { parseTimeScale } from "../lib/time/time_scale.ts";
import { serviceConfigProblems } from "../services/registry.ts";
import { absolutePath, directoryOf } from "../lib/text/paths.ts";
import { readOptions } from "../lib/text/read_options.ts";
import { wrap } from "../lib/text/wrap.ts";
import { complain, EXIT } from "./command.ts";
import { fileErrorText, isFileError } from "./terminal/file_error.ts";
import { installationHere } from "./terminal/installation.ts";
import { typable } from "../lib/text/typable.ts";

/** Help of the option that all commands with a configuration share. */
export const ENV_HELP =
  "  --env FILE   the configuration; .env, else /etc/ecoflow-power/ecoflow-power.env, when not given\n";

/** How the loader reads this machine's files. */
export const DISK = {
  readFile: (path: string) => Deno.readTextFileSync(path),
  exists(path: string): boolean {
    try {
      // "/dev/null" says that there is none, and that the environment holds all.
      return Deno.statSync(path).isFile || path === "/dev/null";
    } catch {
      return false;
    }
  },
  listFiles: (path: string) =>
    Array.from(Deno.readDirSync(path)).filter(({ isFile }) => isFile).map(({ name }) => name),
};

/** Where the configuration is looked for when none is named. */
export const ENV_PLACES = [".env", "/etc/ecoflow-power/ecoflow-power.env"] as const;

/**
 * The configuration, or the exit code after its problems were told. `args`: `--env FILE` and nothing else.
 *
 * @param isAboutToBe A file of this path counts as there, because the command is going to write it
 */
export function readConfig(
  args: readonly string[],
  isAboutToBe: (path: string) => boolean = () => false,
): { house: HouseConfig; time: TimeScale } | number {
  try {
    const { env } = readOptions(args, ["env", "time-scale"]);
    if (env !== undefined && !DISK.exists(env) && !isAboutToBe(env)) {
      return complain(`${noSuchFile(env)}\n`, EXIT.config);
    }
    return loadNamed(args, isAboutToBe);
  } catch (error) {
    return complainOfConfig(error, args);
  }
}

/** As {@link readConfig}. @throws ConfigError with every problem, or what else went wrong */
export function loadNamed(
  args: readonly string[],
  isAboutToBe: (path: string) => boolean = () => false,
): { house: HouseConfig; time: TimeScale } {
  const values = readOptions(args, ["env", "time-scale"]);
  const path = envPathOf(values.env);
  const house = loadConfig({
    file: path === undefined ? undefined : { name: path, text: DISK.readFile(path) },
    environment: { ...credentialsBeside(path), ...Deno.env.toObject() },
    ...DISK,
    hostName: ownName(),
    installation: installationHere(),
    exists: (path) => DISK.exists(path) || isAboutToBe(path),
  });
  const problems = serviceConfigProblems(house);
  if (problems.length > 0) throw new ConfigError(problems);
  // For simulations only: `--time-scale SPEED@ORIGIN_WALL_MS`.
  const time = values["time-scale"] === undefined ? REAL_TIME : parseTimeScale(values["time-scale"]);
  return { house: { ...house, stateDir: absolutePath(house.stateDir, Deno.cwd) }, time };
}

/** Tells what is wrong with a configuration, and what to do about it. @returns the exit code */
export function complainOfConfig(error: unknown, args: readonly string[]): number {
  const code = error instanceof ConfigError || isFileError(error) ? EXIT.config : EXIT.usage;
  return complain(`${wrap(configAdvice(error, args), 80, 4)}\n`, code);
}

/** What to do about a configuration file that `--env` names and that cannot be used. */
export function noSuchFile(path: string): string {
  const why = whyUnreadable(path);
  const cure = why === "missing"
    ? `there is no such file. Make one with: sudo ecoflow-power setup --env ${path}`
    : why === "denied"
    ? "this user may not look there: try the same with sudo"
    : "it is no file";
  return wrap(typable(`Cannot read "${path}", which --env names: ${cure}`, installationHere()), 80, 4);
}

function whyUnreadable(path: string): "missing" | "denied" | "no file" {
  try {
    Deno.statSync(path);
    return "no file";
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied ? "denied" : "missing";
  }
}

/** What is wrong, and what to type about it in this installation. */
function configAdvice(error: unknown, args: readonly string[]): string {
  const text = typable(fileErrorText(error), installationHere());
  const isNamed = args.includes("--env") || args.some((arg) => arg.startsWith("--env="));
  if (!(error instanceof ConfigError) || isNamed || envPathOf(undefined) !== undefined) return text;
  const hidden = ENV_PLACES.find((path) => whyUnreadable(path) === "denied");
  const advice = hidden === undefined
    ? `There is no configuration file: neither ${ENV_PLACES.join(" nor ")}. ` +
      "Make one with: sudo ecoflow-power setup; or name one with --env FILE"
    : `This user may not look at ${hidden}, the configuration of this machine: try the same with sudo`;
  return `${text}\n${typable(advice, installationHere())}`;
}

/** This machine's name; undefined where this program may not ask for it. */
export function ownName(): string | undefined {
  try {
    return Deno.hostname();
  } catch {
    return undefined;
  }
}

/** The file that is read: the named one, else the first there is; undefined: the environment alone. */
export function envPathOf(named: string | undefined): string | undefined {
  return named ?? ENV_PLACES.find(DISK.exists);
}

/** A person at the terminal has no systemd to hand over the credentials: they lie beside the configuration. */
function credentialsBeside(envPath: string | undefined): { CREDENTIALS_DIRECTORY?: string } {
  return envPath === undefined ? {} : { CREDENTIALS_DIRECTORY: credentialsDirOf(envPath) };
}

/** Where secrets lie as files of their own, each named like its key in small letters. */
export function credentialsDirOf(envPath: string): string {
  return `${directoryOf(absolutePath(envPath, Deno.cwd))}/credentials`;
}
