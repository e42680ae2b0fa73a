/** What is pasted at each stop: the document's own text, with what a reader types otherwise. Pure. */
import { type CommandBlock, commandBlocks } from "./blocks.ts";
import { type Stop, STOPS } from "./table.ts";

/** A stop with its block. */
export interface Pasted {
  readonly stop: Stop;
  readonly block: CommandBlock;
  /** A shell script; it ends at the first command that fails. */
  readonly script: string;
}

/**
 * All stops with their blocks, in the order of the table; two blocks that begin alike are taken in their document's order.
 *
 * @param documents Text by path; more than the table names is no fault
 * @throws RangeError naming the first block that the table does not have, or the first stop without a block
 */
export function pasted(
  documents: ReadonlyMap<string, string>,
  stops: readonly Stop[] = STOPS,
): readonly Pasted[] {
  const waiting = new Map(
    [...documents].map(([path, text]) =>
      [path, Array.from(commandBlocks(path, text))] as [string, CommandBlock[]]
    ),
  );
  const all = stops.map((stop): Pasted => {
    const blocks = waiting.get(stop.document) ?? [];
    const at = blocks.findIndex(({ text }) => firstCommand(text).startsWith(stop.begins));
    const [block] = at < 0 ? [] : blocks.splice(at, 1);
    if (block === undefined) {
      const found = blocks.map(({ text }) => `"${firstCommand(text)}"`).join(", ") || "none";
      throw new RangeError(`Commands of ${stop.document} must begin with "${stop.begins}", found ${found}`);
    }
    return { stop, block, script: scriptOf(stop, block) };
  });
  const left = [...waiting.values()].flat()[0];
  if (left) {
    throw new RangeError(
      `The commands at ${left.document}:${left.line} must have a row in scripts/walk/table.ts, found none`,
    );
  }
  return all;
}

function firstCommand(text: string): string {
  return text.split("\n").find((line) => line.trim() !== "" && !line.startsWith("#")) ?? "";
}

function scriptOf(
  { document, before = "", otherwise = [], without = [] }: Stop,
  { text, line }: CommandBlock,
): string {
  let typed = text;
  for (const [left, typedInstead] of [...otherwise, ...without.map(([left]) => [left, ""] as const)]) {
    if (!typed.includes(left)) {
      throw new RangeError(`The commands at ${document}:${line} must have "${left}", found "${typed}"`);
    }
    typed = typed.replaceAll(left, typedInstead);
  }
  return `set -e\n${before}\nset -x\n${typed}\n`;
}
