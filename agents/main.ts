/** The agent's command line. */
import { parseArgs } from "node:util";
import { REAL_TIME } from "../lib/clock.ts";
import { ConfigError, errorText } from "../lib/errors.ts";
import { parseTimeScale } from "../lib/time_scale.ts";
import { VERSION } from "../lib/version.ts";
import { type AgentConfig, loadAgentConfig } from "./config.ts";
import { agentPaths } from "./paths.ts";
import { platformHere } from "./platform/here.ts";
import { run } from "./run.ts";

const EXIT = { ok: 0, failed: 1, usage: 64, config: 78 } as const;

const HELP = `ecoflow-agent ${VERSION}: shuts this host down when ecoflow-power says so

Usage: ecoflow-agent COMMAND [--env FILE]

  run       connect and obey (the default)
  version   print the version

  --env FILE   the configuration; when not given .env here, else the installed one
`;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const [command = "run", ...rest] = args.length > 0 && !args[0]?.startsWith("--") ? args : ["run", ...args];
  if (args.includes("--help") || command === "help") return say(Deno.stdout, HELP, EXIT.ok);
  if (command === "version") return say(Deno.stdout, `ecoflow-agent ${VERSION}\n`, EXIT.ok);
  if (command !== "run") {
    return say(Deno.stderr, `Cannot run "${command}": must be run or version\n`, EXIT.usage);
  }
  try {
    const { values } = parseArgs({
      args: rest,
      options: { env: { type: "string" }, "time-scale": { type: "string" } },
    });
    // For simulations only: `--time-scale SPEED@ORIGIN_WALL_MS`.
    const time = values["time-scale"] === undefined ? REAL_TIME : parseTimeScale(values["time-scale"]);
    await run(readConfig(values.env), platformHere(), time);
    return EXIT.ok;
  } catch (error) {
    return say(Deno.stderr, `${errorText(error)}\n`, error instanceof ConfigError ? EXIT.config : EXIT.usage);
  }
}

function readConfig(path: string | undefined): AgentConfig {
  const platform = platformHere();
  const paths = agentPaths(platform.name);
  const name = path ?? [".env", paths.envFile].find((candidate) => {
    try {
      return Deno.statSync(candidate).isFile;
    } catch {
      return false;
    }
  });
  return loadAgentConfig({
    file: name === undefined ? undefined : { name, text: Deno.readTextFileSync(name) },
    environment: Deno.env.toObject(),
    readFile: (file) => Deno.readTextFileSync(file),
    platform,
    defaultStateDir: paths.stateDir,
  });
}

function say(stream: { writeSync(bytes: Uint8Array): number }, text: string, code: number): number {
  stream.writeSync(new TextEncoder().encode(text));
  return code;
}
