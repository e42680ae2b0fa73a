/** The policy's state for one station, in words and numbers. Pure. */
import type { PolicyStatus } from "../../lib/messages/policy_status.ts";
import type { HostState } from "./host.ts";
import { factsOf, type HouseRules, type HouseState, type StationState } from "./house.ts";
import { chargeWords } from "./outage.ts";
import { freshestMonoMs } from "./words.ts";

type HostView = NonNullable<PolicyStatus["hosts"]>[number];

/**
 * What `power-manager/policy/<device>` shows.
 *
 * @param nowWallMs Wall time of publishing, ms since 1970
 */
export function policyStatus(
  device: string,
  house: HouseState,
  rules: HouseRules,
  nowMonoMs: number,
  nowWallMs: number,
): PolicyStatus | undefined {
  const station = house.stations.get(device);
  if (!station) return undefined;
  const facts = factsOf(station, rules.staleAfterMs, nowMonoMs);
  const hosts = (rules.hostsByStation[device] ?? []).map((agent) => hostView(agent, house.hosts.get(agent)));
  const isRecovering = station.phase.kind !== "shutting_down" &&
    (rules.hostsByStation[device] ?? []).some((agent) =>
      house.hosts.get(agent)?.phase.kind === "calling_off"
    );
  const timerLeftS = timerLeftSec(station, rules, nowMonoMs);
  return {
    device,
    state: isRecovering ? "recovery" : station.phase.kind,
    sentence: sentenceFor(station, { facts, rules, nowMonoMs, timerLeftS, isRecovering, hosts }).slice(
      0,
      500,
    ),
    blind: station.isBlind,
    soc: facts.charge && Math.round(facts.charge.percent * 10) / 10,
    soc_estimated: facts.charge?.isEstimate ? true : undefined,
    soc_min: rules.socMinPercent,
    grid_connected: facts.gridConnected,
    timer_left_s: timerLeftS,
    hosts,
    ts: new Date(nowWallMs).toISOString(),
  };
}

function hostView(agent: string, host: HostState | undefined): HostView {
  const phase = host?.phase ?? { kind: "idle" };
  switch (phase.kind) {
    case "idle":
      return { agent, state: host?.online === undefined ? "unknown" : host.online ? "online" : "offline" };
    case "told": {
      const state = phase.answer === "none" ? "told" : phase.answer === "failed" ? "told" : phase.answer;
      return { agent, state, command_id: phase.commandId, detail: phase.detail?.slice(0, 300) };
    }
    case "down":
      return { agent, state: "down", command_id: phase.commandId };
    case "calling_off":
      return {
        agent,
        state: host?.online === undefined ? "unknown" : host.online ? "online" : "offline",
        command_id: phase.abortId,
        detail: "being called off",
      };
  }
}

function timerLeftSec(
  { phase }: StationState,
  { debounceMs }: HouseRules,
  nowMonoMs: number,
): number | undefined {
  if (phase.kind !== "critical") return undefined;
  return Math.max(0, Math.ceil((phase.criticalSinceMonoMs + debounceMs - nowMonoMs) / 1000));
}

interface Telling {
  readonly facts: ReturnType<typeof factsOf>;
  readonly rules: HouseRules;
  readonly nowMonoMs: number;
  readonly timerLeftS: number | undefined;
  readonly isRecovering: boolean;
  readonly hosts: readonly HostView[];
}

function sentenceFor(station: StationState, telling: Telling): string {
  const { facts, rules, isRecovering, timerLeftS, hosts } = telling;
  const { phase } = station;
  const charge = facts.charge ? chargeWords(facts.charge).replace("the ", "") : "unknown charge";
  const age = station.isBlind ? ` Nothing fresh for ${ageText(station, telling.nowMonoMs)}.` : "";
  const say = (text: string) => `${text}.${age}`;
  if (isRecovering) return say("The danger is over; hosts are being called off");
  switch (phase.kind) {
    case "unknown":
      return say(
        "Nobody has said yet whether the grid is there; nothing will be shut down until somebody does",
      );
    case "online":
      return say(`The grid is there, ${charge}`);
    case "on_battery":
      return say(`On battery, ${charge}; hosts are shut down at ${rules.socMinPercent} %`);
    case "critical":
      return say(
        `On battery with ${charge}; hosts are told to shut down in ${timerLeftS} s unless the grid returns`,
      );
    case "shutting_down": {
      const down = hosts.filter(({ state }) => state === "down").length;
      return say(
        `The battery is ending (${charge}); ${down} of ${hosts.length} hosts are down, the others were told`,
      );
    }
  }
}

function ageText({ words }: StationState, nowMonoMs: number): string {
  const seconds = Math.round((nowMonoMs - (freshestMonoMs(words) ?? nowMonoMs)) / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
