/** The policy's state for one station, in words and numbers. Pure. */
import type { PolicyStatus } from "../../../lib/messages/policy_status.ts";
import type { HostState } from "../hosts/host_phase.ts";
import type { House } from "../house.ts";
import { hostsOfStation, placeOf, type StationRules } from "../rules/rules.ts";
import { silenceReason, type Ways } from "./silence.ts";
import { firstDueMonoMs } from "../outage/forecast.ts";
import { holdNow, timerOf } from "../outage/group_timer.ts";
import { type Hold, timerEndMonoMs } from "../outage/timer.ts";
import { shownCharge, stationBattery, stationPhase, type StationState } from "../outage/station.ts";
import { chargeWords, effectiveSocMin } from "../outage/triggers.ts";
import { freshestMonoMs, isFresh } from "../outage/readings.ts";

/** What a status tells beyond the house. */
export interface StatusContext extends Ways {
  /** After a reboot, and nobody knows yet whether the power was gone; false when absent. */
  readonly isInDoubt?: boolean;
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
    hostView(agent, house.state.hosts.get(agent), placeOf(agent, station)?.stage.number)
  );
  const isComingBack = (agent: string) => {
    const kind = house.state.hosts.get(agent)?.phase.kind;
    return kind === "aborting" || kind === "waking";
  };
  const phase = stationPhase(state);
  const isRecovering = phase.kind !== "shutting_down" && phase.kind !== "critical" &&
    agents.some(isComingBack);
  const charge = shownCharge(state, house.rules, nowMonoMs);
  const timerLeftS = timerLeftSec(device, state, house, nowMonoMs);
  const telling: Telling = { device, house, state, station, hosts, timerLeftS, isRecovering, nowMonoMs };
  const floorPercent = state.readings.minSocPercent?.value ?? 0;
  const socMin = lastSocMin(station);
  const isInDoubt = context.isInDoubt === true && phase.kind !== "unknown" && phase.kind !== "online" &&
    !isFresh(state.readings.grid, house.rules.staleAfterMs, nowMonoMs);
  const sentence = isInDoubt ? DOUBT : sentenceFor(telling);
  return {
    device,
    state: isRecovering ? "recovery" : phase.kind,
    sentence: `${sentence}${addendum(telling, context)}`.slice(0, 500),
    blind: state.isBlind,
    soc: charge && Math.round(charge.percent * 10) / 10,
    soc_estimated: charge?.isEstimate ? true : undefined,
    soc_min: socMin === undefined ? undefined : effectiveSocMin(socMin, { floorPercent }),
    grid_connected: state.verdict?.connected,
    timer_left_s: isInDoubt ? undefined : timerLeftS,
    shutdown_earliest_s: phase.kind === "on_battery" && !isRecovering && !isInDoubt
      ? earliestSec(telling)
      : undefined,
    held: phase.kind === "critical"
      ? holdOf(device, state, house, nowMonoMs)?.reason.slice(0, 500)
      : undefined,
    in_doubt: isInDoubt ? true : undefined,
    boot_id: context.bootId,
    hosts,
    ts: new Date(nowWallMs).toISOString(),
  };
}

/** The sentence about an outage from before a reboot. */
const DOUBT = "There was an outage before the reboot, and nobody knows yet whether it goes on; " +
  "nobody is told to shut down until somebody says so, or until five minutes are over.";

function hostView(agent: string, host: HostState | undefined, stage: number | undefined): HostView {
  const phase = host?.phase ?? { kind: "idle" };
  const presence = host?.online === undefined ? "unknown" : host.online ? "online" : "offline";
  const base = { agent, stage };
  switch (phase.kind) {
    case "idle":
      return { ...base, state: presence };
    case "commanded": {
      const state = phase.answer === "none" || phase.answer === "failed" ? "told" : phase.answer;
      return { ...base, state, command_id: phase.commandId, detail: phase.detail?.slice(0, 300) };
    }
    case "down":
      return { ...base, state: "down", command_id: phase.commandId };
    case "aborting":
      return { ...base, state: presence, command_id: phase.abortId, detail: "being called off" };
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
    groups.flatMap(({ key, debounceMs }) => {
      const phase = state.phases.get(key);
      if (phase?.kind !== "critical") return [];
      const timer = timerOf(state, number, debounceMs, basis);
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
  const battery = stationBattery(state, rules, nowMonoMs);
  return { battery, rules, station: house.rulesOf(device), view: house.viewFor(device), nowMonoMs };
}

/** The charge at which the last hosts go, %. */
function lastSocMin({ stages }: StationRules): number | undefined {
  const limits = stages.flatMap(({ groups }) =>
    groups.flatMap(({ triggers }) => triggers.socMinPercent ?? [])
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
  const known = shownCharge(state, house.rules, nowMonoMs);
  const charge = known ? chargeWords(known).replace("the ", "") : "unknown charge";
  if (isRecovering) {
    const isWaking = hosts.some(({ detail }) => detail === "being woken");
    return isWaking
      ? "The grid is back; hosts are being woken."
      : "The danger is over; hosts are being called off.";
  }
  const phase = stationPhase(state);
  switch (phase.kind) {
    case "unknown":
      return "Nobody has said yet whether the grid is there; nothing will be shut down until somebody does.";
    case "online":
      return `The grid is there${byWhom(state)}, ${charge}.`;
    case "on_battery":
      return `On battery${byWhom(state)}, ${charge}${untilCritical(telling)}.`;
    case "critical":
      return `On battery${byWhom(state)} with ${charge}; ` +
        `hosts are told to shut down in ${timerLeftS} s unless the grid returns${heldBy(telling)}.`;
    case "shutting_down": {
      const down = hosts.filter(({ state }) => state === "down").length;
      const stages = telling.station.stages.length;
      const stage = stages > 1 ? `, stage ${Math.max(0, ...state.started.keys())} of ${stages}` : "";
      return `Shutting down, ${charge}${stage}: ${phase.reason}; ${down} of ${hosts.length} hosts are down.`;
    }
  }
}

function heldBy({ device, state, house, nowMonoMs }: Telling): string {
  const hold = holdOf(device, state, house, nowMonoMs);
  return hold ? ` (${hold.reason})` : "";
}

function untilCritical(telling: Telling): string {
  if (!stationBattery(telling.state, telling.house.rules, telling.nowMonoMs)) return "";
  if (telling.hosts.length === 0) return "";
  const seconds = earliestSec(telling);
  if (seconds === undefined) return "; nobody can tell how long it lasts";
  return `; the first host is told to shut down in about ${
    Math.floor(seconds / 60)
  } min, if the load stays as it is`;
}

/** Seconds until the first host is told, if charge and load go on as they do; undefined: nobody can tell. */
function earliestSec({ device, house, state, nowMonoMs }: Telling): number | undefined {
  const basis = basisOf(device, state, house, nowMonoMs);
  const dueMonoMs = firstDueMonoMs({ ...basis, state, isSilent: state.isBlind });
  return dueMonoMs === undefined ? undefined : Math.max(0, Math.floor((dueMonoMs - nowMonoMs) / 1000));
}

function byWhom({ verdict }: StationState): string {
  return verdict && verdict.by !== "station"
    ? ` (as ${verdict.by.join(" and ")} ${verdict.isOld ? "last said" : "says"}, the station is silent)`
    : "";
}

function addendum({ state, nowMonoMs }: Telling, ways: Ways): string {
  const disagreement = state.verdict?.disagreement ? ` Readings differ: ${state.verdict.disagreement}.` : "";
  if (!state.isBlind) return disagreement;
  const seconds = Math.round((nowMonoMs - (freshestMonoMs(state.readings) ?? nowMonoMs)) / 1000);
  const age = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  return ` Nothing fresh for ${age}: ${silenceReason(state, ways)}.${disagreement}`;
}
