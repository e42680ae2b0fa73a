/** What one payload says about the grid, by the sound indicators of the model's table. */
import type { CompiledIndicator, CompiledModel } from "./compiled_model.ts";
import type { GridIndication } from "./grid.ts";
import { hasBit, swapBytes } from "./normalize.ts";
import type { Readings } from "./readings.ts";

/**
 * Judges the payload that was read last.
 *
 * Any indicator that shows the grid wins, because all of them are silent or 0 in more cases than the one that they are
 * made for. Without one, the first that may decide says that the grid is gone; one that may only confirm says so
 * weakly. Fields that this payload did not carry say nothing, whatever was sent before.
 *
 * @returns undefined when the payload carries no indicator
 */
export function gridEvidence(model: CompiledModel, readings: Readings): GridIndication | undefined {
  let absent: GridIndication | undefined;
  for (const indicator of model.grid) {
    const reading = strongest(indicator, readings);
    if (!reading) continue;
    const evidence = `${shortName(model, reading.slot)}=${shown(reading.raw)}`;
    if (isPresent(indicator, reading.value)) {
      if (indicator.only_absent) continue;
      return { present: true, decisive: true, evidence };
    }
    if (indicator.absent === "never") continue;
    const decisive = indicator.absent === "decides";
    if (!absent || (decisive && !absent.decisive)) absent = { present: false, decisive, evidence };
  }
  return absent;
}

interface Reading {
  readonly slot: number;
  readonly raw: number;
  readonly value: number;
}

/** The largest of the indicator's fields, if this payload carried at least one of them. */
function strongest(indicator: CompiledIndicator, readings: Readings): Reading | undefined {
  if (!indicator.slots.some((slot) => readings.isInPayload(slot))) return undefined;
  let found: Reading | undefined;
  for (const slot of indicator.slots) {
    const raw = readings.get(slot);
    if (raw === undefined) continue;
    const value = (indicator.swap_bytes ? swapBytes(raw) : raw) * (indicator.scale ?? 1);
    if (!found || value > found.value) found = { slot, raw, value };
  }
  return found;
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
