/** All JSON keys that a table asks for, looked up in a message in one go. Pure. */
import { own } from "../../../lib/own.ts";
import type { CompiledModel } from "../models/compiled_model.ts";
import type { PathSteps } from "../models/field_path.ts";
import { isObject, type JsonObject, type KeyedValues, withoutQuotes } from "./keyed_values.ts";

/** A text of so many characters has some 25 keys. */
const SHORT_TEXT = 600;

/** The keys of one table. What was found stands in it until the next message. */
export class KeyTable {
  readonly #keys: readonly string[];
  readonly #placeByKey: ReadonlyMap<string, number>;
  /** What stands before a dot of any key: there a nested message has an object. */
  readonly #heads: readonly string[];
  readonly #found: unknown[];

  /** @param keys In their full form */
  constructor(keys: Iterable<string>) {
    this.#keys = [...new Set(keys)];
    this.#placeByKey = new Map(this.#keys.map((key, place) => [key, place]));
    this.#heads = [...new Set(this.#keys.flatMap(headsOf))];
    this.#found = this.#keys.map(() => undefined);
  }

  /** Where a key of the table stands in it. */
  placeOf(key: string): number {
    return this.#placeByKey.get(key) ?? -1;
  }

  /** Looks all keys up. {@link KeyTable.valueAt} then gives what {@link KeyedValues.get} would. */
  find(values: KeyedValues): void {
    const found = this.#found.fill(undefined);
    if (!this.#findFlat(values, found)) {
      for (const [at, key] of this.#keys.entries()) found[at] = values.get(key);
    }
  }

  /** The value at a place; undefined when the message does not have the key. */
  valueAt(at: number): unknown {
    return this.#found[at];
  }

  /** The quick ways for a message in which nothing that the table asks for is nested. @returns false when there is none */
  #findFlat({ body, prefixes, raw }: KeyedValues, found: unknown[]): boolean {
    // The length says it sooner than to count the keys.
    if (raw !== undefined && raw.text.length <= SHORT_TEXT) return this.#findNamed(body, prefixes, found);
    if (prefixes.length > 1 || prefixes[0] !== "") return false;
    for (const head of this.#heads) if (isObject(own(body, head))) return false;
    for (let at = 0; at < this.#keys.length; at++) {
      found[at] = withoutQuotes(own(body, this.#keys[at] ?? ""));
    }
    return true;
  }

  /** A short message has fewer keys than the table. */
  #findNamed(body: JsonObject, prefixes: readonly string[], found: unknown[]): boolean {
    const names = Object.keys(body);
    for (const name of names) if (isObject(own(body, name))) return false;
    for (const prefix of prefixes) {
      for (const name of names) {
        const at = this.#placeByKey.get(prefix + name);
        if (at !== undefined && found[at] === undefined) found[at] = withoutQuotes(own(body, name));
      }
    }
    return true;
  }
}

/** `bms.main.soc` stands below `bms`, or below `bms.main`. */
function headsOf(key: string): string[] {
  const names = key.split(".");
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join("."));
}

/** What a model's table asks of JSON: its keys, and what the value of each is for. */
export interface ModelKeys {
  readonly table: KeyTable;
  /** `steps` lead on from the key's value in a list; undefined: the value itself is meant. */
  readonly taps: readonly {
    readonly place: number;
    readonly steps: PathSteps | undefined;
    readonly slot: number;
  }[];
  /** Of each pack its fields by name. */
  readonly packs: readonly {
    readonly num: number;
    readonly fields: readonly (readonly [name: string, place: number])[];
  }[];
  /** Where a pack's number stands when it is told. */
  readonly num: number;
}

const made = new WeakMap<CompiledModel, ModelKeys>();

/** The keys of a model; made when the first message comes. */
export function keysOf(model: CompiledModel): ModelKeys {
  let keys = made.get(model);
  if (!keys) made.set(model, keys = makeKeys(model));
  return keys;
}

function makeKeys({ byKey, packKeys, spec: { packs } }: CompiledModel): ModelKeys {
  const num = packs && "message" in packs ? packs.num : undefined;
  const table = new KeyTable([
    ...byKey.map(([key]) => key),
    ...packKeys.flatMap(({ keys }) => keys.map(([, key]) => key)),
    ...(num === undefined ? [] : [num]),
  ]);
  return {
    table,
    taps: byKey.flatMap(([key, taps]) =>
      taps.map(({ steps, slot }) => ({
        place: table.placeOf(key),
        steps: steps.length === 0 ? undefined : steps,
        slot,
      }))
    ),
    packs: packKeys.map(({ num, keys }) => ({
      num,
      fields: keys.map(([name, key]) => [name, table.placeOf(key)] as const),
    })),
    num: table.placeOf(num ?? ""),
  };
}
