/** What one payload says about the grid, by the sound indicators of the model's table. */
import type { CompiledIndicator, CompiledModel } from "../models/compiled_model.ts";
import type { GridIndication } from "./grid.ts";
import { noteUntold, type Support, supportOf } from "./grid_support.ts";
import { isAbsent, isPresent, named, valueOf } from "./indicator.ts";
import type { Readings } from "../decode/readings.ts";

/**
 * Judges the payload that was read last.
 *
 * Any indicator that shows the grid wins, because all of them are silent or 0 in more cases than the one that they are
 * made for. Without one, the first that may decide says that the grid is gone; one that may only confirm says so
 * weakly. Fields that this payload did not carry prove nothing, whatever was sent before. But they can keep a loss from being
 * believed: one that showed the grid until now and is fresh contradicts it, and one that nobody has told leaves it alone
 * (`isAlone`). So leaving fields out can only take knowledge away. Of an indicator with several fields, such as two voltages of
 * which one is always 0, the others are remembered in the same way.
 *
 * @param freshSinceMonoMs What was sent before this is not remembered
 * @param isReply The payload answers a get-all request: it holds all that the station knows
 * @param isWaiting A loss was said that is alone or contradicted: this payload may bring what changes that
 * @returns undefined when the payload carries no indicator, or none that may decide
 */
export function gridEvidence(
  model: CompiledModel,
  readings: Readings,
  freshSinceMonoMs: number,
  isReply = false,
  isWaiting = false,
): GridIndication | undefined {
  if (isReply) noteUntold(model, readings, freshSinceMonoMs);
  let shown: string | undefined;
  let remembered: string | undefined;
  let isDoubted = false;
  let loss: Loss | undefined;
  for (const indicator of model.grid) {
    const isTold = readings.isAnyInPayload(indicator.slots) ||
      (isWaiting && indicator.absent === "decides" &&
        indicator.others.some(({ slot }) => readings.isInPayload(slot)));
    const isJoined = !isTold && joinsItsNeeds(indicator, readings);
    const reading = isTold || isJoined ? strongest(indicator, readings, freshSinceMonoMs) : undefined;
    if (!reading || (isJoined && reading.isPresent)) continue;
    if (reading.isPresent) {
      if (indicator.doubts) isDoubted = true;
      if (indicator.doubts || indicator.only_absent) continue;
      if (readings.isInPayload(reading.slot)) {
        readings.noteShown(reading.slot);
        shown ??= named(model, reading);
      } else remembered ??= named(model, reading);
      continue;
    }
    if (!isAbsent(indicator, reading.raw)) continue;
    const decisive = decides(indicator, isReply);
    if (!decisive && indicator.absent !== "confirms") continue;
    const needed = evidenceOfNeeds(model, indicator, reading.slot, readings, freshSinceMonoMs);
    if (needed === undefined) continue;
    const evidence = [named(model, reading), ...needed].join(", ");
    const { contradiction, isAlone } = decisive
      ? supportOf(model, indicator, reading.slot, readings, freshSinceMonoMs)
      : { contradiction: undefined, isAlone: false };
    const found = { slot: reading.slot, decisive, evidence, contradiction, isAlone, isJoined };
    if (!loss || rankOf(found) > rankOf(loss)) loss = found;
  }
  if (shown !== undefined) {
    // What says "gone" beside a sign of the grid is not believed by itself any more, until it has shown the grid again.
    if (loss?.decisive) readings.forgetShown(loss.slot);
    const said = { present: true, decisive: true, evidence: shown };
    return loss?.decisive && !isReply ? { ...said, denied: loss.evidence } : said;
  }
  if (remembered !== undefined) return { present: true, decisive: false, evidence: remembered };
  if (!loss || isDoubted) return undefined;
  const { contradiction, decisive, evidence, isAlone, isJoined } = loss;
  if (contradiction !== undefined) {
    return { present: true, decisive: false, evidence: contradiction, denied: evidence };
  }
  const said = { present: false, decisive, evidence };
  if (!isAlone && !isJoined) return said;
  return { ...said, ...(isAlone ? { isAlone } : {}), ...(isJoined ? { isJoined } : {}) };
}

/** Fields told this close together are of one upload, which may come in several messages, ms. */
const ONE_UPLOAD_MS = 10_000;

/**
 * Whether this payload brings what an indicator needs, which itself came a moment before: the order of the two must not matter.
 */
function joinsItsNeeds({ absent, slots, needs }: CompiledIndicator, readings: Readings): boolean {
  if (absent !== "decides") return false;
  return needs.some(({ slot }) =>
    readings.isInPayload(slot) &&
    slots.some((own) =>
      readings.get(own) !== undefined && readings.atMonoMs(slot) - readings.atMonoMs(own) <= ONE_UPLOAD_MS
    )
  );
}

/** What one indicator says: the grid is gone. */
interface Loss extends Support {
  readonly slot: number;
  readonly decisive: boolean;
  readonly evidence: string;
  readonly isJoined: boolean;
}

/** The one that counts of several; of two alike the first. */
function rankOf({ decisive, contradiction, isAlone }: Loss): number {
  if (!decisive) return 0;
  return isAlone ? 1 : contradiction !== undefined ? 2 : 3;
}

/**
 * An outage's first sign in a payload that decides nothing: an indicator that no longer shows the grid although it did,
 * or one that would say "gone" if it were allowed to. A reason to ask the station for all its values.
 *
 * @returns What it is, for example `pow_get_ac_in=0`; undefined when there is none
 */
export function outageSign(model: CompiledModel, readings: Readings): string | undefined {
  for (const indicator of model.grid) {
    if (indicator.absent === "never" || indicator.absent === "confirms") continue;
    for (const slot of indicator.slots) {
      const raw = readings.get(slot);
      if (raw === undefined || !readings.isInPayload(slot)) continue;
      if (isPresent(indicator, valueOf(indicator, raw)) || !isAbsent(indicator, raw)) continue;
      const before = readings.before(slot);
      const isNews = before === undefined || isPresent(indicator, valueOf(indicator, before));
      if (isNews || indicator.absent === "decides") return named(model, { slot, raw });
    }
  }
  return undefined;
}

function decides({ absent }: CompiledIndicator, isReply: boolean): boolean {
  return absent === "decides" || (absent === "in_reply" && isReply);
}

/** What the indicator needs besides itself, as evidence; undefined when something of it is missing or shows the grid. */
function evidenceOfNeeds(
  model: CompiledModel,
  indicator: CompiledIndicator,
  own: number,
  readings: Readings,
  freshSinceMonoMs: number,
): string[] | undefined {
  const isKnown = (slot: number) =>
    readings.isInPayload(slot) ||
    (indicator.absent !== "in_reply" && readings.get(slot) !== undefined &&
      readings.atMonoMs(slot) >= freshSinceMonoMs);
  if (indicator.every && !readings.hasShown(own) && !indicator.slots.every(isKnown)) return undefined;
  const evidence: string[] = [];
  for (const { slot, by } of indicator.needs) {
    const raw = readings.get(slot);
    if (raw === undefined || !isKnown(slot) || isPresent(by, valueOf(by, raw))) return undefined;
    evidence.push(named(model, { slot, raw }));
  }
  return evidence;
}

interface Reading {
  readonly slot: number;
  readonly raw: number;
  readonly value: number;
  readonly isPresent: boolean;
}

/**
 * The field that speaks for the indicator: one that shows the grid, else any; of those one that the payload carried, else a
 * remembered one; of those the largest.
 */
function strongest(
  indicator: CompiledIndicator,
  readings: Readings,
  freshSinceMonoMs: number,
): Reading | undefined {
  let found: Reading | undefined;
  for (const slot of indicator.slots) {
    const raw = readings.get(slot);
    if (raw === undefined) continue;
    if (!readings.isInPayload(slot) && readings.atMonoMs(slot) < freshSinceMonoMs) continue;
    const value = valueOf(indicator, raw);
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
