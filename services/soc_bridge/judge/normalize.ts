/** Raw readings in, values in the state's units out, by the table's sources. */
import type { CompiledModel, CompiledSource } from "../models/compiled_model.ts";
import type { NumberName } from "../models/model_spec.ts";
import type { Packs } from "../decode/packs.ts";
import type { Readings } from "../decode/readings.ts";

/** A value with the monotonic time of its newest part. */
export interface Timed<T> {
  readonly value: T;
  readonly atMonoMs: number;
}

/** What a value may be; outside, it is damage and counts as unknown. */
const BOUNDS: Readonly<Record<NumberName, readonly [min: number, max: number]>> = {
  soc: [0, 100],
  ac_in_watts: [-100_000, 100_000],
  ac_in_volts: [0, 1000],
  out_watts: [-100_000, 100_000],
  ac_out_watts: [-100_000, 100_000],
  dc_in_watts: [-100_000, 100_000],
  charge_min: [0, 1_000_000],
  discharge_min: [0, 1_000_000],
  temp_celsius: [-60, 200],
  battery_wh: [0, 1_000_000],
  battery_design_wh: [0, 1_000_000],
  max_soc: [0, 100],
  min_soc: [0, 100],
};

/** A pack's own SoC can be a little above 100. */
const SOC_OVERSHOOT = 1;

/** All values of the table that are known now, whatever their age. */
export interface Normalized {
  readonly numbers: ReadonlyMap<NumberName, Timed<number>>;
  readonly acOutEnabled: Timed<boolean> | undefined;
}

/**
 * Computes every value. Of several sources the first one counts that is not older than `freshSinceMonoMs`; when all
 * are older, the newest.
 */
export function normalize(
  model: CompiledModel,
  readings: Readings,
  packs: Packs | undefined,
  freshSinceMonoMs: number,
): Normalized {
  const numbers = new Map<NumberName, Timed<number>>();
  for (const [name, sources] of model.numbers) {
    const found = pick(sources, freshSinceMonoMs, (source) => numberOf(name, source, readings, packs));
    if (found) numbers.set(name, found);
  }
  const acOutEnabled = pick(model.flag, freshSinceMonoMs, (source) => flagOf(source, readings));
  return { numbers, acOutEnabled };
}

/** The state of charge of {@link normalize} alone. */
export function normalizeSoc(
  model: CompiledModel,
  readings: Readings,
  packs: Packs | undefined,
  freshSinceMonoMs: number,
): Timed<number> | undefined {
  return pick(model.soc, freshSinceMonoMs, (source) => numberOf("soc", source, readings, packs));
}

function pick<T>(
  sources: readonly CompiledSource[],
  freshSinceMonoMs: number,
  read: (source: CompiledSource) => Timed<T> | undefined,
): Timed<T> | undefined {
  let newest: Timed<T> | undefined;
  for (const source of sources) {
    const found = read(source);
    if (!found) continue;
    if (found.atMonoMs >= freshSinceMonoMs) return found;
    if (!newest || found.atMonoMs > newest.atMonoMs) newest = found;
  }
  return newest;
}

function numberOf(
  name: NumberName,
  source: CompiledSource,
  readings: Readings,
  packs: Packs | undefined,
): Timed<number> | undefined {
  const raw = "packs" in source
    ? packs?.figure(source.packs)
    : sumOf(source.slots, readings, source.swap_bytes);
  if (!raw) return undefined;
  let { value } = raw;
  if (!("packs" in source)) {
    if (source.ignore_zero && value === 0) return undefined;
    value *= source.scale ?? 1;
    if (source.part === "positive") value = Math.max(0, value);
    if (source.part === "negative") value = Math.max(0, -value);
    if (source.below_is_zero !== undefined && value < source.below_is_zero) value = 0;
  }
  const [min, max] = BOUNDS[name];
  if (name === "soc" && value > max && value <= max + SOC_OVERSHOOT) value = max;
  if (!(value >= min && value <= max)) return undefined;
  return { value: rounded(value, name), atMonoMs: raw.atMonoMs };
}

function sumOf(slots: readonly number[], readings: Readings, swap = false): Timed<number> | undefined {
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

/** Minutes that stations send when the question does not apply. */
const NOT_APPLICABLE_MIN = new Set([5939, 5940, 5999, 12927, 143999]);

/** Whether minutes are one of the stations' ways to say "not applicable". */
export function isPlaceholderMinutes(name: NumberName, value: number): boolean {
  return (name === "charge_min" || name === "discharge_min") && NOT_APPLICABLE_MIN.has(value);
}
