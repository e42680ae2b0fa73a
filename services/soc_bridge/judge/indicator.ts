/** What one number of one grid indicator means. Pure. */
import type { CompiledModel, IndicatorCore } from "../models/compiled_model.ts";
import { hasBit, swapBytes } from "./sources.ts";

/** Whether a number that does not show the grid means anything. */
export function isAbsent({ absent_values }: IndicatorCore, raw: number): boolean {
  return absent_values === undefined || absent_values.includes(raw);
}

/** A raw number in the unit of the indicator's limits. */
export function valueOf(indicator: IndicatorCore, raw: number): number {
  return (indicator.swap_bytes ? swapBytes(raw) : raw) * (indicator.scale ?? 1);
}

/** A field with its number, for example `flow_info_ac_in=2`. */
export function named(model: CompiledModel, { slot, raw }: { slot: number; raw: number }): string {
  return `${shortName(model, slot)}=${shown(raw)}`;
}

/** Whether a value of {@link valueOf} shows the grid. */
export function isPresent({ present }: IndicatorCore, value: number): boolean {
  if ("bit" in present) return hasBit(value, present.bit);
  if ("at_least" in present) return value >= present.at_least;
  if ("above" in present) return value > present.above;
  return present.one_of.includes(value);
}

/** The field's own name; JSON keys are shown whole. */
function shortName(model: CompiledModel, slot: number): string {
  const path = model.paths[slot] ?? "";
  return model.family ? path.slice(path.lastIndexOf(".") + 1) : path;
}

function shown(raw: number): string {
  return String(Math.round(raw * 10) / 10);
}
