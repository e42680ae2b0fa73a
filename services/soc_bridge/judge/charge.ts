/** The charge of a station: which source counts, and what it is the charge of. Pure. */
import type { PowerState } from "../../../lib/messages/power_state.ts";
import type { Packs } from "../decode/packs.ts";
import type { Readings } from "../decode/readings.ts";
import type { CompiledModel, CompiledSource } from "../models/compiled_model.ts";
import { type Asked, asked, numberOf, sumOf, type Timed } from "./sources.ts";

/** What a charge is: the station's figure for the whole, its only battery's, or the mean of all batteries. */
export type SocSource = NonNullable<PowerState["soc_source"]>;

/** A charge with what it is. */
export interface TimedSoc extends Timed<number> {
  readonly source: SocSource;
  /** It is the charge of several stations together. */
  readonly isGroups?: true;
}

/** The state of charge of all values alone, with what it is. */
export function normalizeSoc(
  model: CompiledModel,
  readings: Readings,
  packs: Packs | undefined,
  freshSinceMonoMs: number,
): TimedSoc | undefined {
  return socOf(asked(model, readings, packs, freshSinceMonoMs));
}

/** Whether the payload that was read last, at that time, carried anything that a charge is made of. */
export function hasChargeNews(
  { soc: sources }: CompiledModel,
  readings: Readings,
  packs: Packs | undefined,
  atMonoMs: number,
): boolean {
  for (const source of sources) {
    if ("packs" in source) {
      if (packs?.takenMonoMs === atMonoMs) return true;
      continue;
    }
    if (readings.isAnyInPayload(source.slots)) return true;
  }
  return false;
}

/** Less than this is "0 %" … */
const ZERO_SOC = 0.5;
/** … and no value while another fresh source says at least this, %. */
const CONTRADICTS_ZERO_SOC = 3;

/**
 * The first fresh source that has a value. A zero is one only while no other fresh source contradicts it, not even a
 * battery that may not stand for the whole. A group's charge is none for a station that ever told its own.
 */
export function socOf(of: Asked): TimedSoc | undefined {
  const { model: { soc: sources }, scope: { freshSinceMonoMs } } = of;
  let zero: TimedSoc | undefined;
  let old: TimedSoc | undefined;
  for (const source of sources) {
    const found = numberOf("soc", source, of);
    if (!found || found.isPlaceholder || !mayStandForAll(source, of)) continue;
    const isGroups = isOfGroup(source);
    if (isGroups && (zero !== undefined || old !== undefined || hasOwnCharge(of))) continue;
    const own = { value: found.value, atMonoMs: found.atMonoMs, source: socSource(source, of) };
    const soc: TimedSoc = isGroups ? { ...own, isGroups } : own;
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
    // The other stations of a group may be full while this one is empty.
    if ("packs" in source || isOfGroup(source)) return false;
    const raw = sumOf(source.slots, of.readings, source.swap_bytes);
    return raw !== undefined && raw.atMonoMs >= freshSinceMonoMs && raw.value >= CONTRADICTS_ZERO_SOC &&
      raw.value <= 100;
  });
}

/** A battery of the station ever told its charge, however long ago. */
function hasOwnCharge({ packs }: Asked): boolean {
  return packs?.list().some(({ soc }) => soc !== undefined) ?? false;
}

/** Whether a source tells of several stations together. */
export function isOfGroup(source: CompiledSource): boolean {
  return "of" in source && source.of === "group";
}

/** What is true of one battery stands for the whole only where it is the only battery. */
export function mayStandForAll(source: CompiledSource, of: Asked): boolean {
  if ("packs" in source ? source.packs !== "main_soc" : source.of !== "pack") return true;
  return isOnlyPack(of);
}

function isOnlyPack({ packs, scope: { count } }: Asked): boolean {
  return count === undefined ? !packs?.isMainAPart : count === 1;
}

function socSource(source: CompiledSource, of: Asked): SocSource {
  if (!("packs" in source)) return source.of === "pack" ? "pack" : "system";
  return isOnlyPack(of) ? "pack" : "packs";
}
