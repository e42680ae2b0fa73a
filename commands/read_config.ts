/** The configuration as a subcommand gets it: from the env file it names, the usual places, and the environment. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { REAL_TIME, type TimeScale } from "../lib/clock.ts";
import { type HouseConfig, loadConfig } from "../lib/config/load.ts";
import { ConfigError, errorText } from "../lib/errors.ts";
import { parseTimeScale } from "../lib/time_scale.ts";
import { serviceConfigProblems } from "../services/registry.ts";
import { complain, EXIT } from "./command.ts";

/** Help of the option that all commands with a configuration share. */
export const ENV_HELP =
  "  --env FILE   the configuration; .env, else /etc/ecoflow-power/ecoflow-power.env, when not given\n";

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
    const { values } = parseArgs({
      args: [...args],
      options: { env: { type: "string" }, "time-scale": { type: "string" } },
    });
    const path = values.env ?? [".env", "/etc/ecoflow-power/ecoflow-power.env"].find(exists);
    const house = loadConfig({
      file: path === undefined ? undefined : { name: path, text: readText(path) },
      environment: Deno.env.toObject(),
      readFile: readText,
      exists: (path) => exists(path) || isAboutToBe(path),
      listFiles: (path) =>
        Array.from(Deno.readDirSync(path)).filter(({ isFile }) => isFile).map(({ name }) => name),
    });
    const problems = serviceConfigProblems(house);
    if (problems.length > 0) throw new ConfigError(problems);
    // For simulations only: `--time-scale SPEED@ORIGIN_WALL_MS`.
    const time = values["time-scale"] === undefined ? REAL_TIME : parseTimeScale(values["time-scale"]);
    return { house: { ...house, stateDir: resolve(house.stateDir) }, time };
  } catch (error) {
    const code = error instanceof ConfigError ? EXIT.config : EXIT.usage;
    return complain(`${errorText(error)}\n`, code);
  }
}

function readText(path: string): string {
  return Deno.readTextFileSync(path);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
