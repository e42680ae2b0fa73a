/**
 * Tells a broken upload from a sound one: stations send replies of nothing but zeros after a restart, and a flat battery still
 * has a temperature. Pure: time is an argument.
 */
import type { CompiledModel } from "../models/compiled_model.ts";
import type { Readings } from "./readings.ts";

/** Fewer zeros than this, with a charge among them, are no broken upload. */
const ONLY_ZEROS_FROM = 5;
/** What is said of a broken upload. */
export const ONLY_ZEROS = "nothing but zeros, charge and all: a broken upload, which says nothing";

/** After a restart a station sends zeros for some time; longer than this, ms, they are its way to speak … */
export const BROKEN_MS = 180_000;
/** … when so many such payloads have come. */
export const BROKEN_PAYLOADS = 5;

/** What a payload's values are worth. */
export type UploadVerdict = "sound" | "broken" | "grid_counts";

/** Remembers since when one station's uploads are broken. */
export class BrokenUploads {
  /** Since when nothing but zeros came in these slots. */
  #broken:
    | { readonly sinceMonoMs: number; readonly slots: ReadonlySet<number>; readonly count: number }
    | undefined;

  constructor(private readonly model: CompiledModel) {}

  /**
   * Judges the values that wait to be taken.
   *
   * Some stations send zeros for "ask another" for ever, and in an outage the rest is zero too: when such payloads have come for
   * {@link BROKEN_MS} and none of their fields said anything else, what they say of the grid counts, and nothing else of them.
   *
   * @param values How many fields the payload carried, packs included: those are never all zero
   */
  judge(readings: Readings, values: number, atMonoMs: number): UploadVerdict {
    const isBroken = readings.waitingCount === values && this.#areOnlyZeros(readings);
    if (!isBroken) {
      if (this.#broken && saysOtherThanZero(readings, this.#broken.slots)) this.#broken = undefined;
      return "sound";
    }
    const { sinceMonoMs, slots, count } = this.#broken ??
      { sinceMonoMs: atMonoMs, slots: waitingSlots(readings), count: 0 };
    this.#broken = { sinceMonoMs, slots, count: count + 1 };
    const isForGood = atMonoMs - sinceMonoMs >= BROKEN_MS && count + 1 >= BROKEN_PAYLOADS;
    return isForGood ? "grid_counts" : "broken";
  }

  #areOnlyZeros(readings: Readings): boolean {
    const { measured, charges } = this.model;
    let zeros = 0;
    let hasCharge = false;
    for (let i = 0; i < readings.waitingCount; i++) {
      const slot = readings.waitingSlot(i);
      if (!measured.has(slot)) continue;
      if (readings.waitingValue(slot) !== 0) return false;
      zeros++;
      hasCharge ||= charges.has(slot);
    }
    return hasCharge && zeros >= ONLY_ZEROS_FROM;
  }
}

function waitingSlots(readings: Readings): ReadonlySet<number> {
  return new Set(Array.from({ length: readings.waitingCount }, (_, i) => readings.waitingSlot(i)));
}

function saysOtherThanZero(readings: Readings, slots: ReadonlySet<number>): boolean {
  return [...waitingSlots(readings)].some((slot) => slots.has(slot) && readings.waitingValue(slot) !== 0);
}
