/** Raw readings in, values in the state's units out, by the table's sources. */
import type { CompiledModel, CompiledSource } from "../models/compiled_model.ts";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { LASTING, MINUTES_PLACEHOLDERS, type NumberName } from "../models/model_spec.ts";
import type { Packs, PackScope } from "../decode/packs.ts";
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
  /** Placeholders too, marked, where no source has a value. */
  readonly numbers: ReadonlyMap<NumberName, TimedNumber>;
  readonly acOutEnabled: Timed<boolean> | undefined;
}

/** A number, or what a station sends for "no value". */
export interface TimedNumber extends Timed<number> {
  readonly isPlaceholder?: true;
}

/** What a charge is: the station's figure for the whole, its only battery's, or the mean of all batteries. */
export type SocSource = NonNullable<PowerState["soc_source"]>;

/** A charge with what it is. */
export interface TimedSoc extends Timed<number> {
  readonly source: SocSource;
}

/** What is asked: the last numbers, the packs, and from when on a value is fresh, monotonic ms. */
interface Asked {
  readonly model: CompiledModel;
  readonly readings: Readings;
  readonly packs: Packs | undefined;
  readonly scope: PackScope;
  /** The battery has not reported yet. */
  readonly isBatteryMissing: boolean;
}

function asked(
  model: CompiledModel,
  readings: Readings,
  packs: Packs | undefined,
  freshSinceMonoMs: number,
): Asked {
  const count = model.packCount === undefined ? undefined : readings.get(model.packCount) || undefined;
  const isBatteryMissing = hasOnlyZeros(model.unreportedBattery, readings);
  return { model, readings, packs, scope: { count, freshSinceMonoMs }, isBatteryMissing };
}

/** At least one of them is known, and all that are known are 0. */
function hasOnlyZeros(slots: readonly number[], readings: Readings): boolean {
  let isKnown = false;
  for (const slot of slots) {
    const raw = readings.get(slot);
    if (raw === undefined) continue;
    if (raw !== 0) return false;
    isKnown = true;
  }
  return isKnown;
}

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
  for (const [name, sources] of model.numbers) {
    const found = name === "soc" ? withoutSource(socOf(of)) : pick(name, sources, of);
    if (found) numbers.set(name, found);
  }
  const acOutEnabled = pickFlag(model.flag, freshSinceMonoMs, readings);
  return { numbers, acOutEnabled };
}

/** The state of charge of {@link normalize} alone, with what it is. */
export function normalizeSoc(
  model: CompiledModel,
  readings: Readings,
  packs: Packs | undefined,
  freshSinceMonoMs: number,
): TimedSoc | undefined {
  return socOf(asked(model, readings, packs, freshSinceMonoMs));
}

function withoutSource(soc: TimedSoc | undefined): Timed<number> | undefined {
  return soc && { value: soc.value, atMonoMs: soc.atMonoMs };
}

/** Less than this is "0 %" … */
const ZERO_SOC = 0.5;
/** … and no value while another fresh source says at least this, %. */
const CONTRADICTS_ZERO_SOC = 3;

/**
 * The first fresh source that has a value. A zero is one only while no other fresh source contradicts it, not even a
 * battery that may not stand for the whole.
 */
function socOf(of: Asked): TimedSoc | undefined {
  const { model: { soc: sources }, scope: { freshSinceMonoMs } } = of;
  let zero: TimedSoc | undefined;
  let old: TimedSoc | undefined;
  for (const source of sources) {
    const found = numberOf("soc", source, of);
    if (!found || found.isPlaceholder || !mayStandForAll(source, of)) continue;
    const soc = { value: found.value, atMonoMs: found.atMonoMs, source: socSource(source, of) };
    if (found.atMonoMs < freshSinceMonoMs) {
      if (!old || soc.atMonoMs > old.atMonoMs) old = soc;
    } else if (soc.value >= ZERO_SOC) return soc;
    else zero ??= soc;
  }
  return zero ? contradictsZero(of) ? undefined : zero : old;
}

function contradictsZero({ packs, scope: { freshSinceMonoMs }, ...of }: Asked): boolean {
  const isPackCharged =
    packs?.list().some(({ soc = 0, socMonoMs = -Infinity }) =>
      soc >= CONTRADICTS_ZERO_SOC && socMonoMs >= freshSinceMonoMs
    ) ?? false;
  return isPackCharged || of.model.soc.some((source) => {
    if ("packs" in source) return false;
    const raw = sumOf(source.slots, of.readings, source.swap_bytes);
    return raw !== undefined && raw.atMonoMs >= freshSinceMonoMs && raw.value >= CONTRADICTS_ZERO_SOC &&
      raw.value <= 100;
  });
}

/** One battery's charge stands for the whole only where it is the only battery. */
function mayStandForAll(source: CompiledSource, of: Asked): boolean {
  if ("packs" in source ? source.packs !== "main_soc" : source.of !== "pack") return true;
  return isOnlyPack(of);
}

function isOnlyPack({ packs, scope: { count } }: Asked): boolean {
  return count === undefined ? (packs?.list().every(({ num }) => num === 0) ?? true) : count === 1;
}

function socSource(source: CompiledSource, of: Asked): SocSource {
  if (!("packs" in source)) return source.of === "pack" ? "pack" : "system";
  return isOnlyPack(of) ? "pack" : "packs";
}

function pick(
  name: NumberName,
  sources: readonly CompiledSource[],
  of: Asked,
): TimedNumber | undefined {
  let newest: TimedNumber | undefined;
  let placeholder: TimedNumber | undefined;
  for (const source of sources) {
    const found = numberOf(name, source, of);
    if (!found) continue;
    if (found.isPlaceholder) {
      if (!placeholder || found.atMonoMs > placeholder.atMonoMs) placeholder = found;
    } else if (found.atMonoMs >= of.scope.freshSinceMonoMs) return found;
    else if (!newest || found.atMonoMs > newest.atMonoMs) newest = found;
  }
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

function numberOf(name: NumberName, source: CompiledSource, of: Asked): TimedNumber | undefined {
  const raw = "packs" in source
    ? of.packs?.figure(source.packs, of.scope)
    : sumOf(source.slots, of.readings, source.swap_bytes);
  if (!raw) return undefined;
  let { value } = raw;
  let isPlaceholder = of.isBatteryMissing && isNothingWithoutBattery(name, value);
  if (!("packs" in source)) {
    isPlaceholder ||= (source.ignore_zero === true && value === 0) ||
      (source.placeholders?.includes(value) ?? isPlaceholderMinutes(name, value));
    value *= source.scale ?? 1;
    if (source.part === "positive") value = Math.max(0, value);
    if (source.part === "negative") value = Math.max(0, -value);
    if (source.below_is_zero !== undefined && value < source.below_is_zero) value = 0;
  }
  const [min, max] = BOUNDS[name];
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

/** Whether minutes are one of the stations' ways to say "not applicable". */
export function isPlaceholderMinutes(name: NumberName, value: number): boolean {
  return (name === "charge_min" || name === "discharge_min") && MINUTES_PLACEHOLDERS.includes(value);
}
