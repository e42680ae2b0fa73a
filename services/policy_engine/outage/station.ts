/** One station: what is known of it, where its groups of hosts stand, which stages run. Pure. */
import { type Battery, batteryNow } from "./battery.ts";
import { followCharge, type UntoldCharge } from "./blind/untold_charge.ts";
import type { Charge } from "./blind/blind_estimate.ts";
import { type BlindTelling, NOTHING_TOLD, stepBlindTelling } from "./blind/blind_telling.ts";
import type { SocSample } from "./discharge_rate.ts";
import { followDischarge } from "./discharge_in_outage.ts";
import { batteryOfOpen, stationFloor } from "./floor.ts";
import { type GridVerdict, ownersVerdict, type WitnessReading } from "./grid_verdict.ts";
import { stepGroups } from "./groups.ts";
import type { OutageEvent, OutagePhase } from "./outage.ts";
import { hostsOfStation, type HouseRules, type StationRules } from "../rules/rules.ts";
import { type StageStart, type StageView, stepStages } from "./stages.ts";
import type { Hold } from "./timer.ts";
import { freshestMonoMs, isFresh, type Readings } from "./readings.ts";

/** See the file comment. */
export interface StationState {
  readonly readings: Readings;
  /** What the cloud last said of the way to the station, as in its state. */
  readonly link?: "live" | "stale" | "offline";
  readonly witnesses: ReadonlyMap<string, WitnessReading>;
  readonly verdict?: GridVerdict;
  /** Group key to phase. */
  readonly phases: ReadonlyMap<string, OutagePhase>;
  /** Stage number to the monotonic time of its beginning. */
  readonly started: ReadonlyMap<number, number>;
  readonly samples: readonly SocSample[];
  /** The fall that was measured last in this outage, %/min; absent: none was. */
  readonly dischargePercentPerMin?: number;
  /** The newest evidence that the grid was there, monotonic ms; absent: there never was any. */
  readonly lastGridMonoMs?: number;
  /** A person holds the shutdown back until then, monotonic ms, and why. */
  readonly held?: Hold;
  /** How the charge went since the station does not tell the grid any more, while its outage goes on; absent: it tells it. */
  readonly untoldCharge?: UntoldCharge;
  /** Nothing fresh from the station for longer than the limit. */
  readonly isBlind: boolean;
  /** What is told of that. */
  readonly blindTelling: BlindTelling;
}

/** Nothing was heard of it. */
export const NEW_STATION: StationState = {
  readings: {},
  witnesses: new Map(),
  phases: new Map(),
  started: new Map(),
  samples: [],
  isBlind: false,
  blindTelling: NOTHING_TOLD,
};

/** The four states of a station as a whole, the worst of its groups first. */
const WORST_FIRST = ["shutting_down", "critical", "on_battery", "online", "unknown"] as const;

/** The phase of the group that is worst off. */
export function stationPhase({ phases }: Pick<StationState, "phases">): OutagePhase {
  const all = [...phases.values()];
  for (const kind of WORST_FIRST) {
    const found = all.find((phase) => phase.kind === kind);
    if (found) return found;
  }
  return { kind: "unknown" };
}

/** Since when the station is on battery, monotonic ms; undefined when it is not. */
export function onBatterySince({ phases }: Pick<StationState, "phases">): number | undefined {
  const since = [...phases.values()].flatMap((phase) =>
    phase.kind === "unknown" || phase.kind === "online" ? [] : [phase.sinceMonoMs]
  );
  return since.length > 0 ? Math.min(...since) : undefined;
}

/** The battery now; undefined while the grid is there or unknown. */
export function stationBattery(
  state: StationState,
  rules: HouseRules,
  station: StationRules,
  nowMonoMs: number,
): Battery | undefined {
  if (state.verdict?.connected !== false) return undefined;
  const { totalWh } = station;
  const readings = totalWh === undefined
    ? state.readings
    : { ...state.readings, batteryWh: { value: totalWh, atMonoMs: nowMonoMs } };
  const floorPercent = stationFloor(readings, station);
  return batteryNow(
    { ...state, readings },
    floorPercent,
    onBatterySince(state) ?? nowMonoMs,
    rules,
    nowMonoMs,
  );
}

/** The charge to show: estimated on battery when it is old; on the grid only while it is fresh. */
export function shownCharge(
  state: StationState,
  rules: HouseRules,
  station: StationRules,
  nowMonoMs: number,
): Charge | undefined {
  const battery = stationBattery(state, rules, station, nowMonoMs);
  if (battery) return battery.charge;
  const reading = state.readings.socPercent;
  if (!reading || !isFresh(reading, rules.staleAfterMs, nowMonoMs)) return undefined;
  return { percent: reading.value, isEstimate: false };
}

/** The figures behind an event; what nobody knows is absent. */
export interface OutageNumbers {
  /** % */
  readonly soc?: number;
  readonly is_estimate?: boolean;
  readonly minutes_left?: number;
  readonly on_battery_s?: number;
}

/** What a step of a station means. */
export type StationEvent =
  | { readonly kind: "outage"; readonly event: OutageEvent; readonly numbers: OutageNumbers }
  | {
    readonly kind: "blind";
    readonly isBlind: boolean;
    readonly onBattery: boolean;
    /** The station speaks, only not of the grid. */
    readonly isSpeaking: boolean;
  }
  | {
    readonly kind: "grid_untold";
    /** False: it tells it again. */
    readonly isUntold: boolean;
    readonly onBattery: boolean;
    /** Who decides meanwhile; none: nobody. */
    readonly witnesses: readonly string[];
    /** Somebody is told to go down by this station. */
    readonly hasHosts: boolean;
  }
  | { readonly kind: "disagreement"; readonly text: string }
  | { readonly kind: "stage"; readonly number: number; readonly reason: string };

/** Draws the conclusions from the readings and the time. The same again changes nothing and tells nothing. */
export function stepStation(
  before: StationState,
  rules: HouseRules,
  station: StationRules,
  view: StageView,
  nowMonoMs: number,
): { readonly state: StationState; readonly events: readonly StationEvent[] } {
  const { staleAfterMs } = rules;
  const verdict = ownersVerdict(
    station.grid,
    before.readings,
    [...before.witnesses.values()],
    before.verdict,
    staleAfterMs,
    nowMonoMs,
  );
  const untoldCharge = untoldChargeNow(before, verdict, staleAfterMs, nowMonoMs);
  const lastGridMonoMs = verdict.connected ? verdict.evidenceMonoMs : before.lastGridMonoMs;
  const judged: StationState = {
    ...before,
    readings: verdict.connected ? afterOutage(before, rules, station, nowMonoMs) : before.readings,
    verdict,
    ...followDischarge(before, verdict, untoldCharge),
    lastGridMonoMs,
    untoldCharge,
  };
  const battery = stationBattery(judged, rules, station, nowMonoMs);
  const { phases, events: found } = stepGroups(judged, battery, rules, station, view, nowMonoMs);
  const open = batteryOfOpen(battery, station, view, judged.readings);
  const { started, begun } = stepStages(station, phases, before.started, view, open?.remaining, nowMonoMs);
  const isBlind = isBlindNow(judged, station, staleAfterMs, nowMonoMs);
  const hasHeard = freshestMonoMs(judged.readings) !== undefined || verdict.connected !== undefined;
  const blindTelling = stepBlindTelling(before.blindTelling, { isBlind, hasHeard }, nowMonoMs);
  const state: StationState = { ...judged, phases, started, isBlind, blindTelling };
  const events: StationEvent[] = found.map((event) => ({
    kind: "outage",
    event,
    numbers: numbersOf(state, rules, station, battery, nowMonoMs),
  }));
  if (station.stages.length > 1) events.push(...begun.map(stageEvent));
  const { isTold } = blindTelling;
  if (isTold !== before.blindTelling.isTold) {
    const isSpeaking = isFresh(judged.readings.spoke, staleAfterMs, nowMonoMs);
    events.push({ kind: "blind", isBlind: isTold, onBattery: verdict.connected === false, isSpeaking });
  }
  if (verdict.isUntold !== before.verdict?.isUntold) {
    const witnesses = verdict.by === "station" || verdict.isOld ? [] : verdict.by;
    const onBattery = verdict.connected === false;
    const hasHosts = hostsOfStation(station).length > 0;
    events.push({ kind: "grid_untold", isUntold: verdict.isUntold === true, onBattery, witnesses, hasHosts });
  }
  if (verdict.disagreement !== undefined && verdict.disagreement !== before.verdict?.disagreement) {
    events.push({ kind: "disagreement", text: verdict.disagreement });
  }
  return { state, events };
}

function numbersOf(
  state: StationState,
  rules: HouseRules,
  station: StationRules,
  battery: Battery | undefined,
  nowMonoMs: number,
): OutageNumbers {
  const charge = shownCharge(state, rules, station, nowMonoMs);
  return {
    soc: charge && Math.round(charge.percent * 10) / 10,
    is_estimate: charge?.isEstimate,
    minutes_left: battery?.remaining && Math.floor(battery.remaining.minutes),
    on_battery_s: battery && Math.round(battery.onBatteryMs / 1000),
  };
}

function stageEvent({ number, reason }: StageStart): StationEvent {
  return { kind: "stage", number, reason };
}

/**
 * The readings when an outage ends of which the charge was estimated: a witness tells that the grid is back, the station is silent. What
 * the battery lost is not forgotten, or the next outage would begin with the charge of before this one.
 */
function afterOutage(
  before: StationState,
  rules: HouseRules,
  station: StationRules,
  nowMonoMs: number,
): Readings {
  const charge = stationBattery(before, rules, station, nowMonoMs)?.charge;
  const { socPercent } = before.readings;
  if (!socPercent || !charge?.isEstimate) return before.readings;
  return {
    ...before.readings,
    socPercent: { ...socPercent, value: charge.percent, latestMonoMs: nowMonoMs },
  };
}

function untoldChargeNow(
  { readings: { socPercent }, untoldCharge: before }: StationState,
  { connected, isOld, isUntold }: GridVerdict,
  staleAfterMs: number,
  nowMonoMs: number,
): UntoldCharge | undefined {
  if (!isUntold || !isOld || connected !== false) return undefined;
  if (!socPercent || !isFresh(socPercent, staleAfterMs, nowMonoMs)) return before;
  return followCharge(before, socPercent.value);
}

/** Whether nothing fresh is known of what counts: of the grid, and on battery of the charge. */
function isBlindNow(
  { readings, verdict }: StationState,
  { grid: source }: StationRules,
  staleAfterMs: number,
  nowMonoMs: number,
): boolean {
  const isChargeOld = readings.socPercent !== undefined &&
    !isFresh(readings.socPercent, staleAfterMs, nowMonoMs);
  if (source === "off") return isChargeOld;
  if (source === "witness") {
    if (verdict?.connected === undefined) return false;
    return verdict.isOld === true || (!verdict.connected && isChargeOld);
  }
  // Never heard: only a witness can have told anything, and before a restart perhaps.
  if (freshestMonoMs(readings) === undefined) {
    return verdict?.connected !== undefined && verdict.isOld === true;
  }
  // A station that speaks and does not tell the grid is not silent: that is told for itself.
  const heard = readings.gridUntold ?? readings.grid;
  if (!isFresh(heard, staleAfterMs, nowMonoMs)) return true;
  return verdict?.connected === false && isChargeOld;
}
