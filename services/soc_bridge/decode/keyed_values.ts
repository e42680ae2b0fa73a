/** The values of a JSON message, found by their full dotted key however they were nested or shortened. */
import { own } from "../../../lib/own.ts";

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A number as JSON writes it, and nothing else. */
const NUMBER_TEXT = /^-?(0|[1-9]\d{0,19})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/;

/** The number that a text is, exactly as JSON would write it; every other value as it is. */
export function withoutQuotes(value: unknown): unknown {
  return typeof value === "string" && NUMBER_TEXT.test(value) ? Number(value) : value;
}

/** Nesting below this is not followed. */
const MAX_DEPTH = 5;

/** True for an object that is neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A payload as it came. */
export interface RawText {
  readonly text: string;
  /** The name under which its values stand: nothing before the first time that it is named has any; undefined: anywhere. */
  readonly member?: string;
}

/**
 * Looks keys up instead of turning every message into a flat list: a message has hundreds of keys, a table asks for
 * some twenty of them.
 */
export class KeyedValues {
  /**
   * @param prefixes What stands before the keys of `body` in their full form; several when it is not certain
   * @param raw Absent: somebody else has read the text
   */
  constructor(
    readonly body: JsonObject,
    readonly prefixes: readonly string[] = [""],
    readonly raw?: RawText,
  ) {}

  /** The value of a full key, a number also where it stands as text; undefined when the message does not have it. */
  get(key: string): unknown {
    for (const prefix of this.prefixes) {
      if (prefix === "") {
        const value = lookUp(this.body, key, 0);
        if (value !== undefined) return withoutQuotes(value);
      } else if (key.startsWith(prefix)) {
        const value = lookUp(this.body, key.slice(prefix.length), 0);
        if (value !== undefined) return withoutQuotes(value);
      }
    }
    return undefined;
  }

  /** Everything under full keys, nested objects as dotted keys; for those who show the message. */
  flat(): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    const walk = (node: JsonObject, path: string, depth: number): void => {
      for (const key of Object.keys(node)) {
        const value = own(node, key);
        if (!isObject(value)) entries.push([path + key, value]);
        else if (depth < MAX_DEPTH) walk(value, `${path}${key}.`, depth + 1);
      }
    };
    for (const prefix of this.prefixes) walk(this.body, prefix, 1);
    return Object.fromEntries(entries);
  }

  /** The message as text: two that say the same are equal. */
  text(): string {
    return JSON.stringify(this.body);
  }
}

function lookUp(node: JsonObject, key: string, depth: number): unknown {
  if (Object.hasOwn(node, key)) return own(node, key);
  for (let dot = key.indexOf("."); dot > 0 && depth < MAX_DEPTH; dot = key.indexOf(".", dot + 1)) {
    const head = key.slice(0, dot);
    const inner = Object.hasOwn(node, head) ? own(node, head) : undefined;
    if (isObject(inner)) return lookUp(inner, key.slice(dot + 1), depth + 1);
  }
  return undefined;
}
