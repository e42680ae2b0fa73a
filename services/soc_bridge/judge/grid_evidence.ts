/** What one payload says about the grid, by the sound indicators of the model's table. */
import type { CompiledIndicator, CompiledModel } from "../models/compiled_model.ts";
import type { GridIndication } from "./grid.ts";
import { hasBit, swapBytes } from "./normalize.ts";
import type { Readings } from "../decode/readings.ts";

/**
 * Judges the payload that was read last.
 *
 * Any indicator that shows the grid wins, because all of them are silent or 0 in more cases than the one that they are
 * made for. Without one, the first that may decide says that the grid is gone; one that may only confirm says so
 * weakly. Fields that this payload did not carry say nothing, whatever was sent before, with one exception: of an
 * indicator with several fields, such as two voltages of which one is always 0, the others are remembered until
 * `freshSinceMonoMs`. A remembered one that shows the grid contradicts a loss, and is no new word on the grid.
 *
 * @param freshSinceMonoMs What was sent before this is not remembered
 * @returns undefined when the payload carries no indicator
 */
export function gridEvidence(
  model: CompiledModel,
  readings: Readings,
  freshSinceMonoMs: number,
): GridIndication | undefined {
  let absent: GridIndication | undefined;
  let remembered: GridIndication | undefined;
  for (const indicator of model.grid) {
    const reading = strongest(indicator, readings, freshSinceMonoMs);
    if (!reading) continue;
    const evidence = `${shortName(model, reading.slot)}=${shown(reading.raw)}`;
    if (reading.isPresent) {
      if (indicator.only_absent) continue;
      if (readings.isInPayload(reading.slot)) return { present: true, decisive: true, evidence };
      remembered ??= { present: true, decisive: false, evidence };
      continue;
    }
    if (indicator.absent === "never") continue;
    const decisive = indicator.absent === "decides";
    if (!absent || (decisive && !absent.decisive)) absent = { present: false, decisive, evidence };
  }
  return remembered ?? absent;
}

interface Reading {
  readonly slot: number;
  readonly raw: number;
  readonly value: number;
  readonly isPresent: boolean;
}

/**
 * The field that speaks for the indicator, if this payload carried at least one of them: one that shows the grid, else
 * any; of those one that the payload carried, else a remembered one; of those the largest.
 */
function strongest(
  indicator: CompiledIndicator,
  readings: Readings,
  freshSinceMonoMs: number,
): Reading | undefined {
  if (!indicator.slots.some((slot) => readings.isInPayload(slot))) return undefined;
  let found: Reading | undefined;
  for (const slot of indicator.slots) {
    const raw = readings.get(slot);
    if (raw === undefined) continue;
    if (!readings.isInPayload(slot) && readings.atMonoMs(slot) < freshSinceMonoMs) continue;
    const value = (indicator.swap_bytes ? swapBytes(raw) : raw) * (indicator.scale ?? 1);
    const reading = { slot, raw, value, isPresent: isPresent(indicator, value) };
    if (!found || isStronger(reading, found, readings)) found = reading;
  }
  return found;
}

function isStronger(one: Reading, other: Reading, readings: Readings): boolean {
  if (one.isPresent !== other.isPresent) return one.isPresent;
  const isNews = readings.isInPayload(one.slot);
  if (isNews !== readings.isInPayload(other.slot)) return isNews;
  return one.value > other.value;
}

function isPresent({ present }: CompiledIndicator, value: number): boolean {
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
