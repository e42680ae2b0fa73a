/**
 * Owners' commands that begin with `sudo`. The agent's service is root already, and may gain no other rights
 * (`NoNewPrivileges`), so there `sudo` always fails. Where it changes nothing it is left out; where it asks for another
 * user it is refused, with what to write instead. Pure.
 */
import type { Argv } from "../platform/platform.ts";

/** What became of one command. */
export type SudoReading =
  /** `isChanged`: some `sudo` was left out. */
  | { readonly kind: "good"; readonly argv: Argv; readonly isChanged: boolean }
  /** `why` ends a sentence that names the key. */
  | { readonly kind: "refused"; readonly why: string };

/** Options that mean nothing to a command that is root's already. */
const EMPTY_OPTIONS =
  /^(-[nSEHk]+|--non-interactive|--stdin|--preserve-env(=.*)?|--set-home|--reset-timestamp|-u=?root|--user=root)$/;
const SHELLS = /^(.*\/)?(sh|bash|dash|zsh|ksh)$/;

/** See the file comment. Only for commands that run as root. */
export function withoutSudo(argv: Argv): SudoReading {
  const [program = "", option, script] = argv;
  if (isSudo(program)) {
    const rest = afterOptions(argv.slice(1));
    if (typeof rest === "string") return { kind: "refused", why: refusal(rest) };
    const inner = withoutSudo(rest);
    return inner.kind === "good" ? { ...inner, isChanged: true } : inner;
  }
  if (SHELLS.test(program) && option === "-c" && script !== undefined) {
    const found = inShellLine(script);
    if (typeof found !== "string") return { kind: "refused", why: refusal(found.odd) };
    return { kind: "good", argv: [program, option, found, ...argv.slice(3)], isChanged: found !== script };
  }
  return { kind: "good", argv, isChanged: false };
}

function isSudo(word: string): boolean {
  return /^(\/usr(\/local)?\/bin\/)?sudo$/.test(word);
}

function refusal(option: string): string {
  return `must not use "sudo ${option}": the agent's service cannot become somebody else; ` +
    "where systemd runs, write: systemd-run --wait --pipe --uid=USER COMMAND";
}

/** @returns the command itself, or the first option that would change something */
function afterOptions(words: Argv): Argv | string {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "--") return words.slice(i + 1);
    if (/^[A-Za-z_]\w*=/.test(word)) return ["env", ...words.slice(i)];
    if (!word.startsWith("-")) return words.slice(i);
    if ((word === "-u" || word === "--user") && words[i + 1] === "root") i++;
    else if (!EMPTY_OPTIONS.test(word)) return word;
  }
  return "without a command";
}

/**
 * A shell line without the `sudo` of its commands; quoted text stays as it is.
 *
 * A `sudo` that is an argument (`xargs sudo …`) is left alone: whoever looks for it finds it with `doctor`.
 */
function inShellLine(line: string): string | { readonly odd: string } {
  let out = "";
  /** Open quotes and substitutions, innermost last. */
  const open: string[] = [];
  let isCommandNext = true;
  for (let i = 0; i < line.length;) {
    const char = line[i] ?? "";
    const rest = line.slice(i);
    const inner = open.at(-1);
    let taken = 1;
    if (inner === "'") {
      if (char === "'") open.pop();
    } else if (char === "\\") {
      taken = 2;
      isCommandNext = false;
    } else if (rest.startsWith("$(")) {
      open.push(")");
      taken = 2;
      isCommandNext = true;
    } else if (char === inner && inner !== undefined) {
      open.pop();
      isCommandNext = false;
    } else if (char === "`") {
      open.push("`");
      isCommandNext = true;
    } else if (inner === '"') {
      // Text.
    } else if (char === '"' || char === "'") {
      open.push(char);
      isCommandNext = false;
    } else if (char === "(") {
      open.push(")");
      isCommandNext = true;
    } else if (/[;&|{\n!]/.test(char)) {
      isCommandNext = true;
    } else if (/\s/.test(char)) {
      // Between words: what comes is what it was.
    } else {
      const word = /^[^\s;&|()<>"'`$\\]+/.exec(rest)?.[0] ?? char;
      taken = word.length;
      if (isCommandNext && isSudo(word)) {
        const left = leftOut(line.slice(i + taken));
        if (typeof left !== "number") return left;
        i += taken + left;
        continue;
      }
      isCommandNext = isCommandNext && /^([A-Za-z_]\w*=.*|if|then|else|elif|while|until|do|time)$/.test(word);
    }
    out += line.slice(i, i + taken);
    i += taken;
  }
  return out;
}

/** How many characters after `sudo` go with it: its options that change nothing. */
function leftOut(after: string): number | { readonly odd: string } {
  let length = /^\s*/.exec(after)?.[0].length ?? 0;
  for (;;) {
    const word = /^-\S*/.exec(after.slice(length))?.[0];
    if (word === undefined) return length;
    const user = /^(-u|--user)\s+root(?=\s)\s*/.exec(after.slice(length))?.[0];
    if (user === undefined && word !== "--" && !EMPTY_OPTIONS.test(word)) return { odd: word };
    length += user?.length ?? word.length;
    length += /^\s*/.exec(after.slice(length))?.[0].length ?? 0;
    if (word === "--") return length;
  }
}
