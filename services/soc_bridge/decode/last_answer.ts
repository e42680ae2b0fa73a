/** Tells whether an answer of the cloud says the same as the one before. Pure. */
import type { KeyedValues, RawText } from "./keyed_values.ts";

/** Remembers the last answer. */
export class LastAnswer {
  /** The values as JSON writes them. */
  #values: string | undefined;
  #before: string | undefined;
  #from: string | undefined;

  /** Takes an answer. @returns whether its values are those of the last one */
  isRepeated(values: KeyedValues): boolean {
    const [before, from] = values.raw === undefined ? [undefined, undefined] : cut(values.raw);
    // To write all values again takes nearly as long as to read them.
    if (from !== undefined && from === this.#from && before === this.#before) return true;
    this.#before = before;
    this.#from = from;
    const text = values.text();
    if (text === this.#values) return true;
    this.#values = text;
    return false;
  }
}

/**
 * The text before its values without digits, for each answer has another number and time there, and the text from the values on. Two that
 * are equal in both have the same values: no name under which values are found has a digit. Undefined where that is not certain.
 */
function cut({ text, member }: RawText): [before: string | undefined, from: string | undefined] {
  const at = member === undefined ? -1 : text.indexOf(`"${member}"`);
  const before = text.slice(0, Math.max(0, at));
  // Behind a backslash digits are letters.
  if (at === -1 || before.includes("\\")) return [undefined, undefined];
  return [before.replaceAll(/\d+/g, ""), text.slice(at)];
}
