/** What a running house has to say of itself, as a guest on its broker hears it. */
import type { BusMessage } from "../../lib/workers/bus.ts";
import type { Clock } from "../../lib/time/clock.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import { errorText } from "../../lib/errors.ts";
import { type AgentStatus, parseAgentStatus } from "../../lib/messages/agent/status.ts";
import { type CloudStatus, parseCloudStatus } from "../../lib/messages/cloud_status.ts";
import { type DrillReport, parseDrillReport } from "../../lib/messages/drill.ts";
import { type OrchestratorStatus, parseOrchestratorStatus } from "../../lib/messages/orchestrator_status.ts";
import { freshReadings, parsePowerState, type PowerState } from "../../lib/messages/power_state.ts";
import { parseStationList, type StationList } from "../../lib/messages/station_list.ts";
import type { MqttConnect } from "../../lib/mqtt/client.ts";
import type { Spoken } from "../../lib/mqtt/either_version.ts";
import { matchesFilter, topicsUnder } from "../../lib/mqtt/topics.ts";
import { holderOfState } from "../../lib/state_lock.ts";
import { livingDaemon } from "./living_daemon.ts";
import { guestOptions, visit } from "./broker_guest.ts";

/** The newest word of each kind; absent: nothing was said. */
export interface BrokerSnapshot {
  /** What the broker speaks; absent: it was not asked. */
  spoken?: Spoken;
  orchestrator?: OrchestratorStatus;
  cloud?: CloudStatus;
  list?: StationList;
  drill?: DrillReport;
  readonly states: Map<string, PowerState>;
  readonly agents: Map<string, AgentStatus>;
  /** Messages that could not be read, a sentence each. */
  readonly unreadable: string[];
}

/** Nothing heard yet. */
export function emptySnapshot(): BrokerSnapshot {
  return { states: new Map(), agents: new Map(), unreadable: [] };
}

/** What to listen to. */
export function snapshotFilters(roots: HouseConfig["roots"]): string[] {
  const t = topicsUnder(roots);
  return [
    t.orchestratorStatus,
    t.cloudStatus,
    t.stationList,
    t.drillReport,
    t.state("+"),
    t.agentStatus("+"),
  ];
}

/** Notes one message. */
export function noteMessage(
  words: BrokerSnapshot,
  roots: HouseConfig["roots"],
  { topic, payload }: BusMessage,
): void {
  if (payload.length === 0) return;
  const t = topicsUnder(roots);
  try {
    if (topic === t.orchestratorStatus) words.orchestrator = parseOrchestratorStatus(payload, topic);
    else if (topic === t.cloudStatus) words.cloud = parseCloudStatus(payload, topic);
    else if (topic === t.stationList) words.list = parseStationList(payload, topic);
    else if (topic === t.drillReport) words.drill = parseDrillReport(payload, topic);
    else if (matchesFilter(t.state("+"), topic)) {
      const state = parsePowerState(payload, topic);
      words.states.set(state.device, state);
    } else if (matchesFilter(t.agentStatus("+"), topic)) {
      const status = parseAgentStatus(payload, topic);
      words.agents.set(status.agent, status);
    }
  } catch (error) {
    words.unreadable.push(errorText(error));
  }
}

/** What the broker has kept comes at once; this long is generous, ms. */
const HEARING_MS = 1500;

/** Listens for a moment. @throws NoBrokerError */
export async function hearHouse(
  house: HouseConfig,
  purpose: string,
  { connect, clock }: { readonly connect: MqttConnect; readonly clock: Clock },
): Promise<BrokerSnapshot> {
  const words = emptySnapshot();
  const note = (message: BusMessage) => noteMessage(words, house.roots, message);
  const guest = await visit(connect, guestOptions(house, purpose), note);
  words.spoken = guest.spoken;
  try {
    await guest.listen(snapshotFilters(house.roots));
    await clock.sleep(HEARING_MS);
    words.orchestrator = livingDaemon(words.orchestrator, house, holderOfState(house.stateDir));
    return words;
  } finally {
    await guest.close();
  }
}

/** How old a state's newest evidence is, s: what it said of itself, and the time since. undefined: nobody knows. */
export function ageOfState(state: PowerState, nowWallMs: number): number | undefined {
  const sinceSec = sinceSaidSec(state, nowWallMs);
  return sinceSec === undefined ? undefined : sinceSec + (state.age_s ?? 0);
}

/** Charge and grid of a state as far as they may still be said now, each by its own age. */
export function freshReadingsNow(
  state: PowerState,
  nowWallMs: number,
  limitSec: number,
): ReturnType<typeof freshReadings> {
  const sinceSec = sinceSaidSec(state, nowWallMs);
  return sinceSec === undefined ? {} : freshReadings(state, limitSec - sinceSec);
}

function sinceSaidSec({ ts }: PowerState, nowWallMs: number): number | undefined {
  return ts === undefined ? undefined : Math.max(0, (nowWallMs - Date.parse(ts)) / 1000);
}
