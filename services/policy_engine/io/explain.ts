/** The policy's state for one station, in words and numbers. Pure. */
import type { PolicyStatus } from "../../../lib/messages/policy_status.ts";
import type { HostState } from "../hosts/host_phase.ts";
import type { House } from "../house.ts";
import { hostsOfStation, placeOf, type StationRules } from "../rules/rules.ts";
import { isGridFresh } from "../outage/grid_verdict.ts";
import { outletFloor, stationFloor } from "../outage/floor.ts";
import { ageWords, chargePart, isGridPast, joinedCharge, silenceReason, type Ways } from "./silence.ts";
import { SIMULATED } from "./journal.ts";
import { Forecast } from "../outage/forecast.ts";
import { holdNow, timerOf } from "../outage/group_timer.ts";
import { type Hold, timerEndMonoMs } from "../outage/timer.ts";
import { minutesToShow } from "../outage/battery.ts";
import { shownCharge, stationBattery, stationPhase, type StationState } from "../outage/station.ts";
import { effectiveSocMin } from "../rules/soc_limit.ts";
import { freshestMonoMs, isFresh } from "../outage/readings.ts";

/** What a status tells beyond the house. */
export interface StatusContext extends Ways {
  /** After a reboot, and nobody knows yet whether the power was gone; false when absent. */
  readonly isInDoubt?: boolean;
  /** Hosts that are called online and do not answer. */
  readonly unanswered?: readonly string[];
  /** Which start of the system this is; absent when nobody says. */
  readonly bootId?: string;
}

type HostView = NonNullable<PolicyStatus["hosts"]>[number];

/**
 * What `power-manager/policy/<device>` shows.
 *
 * @param nowWallMs Wall time of publishing, ms since 1970
 */
export function policyStatus(
  device: string,
  house: House,
  context: StatusContext,
  nowMonoMs: number,
  nowWallMs: number,
): PolicyStatus | undefined {
  const state = house.state.stations.get(device);
  if (!state) return undefined;
  const station = house.rulesOf(device);
  const agents = hostsOfStation(station);
  const hosts = agents.map((agent) =>
    hostView(
      agent,
      house.state.hosts.get(agent),
      placeOf(agent, station)?.stage.number,
      context.unanswered?.includes(agent) === true,
    )
  );
  const isComingBack = (agent: string) => {
    const kind = house.state.hosts.get(agent)?.phase.kind;
    return kind === "aborting" || kind === "waking";
  };
  const phase = stationPhase(state);
  const isRecovering = phase.kind !== "shutting_down" && phase.kind !== "critical" &&
    agents.some(isComingBack);
  const charge = shownCharge(state, house.rules, station, nowMonoMs);
  const timerLeftS = timerLeftSec(device, state, house, nowMonoMs);
  const telling: Telling = { device, house, state, station, hosts, timerLeftS, isRecovering, nowMonoMs };
  const isInDoubt = context.isInDoubt === true && phase.kind !== "unknown" && phase.kind !== "online" &&
    !isGridFresh(state, station.grid, house.rules.staleAfterMs, nowMonoMs);
  const sentence = isInDoubt ? DOUBT : sentenceFor(telling);
  return {
    device,
    state: isRecovering ? "recovery" : phase.kind,
    sentence: `${state.readings.simulated ? SIMULATED : ""}${sentence}${addendum(telling, context)}`.slice(
      0,
      500,
    ),
    blind: state.isBlind,
    soc: charge && Math.round(charge.percent * 10) / 10,
    soc_estimated: charge?.isEstimate ? true : undefined,
    soc_min: lastSocMin(station, state),
    minutes_left: minutesLeft(state, house, station, nowMonoMs),
    grid_connected: state.verdict?.connected,
    grid_unknown: state.verdict?.isUntold,
    timer_left_s: isInDoubt ? undefined : timerLeftS,
    shutdown_earliest_s: phase.kind === "on_battery" && !isRecovering && !isInDoubt
      ? earliestSec(telling)
      : undefined,
    held: phase.kind === "critical"
      ? holdOf(device, state, house, nowMonoMs)?.reason.slice(0, 500)
      : undefined,
    in_doubt: isInDoubt ? true : undefined,
    boot_id: context.bootId,
    simulated: state.readings.simulated?.value,
    hosts,
    ts: new Date(nowWallMs).toISOString(),
  };
}

/** The sentence about an outage from before a reboot. */
const DOUBT = "There was an outage before the reboot, and nobody knows yet whether it goes on; " +
  "nobody is told to shut down until somebody says so, or until five minutes are over.";

function minutesLeft(
  state: StationState,
  house: House,
  station: StationRules,
  nowMonoMs: number,
): number | undefined {
  const battery = stationBattery(state, house.rules, station, nowMonoMs);
  const minutes = battery && minutesToShow(battery);
  return minutes === undefined ? undefined : Math.round(minutes * 10) / 10;
}

function hostView(
  agent: string,
  host: HostState | undefined,
  stage: number | undefined,
  isUnanswered: boolean,
): HostView {
  const phase = host?.phase ?? { kind: "idle" };
  const isKnown = host?.online !== undefined && !(host.online && isUnanswered);
  const presence = !isKnown ? "unknown" : host.online ? "online" : "offline";
  const base = { agent, stage };
  switch (phase.kind) {
    case "idle":
      return { ...base, state: presence };
    case "commanded": {
      const isTold = phase.delivery === "done" || phase.answer !== "none";
      const answer = phase.answer === "none" || phase.answer === "failed" ? "told" : phase.answer;
      const state = isTold ? answer : "sending";
      return { ...base, state, command_id: phase.commandId, detail: phase.detail?.slice(0, 300) };
    }
    case "down":
      return { ...base, state: "down", command_id: phase.commandId };
    case "aborting":
      return { ...base, state: presence, command_id: phase.abortId, detail: "being aborted" };
    case "waking":
      return { ...base, state: presence, command_id: phase.commandId, detail: "being woken" };
  }
}

function timerLeftSec(
  device: string,
  state: StationState,
  house: House,
  nowMonoMs: number,
): number | undefined {
  const basis = basisOf(device, state, house, nowMonoMs);
  const left = basis.station.stages.flatMap(({ number, groups }) =>
    groups.flatMap((group) => {
      const phase = state.phases.get(group.key);
      if (phase?.kind !== "critical") return [];
      const timer = timerOf(state, number, group, basis);
      return [timerEndMonoMs(phase.criticalSinceMonoMs, timer) - nowMonoMs];
    })
  );
  return left.length > 0 ? Math.max(0, Math.ceil(Math.min(...left) / 1000)) : undefined;
}

function holdOf(device: string, state: StationState, house: House, nowMonoMs: number): Hold | undefined {
  return holdNow(state, basisOf(device, state, house, nowMonoMs));
}

function basisOf(device: string, state: StationState, house: House, nowMonoMs: number) {
  const { rules } = house;
  const station = house.rulesOf(device);
  const battery = stationBattery(state, rules, station, nowMonoMs);
  return { battery, rules, station, view: house.viewFor(device), nowMonoMs };
}

/** The charge at which the last hosts go, %, with what the station and their outlets need. */
function lastSocMin(station: StationRules, { readings }: StationState): number | undefined {
  const limits = station.stages.flatMap(({ groups }) =>
    groups.flatMap(({ triggers: { socMinPercent }, port, hosts }) => {
      if (socMinPercent === undefined) return [];
      const outlet = hosts.length > 0 ? outletFloor(port, readings) : 0;
      return [
        effectiveSocMin(socMinPercent, { floorPercent: Math.max(stationFloor(readings, station), outlet) }),
      ];
    })
  );
  return limits.length > 0 ? Math.min(...limits) : undefined;
}

interface Telling {
  readonly device: string;
  readonly house: House;
  readonly state: StationState;
  readonly station: StationRules;
  readonly hosts: readonly HostView[];
  readonly timerLeftS: number | undefined;
  readonly isRecovering: boolean;
  readonly nowMonoMs: number;
}

function sentenceFor(telling: Telling): string {
  const { house, state, isRecovering, timerLeftS, hosts, nowMonoMs } = telling;
  const known = shownCharge(state, house.rules, telling.station, nowMonoMs);
  const charge = chargePart(known);
  const joined = joinedCharge(known, state, nowMonoMs);
  if (isRecovering) {
    const isWaking = hosts.some(({ detail }) => detail === "being woken");
    return isWaking
      ? "The grid is back; hosts are being woken."
      : "The danger is over; shutdowns are being aborted.";
  }
  const phase = stationPhase(state);
  switch (phase.kind) {
    case "unknown":
      return unknownSentence(telling, joined);
    case "online":
      return isGridPast(state)
        ? `The grid was there at the last reading, ${gridAge(telling)}${byWhom(telling)}${
          joined.replace(/^,/, ";")
        }.`
        : `The grid is there${byWhom(telling)}${joined}.`;
    case "on_battery":
      return `On battery${lastReading(telling)}${byWhom(telling)}, ${charge}${untilCritical(telling)}.`;
    case "critical":
      return `On battery${lastReading(telling)}${byWhom(telling)} with ${charge}; ` +
        `hosts are told to shut down in ${timerLeftS} s unless the grid returns${heldBy(telling)}.`;
    case "shutting_down": {
      const down = hosts.filter(({ state }) => state === "down").length;
      const stages = telling.station.stages.length;
      const stage = stages > 1 ? `, stage ${Math.max(0, ...state.started.keys())} of ${stages}` : "";
      return `Shutting down, ${charge}${stage}: ${phase.reason}; ${down} of ${hosts.length} hosts are down${
        untaken(hosts)
      }.`;
    }
  }
}

/** Whom the broker refuses to tell. A command that is on its way for the first time is no news. */
function untaken(hosts: readonly HostView[]): string {
  const names = hosts.filter(({ state, detail }) => state === "sending" && detail !== undefined)
    .map(({ agent }) => agent);
  return names.length === 0 ? "" : `; the broker has not taken the command for ${names.join(", ")} yet`;
}

function heldBy({ device, state, house, nowMonoMs }: Telling): string {
  const hold = holdOf(device, state, house, nowMonoMs);
  return hold ? ` (${hold.reason})` : "";
}

function untilCritical(telling: Telling): string {
  const { house, state, station, nowMonoMs } = telling;
  const battery = stationBattery(state, house.rules, station, nowMonoMs);
  if (!battery || telling.hosts.length === 0) return "";
  if (battery.charging) return `; ${battery.charging.reason}; nothing is shut down while it rises`;
  const seconds = earliestSec(telling);
  if (seconds === undefined) return "; nobody can tell how long it lasts";
  return `; the first host is told to shut down in about ${
    Math.floor(seconds / 60)
  } min, if the load stays as it is`;
}

/** Seconds until the first host is told, if charge and load go on as they do; undefined: nobody can tell. */
function earliestSec({ device, house, state, nowMonoMs }: Telling): number | undefined {
  const basis = basisOf(device, state, house, nowMonoMs);
  // Who still tells the charge is heard again, also when nobody tells the grid.
  const isSilent = basis.battery?.charge?.isEstimate === true;
  const dueMonoMs = new Forecast({ ...basis, state, isSilent }).firstDueMonoMs();
  return dueMonoMs === undefined ? undefined : Math.max(0, Math.floor((dueMonoMs - nowMonoMs) / 1000));
}

function unknownSentence({ station, state }: Telling, joinedCharge: string): string {
  if (station.grid === "off") {
    return 'The policy file says grid = "off": this station begins no outage, and its hosts are not shut down by it.';
  }
  if (state.verdict?.isUntold) {
    return "The station speaks, but does not tell any more whether the grid is there; nothing is shut down by that alone, " +
      `and its hosts are not protected until somebody tells it${joinedCharge}.`;
  }
  return "Nobody has said yet whether the grid is there; nothing will be shut down until somebody does.";
}

function byWhom({ state: { verdict }, station }: Telling): string {
  if (!verdict) return "";
  const isStationAsked = station.grid !== "witness";
  const why = !isStationAsked
    ? ""
    : verdict.isUntold
    ? ", the station does not tell it any more"
    : ", the station is silent";
  if (verdict.by !== "station") {
    return ` (as ${verdict.by.join(" and ")} ${verdict.isOld ? "last said" : "says"}${why})`;
  }
  return verdict.isUntold ? " (as the station said last; it does not tell it any more)" : "";
}

/** How old the newest reading of the grid is: `9 s ago`. */
function gridAge({ state, nowMonoMs }: Telling): string {
  if (state.verdict?.by === "station" && state.readings.grid?.isFromBefore) return "before the restart";
  return `${ageWords(nowMonoMs - (state.verdict?.evidenceMonoMs ?? nowMonoMs))} ago`;
}

/** That an outage goes on by its last reading alone, and how old that is; empty while it is fresh. */
function lastReading(telling: Telling): string {
  return isGridPast(telling.state) ? ` at the last reading, ${gridAge(telling)}` : "";
}

function addendum(telling: Telling, ways: Ways): string {
  const { state, hosts } = telling;
  const disagreement = state.verdict?.disagreement ? ` Readings differ: ${state.verdict.disagreement}.` : "";
  const guess = state.readings.modelGuess && hosts.length > 0
    ? " The station's model is a guess, so its values may be read wrongly."
    : "";
  const isSilent = state.isBlind || isGridPast(state);
  return `${isSilent ? blindness(telling, ways) : ""}${disagreement}${guess}`;
}

function blindness({ state, house, station, nowMonoMs }: Telling, ways: Ways): string {
  const { readings, verdict } = state;
  const { staleAfterMs } = house.rules;
  if (!isFresh(readings.spoke, staleAfterMs, nowMonoMs) || (state.link ?? "live") !== "live") {
    const age = ageWords(nowMonoMs - (freshestMonoMs(readings) ?? verdict?.evidenceMonoMs ?? nowMonoMs));
    return ` Nothing fresh for ${age}: ${silenceReason(state, ways)}.`;
  }
  const isGridKnown = isGridFresh(state, station.grid, staleAfterMs, nowMonoMs);
  const what = isGridKnown ? "the charge" : "the grid";
  const evidenceMonoMs = isGridKnown ? readings.socPercent?.atMonoMs : verdict?.evidenceMonoMs;
  if (evidenceMonoMs === undefined) return "";
  return ` The station speaks, but nobody has confirmed ${what} for ${ageWords(nowMonoMs - evidenceMonoMs)}.`;
}
