/** Raw readings in, values in the state's units out, by the table's sources. */
import type { CompiledModel, CompiledSource } from "../models/compiled_model.ts";
import { LASTING, type NumberName } from "../models/model_spec.ts";
import type { Packs } from "../decode/packs.ts";
import type { Readings } from "../decode/readings.ts";
import { isOfGroup, mayStandForAll, socOf } from "./charge.ts";
import { type Asked, asked, hasBit, numberOf, sumOf, type Timed, type TimedNumber } from "./sources.ts";

/** All values of the table that are known now, whatever their age. */
export interface Normalized {
  /** Placeholders too, marked, where no source has a value. */
  readonly numbers: ReadonlyMap<NumberName, TimedNumber>;
  readonly acOutEnabled: Timed<boolean> | undefined;
  /** Charge, energy and minutes are those of several stations together. */
  readonly isGroups: boolean;
}

/** A group whose energy differs from the station's own by no more than this part of it is the station alone. */
const SAME_ENERGY = 0.05;

/**
 * Computes every value. Of several sources the first one counts that is not older than `freshSinceMonoMs` and no
 * placeholder; when all are older, the newest, unless a placeholder is newer still.
 */
export function normalize(
  model: CompiledModel,
  readings: Readings,
  packs: Packs | undefined,
  freshSinceMonoMs: number,
): Normalized {
  const of = asked(model, readings, packs, freshSinceMonoMs);
  const numbers = new Map<NumberName, TimedNumber>();
  const soc = socOf(of);
  const isGroups = soc?.isGroups === true;
  if (soc) numbers.set("soc", { value: soc.value, atMonoMs: soc.atMonoMs });
  for (const [name, sources] of model.numbers) {
    if (name === "soc") continue;
    const found = pick(name, sameWhole(sources, isGroups, of), of);
    if (found) numbers.set(name, found);
  }
  const acOutEnabled = pickFlag(model.flag, freshSinceMonoMs, readings);
  return { numbers, acOutEnabled, isGroups };
}

/** The sources that tell of the same whole as the charge. */
function sameWhole(
  sources: readonly CompiledSource[],
  isGroups: boolean,
  of: Asked,
): readonly CompiledSource[] {
  if (!sources.some((source) => isOfGroup(source) || ("of" in source && source.of === "pack"))) {
    return sources;
  }
  const hasGroup = sources.some(isOfGroup);
  if (isGroups) return hasGroup ? sources.filter(isOfGroup) : sources;
  const isGroupAlone = hasGroup && isAlone(of);
  return sources.filter((source) => isOfGroup(source) ? isGroupAlone : mayStandForAll(source, of));
}

/** Whether the group's energy is that of the station's own batteries. */
function isAlone(of: Asked): boolean {
  const own = of.packs?.figure("sum_full", of.scope) ?? of.packs?.figure("sum_design", of.scope);
  if (!own) return false;
  const energies = of.model.numbers.find(([name]) => name === "battery_wh")?.[1] ?? [];
  return energies.some((source) => {
    const group = isOfGroup(source) ? numberOf("battery_wh", source, of) : undefined;
    return group !== undefined && !group.isPlaceholder &&
      Math.abs(group.value - own.value) <= own.value * SAME_ENERGY;
  });
}

function pick(
  name: NumberName,
  sources: readonly CompiledSource[],
  of: Asked,
): TimedNumber | undefined {
  let newest: TimedNumber | undefined;
  let placeholder: TimedNumber | undefined;
  let zero: TimedNumber | undefined;
  for (const source of sources) {
    const found = numberOf(name, source, of);
    if (!found) continue;
    if (found.isPlaceholder) {
      if (!placeholder || found.atMonoMs > placeholder.atMonoMs) placeholder = found;
    } else if (found.atMonoMs >= of.scope.freshSinceMonoMs) {
      // "No limit" yields to a limit that is said as freshly: the station may switch off there.
      if (name !== "min_soc" || found.value > 0) return found;
      zero ??= found;
    } else if (!newest || found.atMonoMs > newest.atMonoMs) newest = found;
  }
  if (zero) return zero;
  if (!newest) return placeholder;
  return placeholder && placeholder.atMonoMs > newest.atMonoMs && !LASTING.has(name) ? placeholder : newest;
}

function pickFlag(
  sources: readonly CompiledSource[],
  freshSinceMonoMs: number,
  readings: Readings,
): Timed<boolean> | undefined {
  let newest: Timed<boolean> | undefined;
  for (const source of sources) {
    const found = flagOf(source, readings);
    if (!found) continue;
    if (found.atMonoMs >= freshSinceMonoMs) return found;
    if (!newest || found.atMonoMs > newest.atMonoMs) newest = found;
  }
  return newest;
}

function flagOf(source: CompiledSource, readings: Readings): Timed<boolean> | undefined {
  if ("packs" in source) return undefined;
  const sum = sumOf(source.slots, readings);
  if (!sum) return undefined;
  const value = source.slots.some((slot) => {
    const raw = readings.get(slot) ?? 0;
    return source.bit === undefined ? raw !== 0 : hasBit(raw, source.bit);
  });
  return { value, atMonoMs: sum.atMonoMs };
}
