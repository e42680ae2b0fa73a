/** The commands that a document tells people to paste: its fenced blocks, those of lists included. Pure. */

/** One block of commands. */
export interface CommandBlock {
  /** Path from the project's root. */
  readonly document: string;
  /** Where it begins, from 1. */
  readonly line: number;
  /** As it would be pasted, without the list's indentation. */
  readonly text: string;
}

/** Programs with which a line of commands begins, after `sudo`; a block that begins otherwise holds a configuration or an output. */
const PROGRAM =
  /^(?:sudo )?(?:apt|apt-get|cp|deno|docker|ecoflow-power|fdisk|mkdir|mosquitto_pub|mv|npx|openssl|sha256sum|systemctl|tar|upsc|\.\/ecoflow-agent|ecoflow-agent|scripts\/[a-z]+) /;

/** All of them, in their order. */
export function commandBlocks(document: string, markdown: string): readonly CommandBlock[] {
  return fencedBlocks(markdown).flatMap(({ line, language, text }) => {
    if (language !== "" && language !== "sh") return [];
    const first = text.split("\n").find((one) => one.trim() !== "" && !one.startsWith("#")) ?? "";
    return PROGRAM.test(first) ? [{ document, line, text }] : [];
  });
}

/** A block between fences. */
export interface FencedBlock {
  readonly line: number;
  /** Behind the opening fence; empty: none. */
  readonly language: string;
  readonly text: string;
}

/** All blocks between fences, whatever they hold. */
export function fencedBlocks(markdown: string): readonly FencedBlock[] {
  return [...markdown.matchAll(/^( *)```([a-z]*)\n(.*?)^\1```$/gms)].map((match) => {
    const [, indent = "", language = "", text = ""] = match;
    const line = markdown.slice(0, match.index).split("\n").length;
    return { line, language, text: text.replaceAll(new RegExp(`^${indent}`, "gm"), "") };
  });
}
