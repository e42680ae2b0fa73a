/** What is said of a configuration key, and what type its value has. Tables of keys are made of these. */

/** What a key's text must be. */
export type KeyKind =
  | { readonly kind: "text"; readonly default?: string; readonly pattern?: RegExp; readonly wanted?: string }
  | { readonly kind: "integer"; readonly default?: number; readonly min: number; readonly max: number }
  | { readonly kind: "number"; readonly default?: number; readonly min: number; readonly max: number }
  | { readonly kind: "choice"; readonly default?: string; readonly choices: readonly string[] }
  | { readonly kind: "switch"; readonly default: boolean }
  | { readonly kind: "json"; readonly default?: string };

/** One key. */
export type KeySpec = KeyKind & {
  /** Unit of the value, where it has one. */
  readonly unit?: string;
  /** One sentence for the person who sets it. */
  readonly doc: string;
  /** What holds while the key is not set and has no default of its own. */
  readonly whenUnset?: string;
  /** A value as a person may write it, where the default is none. */
  readonly example?: string;
  /** Other names that mean the same, from the predecessor. */
  readonly aliases?: readonly string[];
  /** Never shown. May also come from the file named by `<KEY>_FILE`, or from a systemd credential. */
  readonly secret?: true;
};

/** A table of keys, by name. */
export type KeyTable = Readonly<Record<string, KeySpec>>;

/** Undefined when the key is not set and has no default. */
type OrUnset<Spec, Value> = Spec extends { readonly default: string | number } ? Value : Value | undefined;

/** The type of a key's value. */
export type ValueOf<Spec extends KeySpec> = Spec extends { readonly kind: "switch" } ? boolean
  : Spec extends { readonly kind: "integer" | "number" } ? OrUnset<Spec, number>
  : Spec extends { readonly kind: "choice"; readonly choices: readonly (infer Choice)[] }
    ? OrUnset<Spec, Choice>
  : OrUnset<Spec, string>;

/** The values of a whole table. */
export type ValuesOf<Table extends KeyTable> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

/** A value of any key. */
export type KeyValue = ValueOf<KeySpec>;
