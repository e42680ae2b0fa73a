/** What all other indicators of a table say of one that says that the grid is gone. */
import type { CompiledIndicator, CompiledModel } from "../models/compiled_model.ts";
import type { Readings } from "../decode/readings.ts";
import { isPresent, named, valueOf } from "./indicator.ts";

/** See the file comment; neither: they agree, or need not. */
export interface Support {
  /** A fresh field that shows the grid. */
  readonly contradiction: string | undefined;
  /** Nobody has told a field that could show the grid. */
  readonly isAlone: boolean;
}

/** A field that was not told for so long, although others that speak of the grid were, is none that this station has, ms. */
export const FIELD_UNTOLD_MS = 90_000;

/**
 * What the other indicators say of a loss. One whose field has shown the grid and takes that back needs nobody's
 * agreement; but no loss stands against a fresh field that shows the grid.
 */
export function supportOf(
  model: CompiledModel,
  { others, absent }: CompiledIndicator,
  own: number,
  readings: Readings,
  freshSinceMonoMs: number,
): Support {
  const takesBack = absent === "decides" && readings.hasShown(own);
  let isAlone = false;
  for (const { slot, by } of others) {
    const raw = readings.get(slot);
    const isFresh = raw !== undefined &&
      (readings.isInPayload(slot) || readings.atMonoMs(slot) >= freshSinceMonoMs);
    if (!isFresh) {
      const untoldMs = readings.noteUntold(slot);
      // A field that once showed the grid and is not told any more leaves the grid unknown.
      if (!takesBack && (readings.hasShown(slot) || untoldMs < FIELD_UNTOLD_MS)) isAlone = true;
    } else if (isPresent(by, valueOf(by, raw))) {
      return { contradiction: named(model, { slot, raw }), isAlone: false };
    }
  }
  return { contradiction: undefined, isAlone };
}

/** Notes the fields that a full answer of the station lacks. */
export function noteUntold({ grid }: CompiledModel, readings: Readings, freshSinceMonoMs: number): void {
  for (const { slots } of grid) {
    for (const slot of slots) {
      if (readings.get(slot) === undefined || readings.atMonoMs(slot) < freshSinceMonoMs) {
        readings.noteUntold(slot);
      }
    }
  }
}
