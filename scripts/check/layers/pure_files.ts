/** Holds files that call themselves pure to it: no clock, no chance, no log, no runtime. Pure. */

/** What a pure file must not use, and what that is. */
const IMPURE: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\bDeno\.(?!Permission)/, "Deno"],
  [/\bDate\.now\(|\bnew Date\(\)|\bperformance\./, "the time"],
  [/\b(setTimeout|setInterval|queueMicrotask)\(/, "a timer"],
  [/\bMath\.random\(|\brandomUUID\(|\bgetRandomValues\(|\brandomBytes\(/, "chance"],
  [/\bconsole\./, "the console"],
  [/\bfetch\(|\bnew WebSocket\(/, "the network"],
  [/^import (?!type\b).*\bfrom "[^"]*\/(clock|log)\.ts"/, "the clock or the log"],
];

/** Whether the comment at the head of a file says that it is pure. */
export function saysPure(text: string): boolean {
  return /\bPure\b/.test(/^\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? "");
}

/** The lines of a file that says so where it is not pure. */
export function impureLines(text: string): readonly { readonly line: number; readonly what: string }[] {
  if (!saysPure(text)) return [];
  return text.split("\n").flatMap((line, index) => {
    if (/^\s*(\*|\/\*|\/\/)/.test(line)) return [];
    const code = line.replace(/\/\/ .*$/, "").replaceAll(/\/(?![*/ ])(?:[^/\\]|\\.)+\//g, "//");
    return IMPURE.filter(([pattern]) => pattern.test(code) || pattern.test(line) && /^import/.test(line))
      .map(([, what]) => ({ line: index + 1, what }));
  });
}
