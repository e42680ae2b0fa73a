/** The daemon's command line: finds the subcommand and runs it. */
import { type CommandRow, complain, EXIT, print } from "./commands/command.ts";
import { COMMANDS } from "./commands/table.ts";
import { VERSION } from "./lib/version.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const [name = "run", ...rest] = args[0]?.startsWith("--") ? ["run", ...args] : args;
  const command = COMMANDS.find((row) => row.name === name);
  if (name === "help" || (args[0] === "--help")) return print(overview());
  if (!command) {
    const names = COMMANDS.map((row) => row.name).join(", ");
    return complain(`Cannot run "${name}": must be one of ${names}\n`, EXIT.usage);
  }
  return rest.includes("--help") ? print(helpOf(command)) : await command.run(rest);
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    `ecoflow-power ${VERSION}: EcoFlow power stations as a UPS for the whole house`,
    "",
    "Usage: ecoflow-power COMMAND [options]",
    "",
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "ecoflow-power COMMAND --help tells more.",
    "",
  ].join("\n");
}

function helpOf({ name, summary, help }: CommandRow): string {
  return `Usage: ecoflow-power ${name} [options]: ${summary}\n${help ? `\n${help}` : ""}`;
}
