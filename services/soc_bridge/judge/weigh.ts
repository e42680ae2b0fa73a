/** Weighs what the cloud and a station's cable say into one state. Pure. */
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { type CableDoubt, isBatteryInUse, stepDoubt } from "./cable_doubt.ts";
import { type CableDrain, stepDrain } from "./cable_drain.ts";
import { FRESH_MS } from "./power_station.ts";
import { SOC_UNKNOWN, type SocState, stepSoc } from "./soc_filter.ts";
import { areMinutesDoubtful } from "./plausible_minutes.ts";
import type { SourceReading } from "../../../lib/messages/source_reading.ts";

/** A cable that has not spoken for longer than this is silent, ms: five polls. */
export const CABLE_STALE_MS = 15_000;

/** What the cable last said. Each value keeps the time at which it was last said, monotonic ms. */
export interface Cable {
  readonly spokeMonoMs: number;
  readonly now: SourceReading;
  readonly grid?: {
    readonly value: boolean;
    readonly atMonoMs: number;
    /** When it began to say so. */
    readonly sinceMonoMs: number;
    readonly evidence: string;
  };
  /** The charge that is believed: one that jumps must be confirmed, as the station's own. */
  readonly soc?: { readonly value: number; readonly atMonoMs: number };
  /** The live cloud saw the grid since the charge was read: the battery may have been charged. */
  readonly hasSeenGrid?: boolean;
  /** What the filter keeps of it. */
  readonly filter: SocState;
  /** How the charge went while the cable's reading of the grid is in doubt; absent: it is not. */
  readonly doubt?: CableDoubt;
  /** How the charge went while the cable alone says "on line"; absent: it does not, or the cloud says how it is. */
  readonly drain?: CableDrain;
}

/**
 * Takes a reading in; a value that it does not say stays, with its age.
 *
 * @param cloudGrid What the live cloud says of the grid now; undefined when it is not live, or does not tell
 */
export function addReading(
  before: Cable | undefined,
  now: SourceReading,
  atMonoMs: number,
  cloudGrid?: boolean,
): Cable {
  const sinceMonoMs = before?.grid?.value === now.grid ? before?.grid?.sinceMonoMs ?? atMonoMs : atMonoMs;
  const grid = now.grid === undefined
    ? before?.grid
    : { value: now.grid, atMonoMs, sinceMonoMs, evidence: now.evidence };
  const kept = before?.filter ?? SOC_UNKNOWN;
  const filter = now.soc === undefined ? kept : stepCharge(kept, now.soc, isLow(now), atMonoMs);
  const soc = filter.soc === undefined ? undefined : { value: filter.soc, atMonoMs: filter.atMonoMs };
  // A charge that waits for its confirmation was read before.
  const said = {
    cable: now.grid,
    cloud: cloudGrid,
    soc: soc?.atMonoMs === atMonoMs ? soc.value : undefined,
  };
  // How the charge fell in a silence proves nothing of now: the grid may have come back in it.
  const isGap = before !== undefined && atMonoMs - before.spokeMonoMs > CABLE_STALE_MS;
  const doubt = stepDoubt(isGap && !isBatteryInUse(before.doubt) ? undefined : before?.doubt, said);
  const drain = stepDrain(before?.drain, { ...said, isTest: /\b(CAL|TEST)\b/.test(now.evidence) });
  return {
    spokeMonoMs: atMonoMs,
    now,
    filter,
    ...(grid ? { grid } : {}),
    ...(soc ? { soc } : {}),
    ...(doubt ? { doubt } : {}),
    ...(drain ? { drain } : {}),
  };
}

/** As the station's own; but drivers say 100 % before they have read anything, and right after our start nothing contradicts that. */
function stepCharge(kept: SocState, soc: number, isLow: boolean, atMonoMs: number): SocState {
  if (kept.soc !== undefined) return stepSoc(kept, soc, false, atMonoMs, isLow);
  if (soc === 100 && kept.held?.soc !== 100) {
    return { ...kept, held: { soc, firstMonoMs: atMonoMs, count: 1 } };
  }
  return stepSoc(kept.held?.soc === 100 ? SOC_UNKNOWN : kept, soc, false, atMonoMs, isLow);
}

/** Whether the UPS calls its battery low: that triggers nothing, but a charge of 0 beside it is no slip. */
function isLow({ evidence }: SourceReading): boolean {
  return /\bLB\b/.test(evidence);
}

/** Takes in what the cloud says, for the time in which the cable is silent. */
export function noteCloud(cable: Cable, cloud: PowerState, nowMonoMs: number): Cable {
  const saidMonoMs = nowMonoMs - (cloud.grid_age_s ?? cloud.age_s ?? Infinity) * 1000;
  const hasSeen = cloud.link === "live" && cloud.grid_connected === true &&
    saidMonoMs > (cable.soc?.atMonoMs ?? Infinity);
  return hasSeen && !cable.hasSeenGrid ? { ...cable, hasSeenGrid: true } : cable;
}

/**
 * Whether the cloud's charge cannot be: it is higher than what the cable said on battery, and nothing has charged the battery since.
 * A late frame looks so, however fresh.
 */
function isChargeOld(cloud: PowerState, { soc, grid, hasSeenGrid }: Cable): boolean {
  return soc !== undefined && cloud.soc !== undefined && cloud.soc > soc.value + ROUNDED_POINTS &&
    grid?.value === false && cloud.grid_connected === false && !hasSeenGrid &&
    !((cloud.dc_in_watts ?? 0) > 0);
}

/** Drivers and cloud round the same charge differently by so many points. */
const ROUNDED_POINTS = 1;

/**
 * The rule, per quantity:
 *
 * | quantity | rule |
 * | --- | --- |
 * | grid, charge | the cable's while it was said within {@link CABLE_STALE_MS}; then whichever has the newer evidence, with its age |
 * | grid that the cloud does not tell any more | a loss as above, by its age; else unknown without a live cable |
 * | charge of a cloud after that | not one that rose on battery since the cable's: it is a late frame |
 * | grid in doubt | gone, when the charge fell meanwhile: `cable_doubt.ts` |
 * | minutes to empty | the live cable's, on battery; else the live cloud's, as the next but one |
 * | watts out, temperature | the live cloud's (it tells them by socket and cell); else the live cable's |
 * | watts and volts in, minutes to full | as these, but not the cloud's while its reading of the grid is not the one that counts: it belongs to that |
 * | model | the cloud's; else the cable's |
 * | other values of the moment | the cloud's, while it is live or the cable is silent too: its old watts never look as fresh as the cable |
 * | energy, limits | the cloud's, however old |
 * | link, age | live while either is |
 *
 * A live cloud is one that spoke within {@link FRESH_MS}, however long a house calls it so.
 *
 * A fresh cloud that contradicts the cable, in what it said since the cable's reading changed, changes nothing, and is named.
 *
 * @param cable Absent: the station has no cable, or it never spoke; the cloud's state is returned as it is
 */
export function weigh(cloud: PowerState, cable: Cable | undefined, nowMonoMs: number): PowerState {
  if (!cable) return cloud;
  const ageSec = (atMonoMs: number) => Math.round(Math.max(0, nowMonoMs - atMonoMs) / 100) / 10;
  const isFresh = (value: { readonly atMonoMs: number } | undefined) =>
    value !== undefined && nowMonoMs - value.atMonoMs <= CABLE_STALE_MS;
  const isLive = nowMonoMs - cable.spokeMonoMs <= CABLE_STALE_MS;
  const isCloudLive = cloud.link === "live" && (cloud.age_s ?? Infinity) * 1000 <= FRESH_MS;
  const cloudGridAge = cloud.grid_age_s ?? cloud.age_s ?? Infinity;
  const cloudSocAge = cloud.soc_age_s ?? cloud.age_s ?? Infinity;
  // Not of a loss that the cloud tells no more: that has an age, and the newer evidence counts.
  const isCloudUnknown = cloud.grid_unknown === true && cloud.grid_connected === undefined;
  const isCableGrid = cable.grid !== undefined &&
    (isFresh(cable.grid) || (!isCloudUnknown && (cloud.grid_connected === undefined ||
      ageSec(cable.grid.atMonoMs) < cloudGridAge)));
  const isCableSoc = cable.soc !== undefined &&
    (isFresh(cable.soc) || cloud.soc === undefined || isChargeOld(cloud, cable) ||
      ageSec(cable.soc.atMonoMs) < cloudSocAge);
  const state: PowerState = isLive && !isCloudLive ? lastingOf(cloud) : { ...cloud };
  if (isCableGrid && cable.grid) {
    const { value, atMonoMs, evidence } = cable.grid;
    state.grid_connected = value;
    state.grid_evidence = `cable ${evidence}`.slice(0, 200);
    state.grid_age_s = ageSec(atMonoMs);
    delete state.grid_unknown;
    delete state.grid_unconfirmed;
    // What the cloud said before the cable's reading changed contradicts nothing: its connection may be gone.
    const isAgainst = isCloudLive && cloud.grid_connected !== undefined && cloud.grid_connected !== value &&
      nowMonoMs - cloudGridAge * 1000 >= cable.grid.sinceMonoMs;
    if (isAgainst) state.source_disagreement = true;
  }
  const proof = isLive && isBatteryInUse(cable.doubt) ? cable.doubt : undefined;
  if (proof && cable.soc) {
    const { fromSoc, lowSoc } = proof;
    state.grid_connected = false;
    state.grid_evidence = `charge ${fromSoc} to ${lowSoc} % in doubt (${cable.now.evidence})`.slice(0, 200);
    state.grid_age_s = ageSec(cable.soc.atMonoMs);
    delete state.grid_unknown;
    delete state.grid_unconfirmed;
  }
  const isOtherGrid = cloud.grid_connected !== undefined && cloud.grid_connected !== state.grid_connected;
  if (isOtherGrid) dropWithGrid(state);
  if (isCableSoc && cable.soc) {
    state.soc = cable.soc.value;
    state.soc_age_s = ageSec(cable.soc.atMonoMs);
    delete state.soc_source;
  }
  if (state.grid_connected !== undefined) state.grid_source = isCableGrid || proof ? "nut" : "cloud";
  if (state.soc !== undefined) state.charge_source = isCableSoc ? "nut" : "cloud";
  if (state.model === undefined && cable.now.model !== undefined) state.model = cable.now.model;
  if (!isLive) {
    // Nobody else speaks for it: its cable's last reading is its newest evidence.
    return cloud.age_s === undefined ? { ...state, age_s: ageSec(cable.spokeMonoMs) } : state;
  }
  state.link = "live";
  state.age_s = Math.min(ageSec(cable.spokeMonoMs), cloud.age_s ?? Infinity);
  if (cable.now.discharge_min !== undefined) {
    state.discharge_min = cable.now.discharge_min;
    delete state.discharge_min_doubtful;
  }
  const { out_watts, in_volts, temp_celsius } = cable.now;
  if ((!isCloudLive || isOtherGrid) && in_volts !== undefined) state.ac_in_volts = in_volts;
  if (!isCloudLive) {
    if (out_watts !== undefined) state.out_watts = out_watts;
    if (temp_celsius !== undefined) state.temp_celsius = temp_celsius;
  }
  // A driver's minutes are weighed as the station's own are: some say 0, or 40 hours.
  if (
    cable.now.discharge_min !== undefined && areMinutesDoubtful({
      dischargeMin: state.discharge_min,
      soc: state.soc,
      minSoc: state.min_soc,
      wattHours: state.battery_wh ?? state.battery_design_wh,
      outWatts: state.out_watts ?? cable.now.out_watts,
      dcInWatts: state.dc_in_watts,
    })
  ) state.discharge_min_doubtful = true;
  return state;
}

/**
 * Takes out what the cloud said with its reading of the grid. A grid that is gone feeds nobody, and one that is there does not give
 * 0 W. Minutes to empty that were told on the grid are not those of a battery in use.
 */
function dropWithGrid(state: PowerState): void {
  delete state.ac_in_watts;
  delete state.ac_in_volts;
  delete state.charge_min;
  delete state.discharge_min;
  delete state.discharge_min_doubtful;
}

/** What the cloud said that does not change by itself, and grid and charge with their ages. */
function lastingOf(cloud: PowerState): PowerState {
  const {
    ac_in_watts: _1,
    ac_in_volts: _2,
    out_watts: _3,
    ac_out_watts: _4,
    dc_in_watts: _5,
    discharge_min: _6,
    discharge_min_doubtful: _7,
    charge_min: _8,
    temp_celsius: _9,
    ac_out_enabled: _10,
    packs: _11,
    ...lasting
  } = cloud;
  return lasting;
}
