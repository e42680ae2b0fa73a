/** The owner's commands, from the lines of the env file or from the commands file. Pure but for handed-in reading. */
import { fileFault } from "../../lib/config/shown_value.ts";
import { errorText } from "../../lib/errors.ts";
import type { ConfigTexts } from "./config_texts.ts";
import {
  type HostCommands,
  lastStep,
  ownCommandArgv,
  parseCommandsFile,
  type Preparation,
} from "./host_commands.ts";
import type { Argv, HostPlatform } from "../platform/platform.ts";
import { withoutSudo } from "./sudo.ts";

/**
 * Reads them; problems are added to those of `texts`.
 *
 * @param notices Takes what is said of commands without their `sudo`; undefined: it stays in them
 */
export function readCommands(
  texts: ConfigTexts,
  platform: HostPlatform,
  notices: string[] | undefined,
): HostCommands {
  const { problems } = texts;
  const limitMs = texts.whole("PRE_SHUTDOWN_LIMIT_SEC", 30, 1, 3600) * 1000;
  const onFailure = texts.choice("PRE_SHUTDOWN_ON_FAILURE", ["continue", "stop"] as const) ?? "continue";
  const mode = texts.choice("SHUTDOWN_MODE", ["poweroff", "hibernate"] as const);
  /** The command as it will be run. */
  const meant = (argv: Argv, name: string): Argv => {
    const found = notices ? withoutSudo(argv) : undefined;
    if (found?.kind === "refused") problems.push(`${name} ${found.why}`);
    if (found?.kind !== "good" || !found.isChanged) return argv;
    notices?.push(
      `${name}: "sudo" is left out, as the agent is root already; it runs: ${found.argv.join(" ")}`,
    );
    return found.argv;
  };
  const lineOf = (key: string): Argv | undefined => {
    const line = texts.text(key);
    if (line === undefined) return undefined;
    try {
      return meant(ownCommandArgv(platform, line), key);
    } catch (error) {
      return void problems.push(`${key} ${errorText(error)}`);
    }
  };
  let before: readonly Preparation[] = Array.from({ length: 9 }, (_, i) => `PRE_SHUTDOWN_CMD_${i + 1}`)
    .flatMap((key) => {
      const argv = lineOf(key);
      return argv === undefined ? [] : [{ name: texts.text(key) ?? key, argv, limitMs, onFailure }];
    });
  let wishes = { mode, ownShutdown: lineOf("SHUTDOWN_CMD"), ownAbort: lineOf("ABORT_CMD") };
  const path = texts.text("COMMANDS_FILE");
  if (path !== undefined) {
    if (before.length > 0 || Object.values(wishes).some((wish) => wish !== undefined)) {
      problems.push(
        "COMMANDS_FILE says what to run: PRE_SHUTDOWN_CMD_n, SHUTDOWN_CMD, ABORT_CMD and SHUTDOWN_MODE must not be set beside it",
      );
    }
    try {
      const found = parseCommandsFile(texts.readFile(path), `COMMANDS_FILE "${path}"`, {
        limitMs,
        onFailure,
      });
      const inFile = (argv: Argv | undefined, key: string) => argv && meant(argv, `COMMANDS_FILE "${key}"`);
      before = found.before.map((one) => ({ ...one, argv: meant(one.argv, `COMMANDS_FILE "${one.name}"`) }));
      wishes = {
        mode: found.mode,
        ownShutdown: inFile(found.ownShutdown, "shutdown.run"),
        ownAbort: inFile(found.ownAbort, "shutdown.abort"),
      };
    } catch (error) {
      const text = errorText(error);
      problems.push(text.startsWith("Cannot read") ? text : fileFault("COMMANDS_FILE", path, error));
    }
  }
  try {
    return { before, last: lastStep(platform, { ...wishes, mode: wishes.mode ?? "poweroff" }) };
  } catch (error) {
    problems.push(errorText(error));
    return { before, last: lastStep(platform, { mode: "poweroff" }) };
  }
}
