/** Turns texts into typed values by the table of keys, and collects every problem. Pure. */
import { nearest } from "../text/nearest.ts";
import { AGENT_ONLY_KEYS, type Key, KEYS, type KeyValues, UNSUPPORTED_KEYS } from "./keys.ts";
import type { KeySpec, KeyValue } from "./key_spec.ts";
import { own, put } from "../own.ts";
import { fileFault, shownKey, shownValue } from "./shown_value.ts";

/** Where texts come from. */
export interface KeySources {
  /** The env file, already parsed; every key in it must be known. */
  readonly file: Readonly<Record<string, string>>;
  /** The process environment; wins over the file. Unknown keys are other programs' business. */
  readonly environment: Readonly<Record<string, string>>;
  /** Reads a secret's file; throws with a plain reason. */
  readonly readSecret: (path: string) => string;
  /** systemd's credentials directory, if any: a secret is looked for there under its key in lower case. */
  readonly hasCredential?: (name: string) => string | undefined;
}

/** Where a value came from. */
export type KeyOrigin =
  | { readonly kind: "unset" | "default" }
  /** `name`: the key as it was written: itself, an alias, or one of them with `_FILE`, whose file holds the value. */
  | { readonly kind: "file"; readonly name: string }
  /** `hidesFile`: the file has it, too, which then counts for nothing. */
  | { readonly kind: "environment"; readonly name: string; readonly hidesFile: boolean }
  | { readonly kind: "credential" };

/** The outcome: values for every key, problems for a person, and the keys that this version does not use. */
export interface KeyReading {
  /** A key with a problem has its default, or nothing. */
  readonly values: KeyValues;
  readonly origins: Readonly<Record<Key, KeyOrigin>>;
  readonly problems: readonly string[];
  /** The keys among those problems whose text cannot be used. */
  readonly refused: ReadonlySet<Key>;
  readonly unsupported: readonly string[];
}

/** Reads all keys. Text in problems never holds a secret's value. */
export function readKeys(sources: KeySources): KeyReading {
  const problems: string[] = [];
  const unsupported: string[] = [];
  const known = knownNames();
  for (const name of Object.keys(sources.file)) {
    if (known.has(name)) continue;
    if (AGENT_ONLY_KEYS.test(name) || UNSUPPORTED_KEYS.some((pattern) => pattern.test(name))) {
      unsupported.push(name);
    } else problems.push(`Unknown key ${shownKey(name)}${nearest(name, [...known])}`);
  }
  const values: Partial<Record<Key, KeyValue>> = {};
  const origins: Partial<Record<Key, KeyOrigin>> = {};
  const refused = new Set<Key>();
  for (const [key, spec] of Object.entries(KEYS) as [Key, KeySpec][]) {
    put(values, key, spec.default);
    put(origins, key, { kind: spec.default === undefined ? "unset" : "default" });
    try {
      const found = findText(key, spec, sources);
      if (found === undefined) continue;
      put(origins, key, found.origin);
      put(values, key, convertText(key, spec, found.text));
    } catch (error) {
      refused.add(key);
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  // Every key of the table was just given a value of its kind.
  return {
    values: values as KeyValues,
    origins: origins as Record<Key, KeyOrigin>,
    problems,
    refused,
    unsupported,
  };
}

function knownNames(): Set<string> {
  const names = new Set<string>();
  for (const [key, spec] of Object.entries(KEYS) as [Key, KeySpec][]) {
    for (const name of [key, ...(spec.aliases ?? [])]) {
      names.add(name);
      if (spec.secret) names.add(`${name}_FILE`);
    }
  }
  return names;
}

interface FoundText {
  readonly text: string;
  readonly origin: KeyOrigin;
}

/** The text of a key, an empty one counting as not set. @throws Error when given in two ways, or a file fails */
function findText(key: Key, spec: KeySpec, sources: KeySources): FoundText | undefined {
  const found = new Map<string, FoundText>();
  for (const name of [key, ...(spec.aliases ?? [])]) {
    const given = textOf(name, sources);
    if (given) found.set(name, given);
    if (!spec.secret) continue;
    const path = textOf(`${name}_FILE`, sources);
    if (path) {
      found.set(`${name}_FILE`, { ...path, text: readSecretFile(`${name}_FILE`, path.text, sources) });
    }
  }
  if (found.size > 1) {
    throw new Error(`${key} must be given once, found ${[...found.keys()].join(" and ")}`);
  }
  const [only] = found.values();
  if (only !== undefined || !spec.secret) return only;
  const text = sources.hasCredential?.(key.toLowerCase())?.trim();
  return text ? { text, origin: { kind: "credential" } } : undefined;
}

function textOf(name: string, { environment, file }: KeySources): FoundText | undefined {
  const [given, written] = [own(environment, name), own(file, name)];
  if (given) return { text: given, origin: { kind: "environment", name, hidesFile: Boolean(written) } };
  return written ? { text: written, origin: { kind: "file", name } } : undefined;
}

function readSecretFile(name: string, path: string, sources: KeySources): string {
  let text: string;
  try {
    text = sources.readSecret(path).trim();
  } catch (cause) {
    throw new Error(fileFault(name, path, cause), { cause });
  }
  if (!text) throw new Error(`Cannot read ${name} "${path}": must hold the secret, found an empty file`);
  return text;
}

/** The value of a key's text. @throws Error saying what was wanted and what was seen; a secret's text is never shown */
export function convertText(key: string, spec: KeySpec, text: string): KeyValue {
  const refuse = (wanted: string) =>
    new Error(
      `${key} must be ${wanted}, found ${spec.secret ? `${text.length} characters` : shownValue(text)}`,
    );
  switch (spec.kind) {
    case "text":
      // Trimmed away it would be a secret of no length, or a path to nowhere.
      if (text.trim() === "") throw refuse("more than blanks, or left out");
      if (spec.pattern && !spec.pattern.test(text)) throw refuse(spec.wanted ?? String(spec.pattern));
      return text;
    case "json":
      return text;
    case "integer":
    case "number": {
      const unit = spec.unit ? ` ${spec.unit}` : "";
      const whole = spec.kind === "integer" ? "a whole number " : "";
      const value = /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : NaN;
      const fits = value >= spec.min && value <= spec.max;
      if (!fits || (spec.kind === "integer" && !Number.isInteger(value))) {
        const range = `${whole}from ${spec.min} to ${spec.max}`;
        const bare = bareNumber(text);
        if (bare === undefined) throw refuse(`${range}${unit}`);
        const meant = Number(bare) >= spec.min && Number(bare) <= spec.max ? `; write ${key}=${bare}` : "";
        const error = refuse(`a number without its unit, ${range} (in${unit || " no unit"})`);
        throw new Error(`${error.message}${meant}`);
      }
      return value;
    }
    case "choice":
      if (!spec.choices.includes(text)) throw refuse(spec.choices.map((c) => `"${c}"`).join(" or "));
      return text;
    case "switch":
      if (/^(on|true|yes|1)$/i.test(text)) return true;
      if (/^(off|false|no|0)$/i.test(text)) return false;
      throw refuse('"on" or "off"');
  }
}

/** The number in a text that has a unit behind it, or a comma where a point is wanted; undefined: there is none. */
function bareNumber(text: string): string | undefined {
  const bare = text.trim().replace(/\s*(%|s|secs?|seconds?|min|minutes?|h|W|V|MB)$/i, "").replace(
    /^(\d+),(\d+)$/,
    "$1.$2",
  );
  return bare !== text.trim() && /^[+-]?\d+(\.\d+)?$/.test(bare) ? bare : undefined;
}
