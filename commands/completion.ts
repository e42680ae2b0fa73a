/** Completion for bash and zsh, from the table of commands: the commands, then their own words, then their options. Pure. */
import type { CommandRow } from "./command.ts";
import { own } from "../lib/own.ts";

/** The part of a command that is completed. */
export type Completed = Pick<CommandRow, "name" | "summary" | "help" | "words">;

/** One option, as a line of a command's help has it. */
interface OptionLine {
  readonly name: string;
  /** The word for its value; undefined: it has none. */
  readonly value?: string;
  readonly text: string;
}

/** The shells that there is a script for. */
export const SHELLS = ["bash", "zsh"] as const;

/** The script for a shell. */
export function completionFor(shell: typeof SHELLS[number], commands: readonly Completed[]): string {
  return own({ bash: bashCompletion, zsh: zshCompletion }, shell)(commands);
}

/** The options in a command's help, in its order, and those that only its summary names. */
export function optionsOf({ help, summary }: Pick<Completed, "help" | "summary">): OptionLine[] {
  const found = new Map<string, OptionLine>();
  for (const line of help.split("\n")) {
    const [, name, value, text = ""] = /^\s*(--[a-z][a-z-]*)(?: ([A-Z]+))?\s+(.*)$/.exec(line) ?? [];
    if (name !== undefined) found.set(name, { name, value, text });
  }
  for (const [, name = "", value] of summary.matchAll(/(--[a-z][a-z-]*)(?: ([A-Z][A-Z]+))?/g)) {
    if (!found.has(name)) found.set(name, { name, value, text: "" });
  }
  return [...found.values(), { name: "--help", text: "say more" }];
}

/** For bash 4 and newer. Where an option wants a value, files are offered. */
export function bashCompletion(commands: readonly Completed[]): string {
  const cases = commands.map((command) => {
    const options = optionsOf(command);
    const words = [...command.words ?? [], ...options.map(({ name }) => name)].join(" ");
    const withValue = options.filter(({ value }) => value !== undefined).map(({ name }) => name);
    return `    ${command.name}) words="${words}" values=" ${withValue.join(" ")} " ;;`;
  });
  return `# bash completion for ecoflow-power
_ecoflow_power() {
  local words values=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${commands.map(({ name }) => name).join(" ")} --help"
  else
    case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    *) words="" ;;
    esac
    case "$values" in
    *" \${COMP_WORDS[COMP_CWORD-1]} "*)
      COMPREPLY=()
      return
      ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _ecoflow_power ecoflow-power
`;
}

/** For zsh, as a file named `_ecoflow-power` in its function path. */
export function zshCompletion(commands: readonly Completed[]): string {
  const rows = commands.map(({ name, summary }) => `    ${quoted(`${name}:${escaped(summary, ":")}`)}`);
  const cases = commands.map((command) => {
    const specs = optionsOf(command).map(({ name, value, text }) => {
      const action = value === "FILE" ? "_files" : value === "DIR" ? "_files -/" : " ";
      const wants = value === undefined ? "" : `:${value}:${action}`;
      return quoted(`${name}[${escaped(text, "[]:")}]${wants}`);
    });
    const words = command.words?.length ? [quoted(`1:word:(${command.words.join(" ")})`)] : [];
    const lines = [...words, ...specs].map((spec) => ` \\\n        ${spec}`);
    return `    ${command.name})\n      _arguments${lines.join("")}\n      ;;`;
  });
  return `#compdef ecoflow-power
# zsh completion for ecoflow-power
_ecoflow_power() {
  local -a commands
  commands=(
${rows.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_ecoflow-power" ]; then
  _ecoflow_power "$@"
else
  compdef _ecoflow_power ecoflow-power
fi
`;
}

/** In single quotes of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function escaped(text: string, signs: string): string {
  return text.replaceAll(/[\\[\]:]/g, (sign) => sign === "\\" || signs.includes(sign) ? `\\${sign}` : sign);
}
