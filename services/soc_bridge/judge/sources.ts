/** What one source of a table says: its number in the state's unit, or that it is a placeholder. Pure. */
import type { CompiledModel, CompiledSource } from "../models/compiled_model.ts";
import { MINUTES_PLACEHOLDERS, type NumberName } from "../models/model_spec.ts";
import { LEAST_BATTERY_WH, type Packs, type PackScope } from "../decode/packs.ts";
import type { Readings } from "../decode/readings.ts";

/** A value with the monotonic time of its newest part. */
export interface Timed<T> {
  readonly value: T;
  readonly atMonoMs: number;
}

/** What a value may be; outside, it is damage and counts as unknown. */
const BOUNDS: Readonly<Record<NumberName, { readonly min: number; readonly max: number }>> = {
  soc: { min: 0, max: 100 },
  ac_in_watts: { min: -100_000, max: 100_000 },
  ac_in_volts: { min: 0, max: 1000 },
  out_watts: { min: -100_000, max: 100_000 },
  ac_out_watts: { min: -100_000, max: 100_000 },
  dc_in_watts: { min: -100_000, max: 100_000 },
  charge_min: { min: 0, max: 1_000_000 },
  discharge_min: { min: 0, max: 1_000_000 },
  temp_celsius: { min: -60, max: 200 },
  battery_wh: { min: LEAST_BATTERY_WH, max: 1_000_000 },
  battery_design_wh: { min: LEAST_BATTERY_WH, max: 1_000_000 },
  max_soc: { min: 0, max: 100 },
  min_soc: { min: 0, max: 100 },
};

/** A pack's own SoC can be a little above 100. */
const SOC_OVERSHOOT = 1;

/** A number, or what a station sends for "no value". */
export interface TimedNumber extends Timed<number> {
  readonly isPlaceholder?: true;
}

/** What is asked: the last numbers, the packs, and from when on a value is fresh, monotonic ms. */
export interface Asked {
  readonly model: CompiledModel;
  readonly readings: Readings;
  readonly packs: Packs | undefined;
  readonly scope: PackScope;
}

/** Gathers what is asked. */
export function asked(
  model: CompiledModel,
  readings: Readings,
  packs: Packs | undefined,
  freshSinceMonoMs: number,
): Asked {
  const told = model.packCount === undefined ? undefined : readings.get(model.packCount) || undefined;
  // Of a main battery that is a part, at least one more is missing.
  const isAlone = packs?.isMainAPart === true && packs.list().every(({ num }) => num === 0);
  const count = told ?? (isAlone ? 2 : undefined);
  return { model, readings, packs, scope: { count, freshSinceMonoMs } };
}

/** What one source says; undefined when nothing, or what cannot be. */
export function numberOf(name: NumberName, source: CompiledSource, of: Asked): TimedNumber | undefined {
  const raw = "packs" in source
    ? of.packs?.figure(source.packs, of.scope)
    : sumOf(source.slots, of.readings, source.swap_bytes);
  if (!raw) return undefined;
  let { value } = raw;
  let isPlaceholder = raw.atMonoMs <= of.readings.batteryMissingMonoMs &&
    isNothingWithoutBattery(name, value);
  if (!("packs" in source)) {
    isPlaceholder ||= (source.ignore_zero === true && value === 0) ||
      (source.placeholders?.includes(value) ?? isPlaceholderMinutes(name, value));
    value *= source.scale ?? 1;
    if (source.part === "positive") value = Math.max(0, value);
    if (source.part === "negative") value = Math.max(0, -value);
    if (source.below_is_zero !== undefined && value < source.below_is_zero) value = 0;
  }
  const { min, max } = BOUNDS[name];
  if (name === "soc" && value > max && value <= max + SOC_OVERSHOOT) value = max;
  if (!(value >= min && value <= max)) return undefined;
  const timed = { value: rounded(value, name), atMonoMs: raw.atMonoMs };
  return isPlaceholder ? { ...timed, isPlaceholder } : timed;
}

/** What a station says of a battery that has not reported: no charge, no energy, and a minute of time left. */
function isNothingWithoutBattery(name: NumberName, value: number): boolean {
  switch (name) {
    case "soc":
    case "battery_wh":
    case "battery_design_wh":
      return value === 0;
    case "charge_min":
    case "discharge_min":
      return value <= 1;
    default:
      return false;
  }
}

/** The sum of what is known of some fields, with the time of the newest. */
export function sumOf(slots: readonly number[], readings: Readings, swap = false): Timed<number> | undefined {
  let value = 0;
  let atMonoMs = -Infinity;
  for (const slot of slots) {
    const raw = readings.get(slot);
    if (raw === undefined) continue;
    value += swap ? swapBytes(raw) : raw;
    atMonoMs = Math.max(atMonoMs, readings.atMonoMs(slot));
  }
  return atMonoMs === -Infinity ? undefined : { value, atMonoMs };
}

/** Whether bit `bit`, 0 to 31, of a whole number is set. */
export function hasBit(value: number, bit: number): boolean {
  return (Math.trunc(value) >>> bit & 1) === 1;
}

/** Turns the four bytes of an unsigned number round: 0x13560300 becomes 0x00035613. */
export function swapBytes(value: number): number {
  const n = value >>> 0;
  return ((n & 0xff) << 24 | (n & 0xff00) << 8 | (n >>> 8) & 0xff00 | n >>> 24) >>> 0;
}

/** Capacities to three decimals, everything else to two; never -0. */
function rounded(value: number, name: NumberName): number {
  const steps = name === "battery_wh" || name === "battery_design_wh" ? 1000 : 100;
  return Math.round(value * steps) / steps + 0;
}

/** Whether minutes are one of the stations' ways to say "not applicable". */
export function isPlaceholderMinutes(name: NumberName, value: number): boolean {
  return (name === "charge_min" || name === "discharge_min") && MINUTES_PLACEHOLDERS.includes(value);
}
