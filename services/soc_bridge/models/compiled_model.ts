/** A model's table turned into what is needed to read messages fast: numbered slots instead of names. */
import { InvalidInputError } from "../../../lib/errors.ts";
import { dispatchOf, isFamily, type LoadedFamily, loadFamily } from "../../../proto/registry.ts";
import { camelCases, parsePath, type PathSteps } from "./field_path.ts";
import { type CompiledOutagePorts, compileOutagePorts } from "./outage_ports.ts";
import { fieldExists, outagePortProblems, packProblems } from "./table_checks.ts";
import {
  FLAG_NAME,
  type IndicatorSpec,
  type ModelSpec,
  NUMBER_NAMES,
  type NumberName,
  type PackSpec,
  type SourceSpec,
} from "./model_spec.ts";
import { own } from "../../../lib/own.ts";

/** Reads one field of a message into one slot. */
export interface Tap {
  readonly steps: PathSteps;
  readonly slot: number;
}

/** A source with slots instead of paths. */
export type CompiledSource =
  | (Omit<Extract<SourceSpec, { from: unknown }>, "from"> & { readonly slots: readonly number[] })
  | Extract<SourceSpec, { packs: unknown }>;

/** An indicator with slots instead of paths. */
export type IndicatorCore = Omit<IndicatorSpec, "from" | "needs"> & { readonly slots: readonly number[] };

/** The same with what it needs: each field with the indicator that says what its number means. */
export type CompiledIndicator = IndicatorCore & {
  readonly needs: readonly JudgedField[];
  /** The fields of all other indicators that could show the grid. */
  readonly others: readonly JudgedField[];
};

/** A field with the indicator that says what its number means. */
export interface JudgedField {
  readonly slot: number;
  readonly by: IndicatorCore;
}

/** A table that is ready to read messages with. */
export interface CompiledModel {
  readonly spec: ModelSpec;
  /** Present for protobuf models. */
  readonly family: LoadedFamily | undefined;
  /** The path behind each slot. */
  readonly paths: readonly string[];
  /** Taps by protobuf message. */
  readonly byMessage: ReadonlyMap<string, readonly Tap[]>;
  /** Taps by JSON key; `steps` lead on from the key's value, empty for the value itself. */
  readonly byKey: readonly (readonly [key: string, taps: readonly Tap[]])[];
  /** Where each pack's fields lie in JSON: the pack's number, and full keys by field name. */
  readonly packKeys: readonly {
    readonly num: number;
    readonly keys: readonly (readonly [name: string, key: string])[];
  }[];
  readonly numbers: readonly (readonly [NumberName, readonly CompiledSource[]])[];
  /** Those of `numbers` under "soc". */
  readonly soc: readonly CompiledSource[];
  readonly flag: readonly CompiledSource[];
  readonly grid: readonly CompiledIndicator[];
  /** All 0 while the battery has not reported; empty where no table says. */
  readonly unreportedBattery: readonly number[];
  /** Where the station says how many packs it has. */
  readonly packCount: number | undefined;
  readonly outagePorts: CompiledOutagePorts | undefined;
  /** Slots of what is measured, not set: in a broken upload they are all 0. */
  readonly measured: ReadonlySet<number>;
  /** Slots of the charge among them. */
  readonly charges: ReadonlySet<number>;
  /** Slots of which single bits are read: there every number may be one. */
  readonly bitSlots: ReadonlySet<number>;
  /** Slots of the grid's indicators. */
  readonly gridSlots: ReadonlySet<number>;
}

/**
 * Compiles a table; loads the family's schema for protobuf models.
 *
 * @param source Named in errors, for example `model file "my.toml"`
 * @throws InvalidInputError naming every field that the family does not have
 */
export async function compileModel(
  spec: ModelSpec,
  source = `model "${spec.model}"`,
): Promise<CompiledModel> {
  if (spec.protocol === "protobuf" && !isFamily(spec.family)) {
    throw new InvalidInputError(source, [`"family" must be a protobuf family, found "${spec.family}"`]);
  }
  const family = spec.protocol === "protobuf" && isFamily(spec.family)
    ? await loadFamily(spec.family)
    : undefined;
  const slots = new Map<string, number>();
  const problems: string[] = [];
  const slotOf = (path: string): number => {
    if (family && !fieldExists(family.schema, path)) {
      problems.push(`"${path}" must be a field of family "${family.family}"`);
    }
    const slot = slots.get(path) ?? slots.size;
    slots.set(path, slot);
    return slot;
  };
  const slotsOf = (from: string | readonly string[]) =>
    (typeof from === "string" ? [from] : from).map(slotOf);
  const compileSource = (s: SourceSpec): CompiledSource => {
    if ("packs" in s) {
      if (!spec.packs) problems.push(`"packs" must be described before ${s.packs} can be used`);
      return s;
    }
    const { from, ...rest } = s;
    return { ...rest, slots: slotsOf(from) };
  };
  const numbers = NUMBER_NAMES.filter((name) => own(spec.values, name)?.length).map((name) =>
    [name, (own(spec.values, name) ?? []).map(compileSource)] as const
  );
  const flag = (own(spec.values, FLAG_NAME) ?? []).map(compileSource);
  const indicators = (spec.grid ?? []).map(({ from, needs, ...rest }) => ({
    indicator: { ...rest, slots: slotsOf(from) },
    needs: needs === undefined ? [] : slotsOf(needs),
  }));
  const grid = indicators.map(({ indicator, needs }) => ({
    ...indicator,
    others: othersOf(indicator, indicators.map((one) => one.indicator)),
    needs: needs.flatMap((slot) => {
      const by = indicators.find((other) =>
        other.indicator !== indicator && other.indicator.slots.includes(slot)
      );
      if (by) return [{ slot, by: by.indicator }];
      problems.push(`"${[...slots.keys()].at(slot)}" in "needs" must be a field of another indicator`);
      return [];
    }),
  }));
  const unreportedBattery = spec.unreported_battery === undefined ? [] : slotsOf(spec.unreported_battery);
  const packCount = spec.packs?.count === undefined ? undefined : slotOf(spec.packs.count);
  const outagePorts = spec.outage_ports && compileOutagePorts(spec.outage_ports);
  if (outagePorts) problems.push(...outagePortProblems(outagePorts, family?.schema));
  problems.push(...packProblems(spec, family?.schema));
  if (problems.length > 0) throw new InvalidInputError(source, problems);

  const paths = [...slots.keys()];
  return {
    spec,
    family,
    paths,
    byMessage: family ? tapsByMessage(paths) : new Map(),
    byKey: [...(family ? openApiTaps(paths, family, spec.open_api_modules ?? {}) : tapsByKey(paths))],
    packKeys: packKeys(spec.packs),
    numbers,
    soc: numbers.find(([name]) => name === "soc")?.[1] ?? [],
    flag,
    grid,
    unreportedBattery,
    packCount,
    outagePorts,
    measured: slotsOfValues(numbers.filter(([name]) => name !== "min_soc" && name !== "max_soc")),
    charges: slotsOfValues(numbers.filter(([name]) => name === "soc")),
    bitSlots: new Set([
      ...flag.flatMap((source) => "slots" in source ? source.slots : []),
      ...grid.flatMap(({ slots, present }) => "bit" in present ? slots : []),
    ]),
    gridSlots: new Set(grid.flatMap(({ slots }) => slots)),
  };
}

function othersOf(indicator: IndicatorCore, all: readonly IndicatorCore[]): JudgedField[] {
  return all.filter((by) => by !== indicator && !by.doubts && !by.only_absent).flatMap((by) =>
    by.slots.filter((slot) => !indicator.slots.includes(slot)).map((slot) => ({ slot, by }))
  );
}

function slotsOfValues(numbers: CompiledModel["numbers"]): Set<number> {
  return new Set(numbers.flatMap(([, sources]) => sources.flatMap((s) => "slots" in s ? s.slots : [])));
}

/** Under a prefix each; where a protobuf family speaks JSON, flat and for one pack. */
function packKeys(packs: PackSpec | undefined): CompiledModel["packKeys"] {
  if (!packs || "list" in packs) return [];
  const cells = "cells" in packs.capacity ? packs.capacity.cells : undefined;
  const names = [...packs.soc, ...packs.temp, packs.full, packs.design, packs.sn, cells].filter((n) =>
    n !== undefined
  );
  if ("message" in packs) return [{ num: 0, keys: names.map((name) => [name, camelCases(name)[0] ?? name]) }];
  return packs.keys.map((prefix, num) => ({ num, keys: names.map((name) => [name, `${prefix}.${name}`]) }));
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function tapsByMessage(paths: readonly string[]): Map<string, Tap[]> {
  const taps = new Map<string, Tap[]>();
  for (const [slot, path] of paths.entries()) {
    const dot = path.indexOf(".");
    add(taps, path.slice(0, dot), { slot, steps: parsePath(path.slice(dot + 1)) });
  }
  return taps;
}

/** JSON keys are whole paths; one with `[]` is found under what stands before it. */
function tapsByKey(paths: readonly string[]): Map<string, Tap[]> {
  const taps = new Map<string, Tap[]>();
  for (const [slot, path] of paths.entries()) {
    const [key = "", below] = path.split("[].");
    add(taps, key, { slot, steps: below === undefined ? [] : parsePath(below) });
  }
  return taps;
}

/**
 * The developer API says the same in JSON: the fields in camelCase, flat, or under `<cmd_func>_<cmd_id>.`, or under a
 * module's name.
 */
function openApiTaps(
  paths: readonly string[],
  { family }: LoadedFamily,
  modules: Readonly<Record<string, string>>,
): Map<string, Tap[]> {
  const taps = new Map<string, Tap[]>();
  for (const [slot, path] of paths.entries()) {
    const [message = "", ...names] = path.split(".");
    if (path.includes("[]")) continue;
    const prefixes = [
      "",
      ...dispatchOf(family).filter((d) => d.message === message).map((d) => `${d.cmdFunc}_${d.cmdId}.`),
      ...Object.entries(modules).filter(([, m]) => m === message).map(([module]) => `${module}.`),
    ];
    const spellings = names.length === 1
      ? camelCases(names[0] ?? "")
      : [names.map((name) => camelCases(name)[0]).join(".")];
    for (const prefix of prefixes) {
      for (const spelling of spellings) add(taps, prefix + spelling, { slot, steps: [] });
    }
  }
  return taps;
}
