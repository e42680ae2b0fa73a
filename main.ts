/** The daemon's command line: finds the subcommand and runs it. */
import { type CommandRow, complain, EXIT, EXIT_CODES, print } from "./commands/command.ts";
import { COMMANDS } from "./commands/table.ts";
import { fileErrorText, isFileError } from "./commands/terminal/file_error.ts";
import { installationHere } from "./commands/terminal/installation.ts";
import { programIn } from "./lib/text/typable.ts";
import { nearest } from "./lib/text/nearest.ts";
import { wrap } from "./lib/text/wrap.ts";
import { VERSION } from "./lib/version.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  if (args.length === 1 && /^(--version|-V)$/.test(args[0] ?? "")) return print(`ecoflow-power ${VERSION}\n`);
  const [name = "run", ...rest] = args[0]?.startsWith("-") ? ["run", ...args] : args;
  const command = COMMANDS.find((row) => row.name === name);
  if (name === "help" || (isHelp(args[0] ?? ""))) return print(overview());
  if (!command) {
    const names = COMMANDS.map((row) => row.name).join(", ");
    const meant = nearest(name, COMMANDS.map((row) => row.name));
    const help = `see: ${programIn(installationHere())} --help`;
    return complain(wrap(`Cannot run "${name}": must be one of ${names}${meant}\n${help}\n`), EXIT.usage);
  }
  if (rest.some(isHelp)) return print(helpOf(command));
  try {
    return await command.run(rest);
  } catch (error) {
    if (!isFileError(error)) throw error;
    return complain(`Cannot run "${name}": ${fileErrorText(error)}\n`, EXIT.no);
  }
}

function overview(): string {
  const program = programIn(installationHere());
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    `ecoflow-power ${VERSION}: EcoFlow power stations as a UPS for the whole house`,
    "",
    `Usage: ${program} COMMAND [options]`,
    "",
    ...COMMANDS.map(({ name, summary }) => wrap(`  ${name.padEnd(width)}  ${summary}`, 80, width + 4)),
    "",
    `${program} COMMAND --help tells more; --version prints the version.`,
    "",
    EXIT_CODES,
    "",
  ].join("\n");
}

function helpOf({ name, summary, help }: CommandRow): string {
  const usage = wrap(`Usage: ${programIn(installationHere())} ${name} [options]: ${summary}`, 80, 2);
  const options = help.split("\n").map((line) =>
    wrap(line, 80, /^ *\S+(?: [A-Z]+)? +/.exec(line)?.[0].length ?? 2)
  );
  return `${usage}\n${help ? `\n${options.join("\n")}` : ""}\n${EXIT_CODES}\n`;
}

function isHelp(arg: string): boolean {
  return arg === "--help" || arg === "-h";
}
