/** The battery packs of one station, as their reports come in one by one. */
import { asNumber } from "../models/field_path.ts";
import type { CapacitySpec, PackSpec } from "../models/model_spec.ts";
import { own } from "../../../lib/own.ts";

/** What is known of one pack; absent is unknown. */
export interface Pack {
  readonly num: number;
  sn?: string;
  /** %, 0 to 100. */
  soc?: number;
  /** Hottest cell, degrees C. */
  tempCelsius?: number;
  fullWh?: number;
  designWh?: number;
  /** When any of it was last heard. */
  atMonoMs: number;
  /** When these two were, for they change by themselves and may come in different messages. */
  socMonoMs?: number;
  tempMonoMs?: number;
  /** Raw capacities and cells, kept because they may come in different messages. */
  fullRaw?: number;
  designRaw?: number;
  cells?: number;
}

/** A figure over all packs. */
export type PackFigure =
  | "main_soc"
  | "mean_soc"
  | "max_temp"
  | "sum_full"
  | "sum_design"
  | "main_full"
  | "main_design";

/** Which packs a figure of the whole must count. */
export interface PackScope {
  /** How many the station says that it has; undefined when it does not say. */
  readonly count: number | undefined;
  /** A charge from before this counts no more, monotonic ms. */
  readonly freshSinceMonoMs: number;
}

const ALL_EVER: PackScope = { count: undefined, freshSinceMonoMs: -Infinity };

/** A pack whose report is this much older than the newest one was taken away. */
export const PACK_GONE_MS = 15 * 60_000;
/** More packs than this are not believed. */
export const MAX_PACKS = 32;

/** The main battery and the whole are two things when their charges differ by more, points. */
const PART_POINTS = 10;

/** No battery of any model holds less, Wh; the smallest has 210. What says so is a placeholder or damage. */
export const LEAST_BATTERY_WH = 50;

/** Reads pack reports by a table's rule. */
export class Packs {
  readonly #packs = new Map<number, Pack>();
  /** {@link Packs.list} as it was last asked for; a message that brings no pack changes nothing in it. */
  #list: readonly Pack[] | undefined;
  #takenMonoMs: number | undefined;

  #isMainAPart = false;

  constructor(private readonly spec: PackSpec) {}

  /**
   * Whether there are batteries beside the main one, as far as was ever seen. Another one spoke, or the charge of the whole was not
   * that of the main one at the same time. Silence does not make the main one the whole.
   */
  get isMainAPart(): boolean {
    return this.#isMainAPart;
  }

  /** Compares the charge that the station tells of the whole, %, with a fresh one of the main battery. */
  noteWhole(soc: number, freshSinceMonoMs: number): void {
    const main = this.#packs.get(0);
    if (main?.soc === undefined || (main.socMonoMs ?? -Infinity) < freshSinceMonoMs) return;
    if (Math.abs(main.soc - soc) > PART_POINTS) this.#isMainAPart = true;
  }

  /**
   * Takes one pack's fields, whole or in part.
   *
   * @param num Its number, 0 to 31; others are ignored, and so is a pack whose full capacity is 0: it has not reported
   *   yet, and its zeros mean nothing
   * @returns whether anything was taken
   */
  take(num: number, fields: Readonly<Record<string, unknown>>, atMonoMs: number): boolean {
    if (!Number.isInteger(num) || num < 0 || num >= MAX_PACKS) return false;
    const { spec } = this;
    const full = this.#number(fields, spec.full);
    if (full === 0) return false;
    const pack: Pack = this.#packs.get(num) ?? { num, atMonoMs };
    const soc = inRange(this.#first(fields, spec.soc), 0, 100);
    const temp = inRange(this.#first(fields, spec.temp), -60, 200);
    const design = this.#number(fields, spec.design);
    const cells = "cells" in spec.capacity ? this.#number(fields, spec.capacity.cells) : undefined;
    const sn = spec.sn === undefined ? undefined : serialOf(fields, spec.sn);
    if ((soc ?? temp ?? full ?? design) === undefined) return false;
    if (soc !== undefined) {
      pack.soc = soc;
      pack.socMonoMs = atMonoMs;
    }
    if (temp !== undefined) {
      pack.tempCelsius = temp;
      pack.tempMonoMs = atMonoMs;
    }
    // What gives no energy that a battery can have is no news: one such report must not take a good one away.
    if (cells !== undefined && cells > 0) pack.cells = cells;
    if (wattHours(full, pack.cells, spec.capacity) !== undefined || pack.fullRaw === undefined) {
      pack.fullRaw = full ?? pack.fullRaw;
    }
    if (wattHours(design, pack.cells, spec.capacity) !== undefined || pack.designRaw === undefined) {
      pack.designRaw = design ?? pack.designRaw;
    }
    if (sn !== undefined) pack.sn = sn;
    pack.fullWh = wattHours(pack.fullRaw, pack.cells, spec.capacity);
    pack.designWh = wattHours(pack.designRaw, pack.cells, spec.capacity);
    pack.atMonoMs = atMonoMs;
    this.#packs.set(num, pack);
    if (num !== 0) this.#isMainAPart = true;
    this.#takenMonoMs = atMonoMs;
    this.#list = undefined;
    return true;
  }

  /** Forgets packs that are not in a list that names them all. */
  keepOnly(nums: readonly number[]): void {
    for (const num of this.#packs.keys()) if (!nums.includes(num)) this.#packs.delete(num);
    this.#isMainAPart = nums.some((num) => num !== 0);
    this.#list = undefined;
  }

  /** When anything of a pack was last taken, monotonic ms; undefined before the first time. */
  get takenMonoMs(): number | undefined {
    return this.#takenMonoMs;
  }

  /** All packs that still report, by number. */
  list(): readonly Pack[] {
    if (!this.#list) {
      const packs: Pack[] = [];
      let newest = -Infinity;
      for (const { atMonoMs } of this.#packs.values()) if (atMonoMs > newest) newest = atMonoMs;
      for (const pack of this.#packs.values()) if (newest - pack.atMonoMs < PACK_GONE_MS) packs.push(pack);
      this.#list = packs.length > 1 ? packs.sort((a, b) => a.num - b.num) : packs;
    }
    return this.#list;
  }

  /**
   * A figure with the time of its newest part; undefined when no pack knows it. The mean charge and the sums are figures of
   * the whole: undefined too while a pack is missing, a charge is old, or, for the mean of several, a capacity is unknown.
   */
  figure(figure: PackFigure, of: PackScope = ALL_EVER): TimedNumber | undefined {
    if (this.#packs.size === 0) return undefined;
    const packs = newestOf(this.list(), of.count);
    const main = packs.filter((p) => p.num === 0);
    switch (figure) {
      case "main_soc":
        return fold(main, socOf, Math.max);
      case "mean_soc":
        return meanSoc(packs, of);
      case "max_temp":
        return fold(packs, (p) => timed(p.tempCelsius, p.tempMonoMs), Math.max);
      case "sum_full":
        return sumOfAll(packs, of, (p) => timed(p.fullWh, p.atMonoMs));
      case "sum_design":
        return sumOfAll(packs, of, (p) => timed(p.designWh, p.atMonoMs));
      case "main_full":
        return fold(main, (p) => timed(p.fullWh, p.atMonoMs), Math.max);
      case "main_design":
        return fold(main, (p) => timed(p.designWh, p.atMonoMs), Math.max);
    }
  }

  /** The first that is sent; one that is sent as 0 yields to a later one. */
  #first(fields: Readonly<Record<string, unknown>>, names: readonly string[]): number | undefined {
    let zero: number | undefined;
    for (const name of names) {
      const value = this.#number(fields, name);
      if (value !== undefined && value !== 0) return value;
      zero ??= value;
    }
    return zero;
  }

  #number(fields: Readonly<Record<string, unknown>>, name: string | undefined): number | undefined {
    return name === undefined ? undefined : asNumber(own(fields, name));
  }
}

/** As many as the station says that there are, those heard last: one that was taken away is known for some time. */
function newestOf(packs: readonly Pack[], count: number | undefined): readonly Pack[] {
  if (count === undefined || packs.length <= count) return packs;
  return packs.toSorted((a, b) => b.atMonoMs - a.atMonoMs).slice(0, count);
}

interface TimedNumber {
  readonly value: number;
  readonly atMonoMs: number;
}

function timed(value: number | undefined, atMonoMs = 0): TimedNumber | undefined {
  return value === undefined ? undefined : { value, atMonoMs };
}

function socOf({ soc, socMonoMs }: Pack): TimedNumber | undefined {
  return timed(soc, socMonoMs);
}

/** The charge of all packs together by their capacities; of a single one its own. */
function meanSoc(packs: readonly Pack[], { count, freshSinceMonoMs }: PackScope): TimedNumber | undefined {
  const charged = packs.filter((p) => p.soc !== undefined && (p.socMonoMs ?? 0) >= freshSinceMonoMs);
  if (charged.length < (count ?? packs.length)) return undefined;
  if (charged.length === 1) return fold(charged, socOf, Math.max);
  const whOf = ({ fullWh, designWh }: Pack) => fullWh ?? designWh;
  if (charged.some((p) => whOf(p) === undefined)) return undefined;
  const sum = fold(charged, (p) => timed((p.soc ?? 0) * (whOf(p) ?? 0), p.socMonoMs), (a, b) => a + b);
  return sum && { ...sum, value: sum.value / charged.reduce((all, p) => all + (whOf(p) ?? 0), 0) };
}

function sumOfAll(
  packs: readonly Pack[],
  { count }: PackScope,
  read: (pack: Pack) => TimedNumber | undefined,
): TimedNumber | undefined {
  const known = packs.filter((p) => read(p) !== undefined);
  if (known.length < Math.max(count ?? 0, packs.length)) return undefined;
  return fold(known, read, (a, b) => a + b);
}

function fold(
  packs: readonly Pack[],
  read: (pack: Pack) => TimedNumber | undefined,
  join: (a: number, b: number) => number,
): TimedNumber | undefined {
  let result: TimedNumber | undefined;
  for (const pack of packs) {
    const one = read(pack);
    if (!one) continue;
    result = result
      ? { value: join(result.value, one.value), atMonoMs: Math.max(result.atMonoMs, one.atMonoMs) }
      : one;
  }
  return result;
}

function wattHours(
  raw: number | undefined,
  cells: number | undefined,
  capacity: CapacitySpec,
): number | undefined {
  if (raw === undefined || raw <= 0) return undefined;
  if (capacity.unit === "Wh") return inRange(raw, LEAST_BATTERY_WH, 1e6);
  const volts = "volts" in capacity
    ? capacity.volts
    : cells === undefined
    ? undefined
    : cells * capacity.volts_per_cell;
  return volts === undefined ? undefined : inRange(raw * volts / 1000, LEAST_BATTERY_WH, 1e6);
}

function inRange(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

/** Serial fields hold debris on some models: only what looks like a serial number counts. */
function serialOf(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = own(fields, name);
  return typeof value === "string" && /^[A-Z][A-Z0-9]{9,23}$/.test(value) ? value : undefined;
}
