/** Plays a scenario's steps in a world and notes what is seen, on whatever clock that world has. */
import type { Clock } from "../../lib/time/clock.ts";
import type { BusMessage } from "../../lib/workers/bus.ts";
import { parseEvent } from "../../lib/messages/event.ts";
import { parseAgentAck } from "../../lib/messages/agent/ack.ts";
import { parseAgentCommand } from "../../lib/messages/agent/command.ts";
import { parsePolicyStatus } from "../../lib/messages/policy_status.ts";
import { parsePowerState } from "../../lib/messages/power_state.ts";
import { DEFAULT_ROOTS, matchesFilter, topicsUnder } from "../../lib/mqtt/topics.ts";
import type { StationValues } from "../../proto/encode_station.ts";
import { judge, type Sighting, type Verdict } from "./judge.ts";
import type { CableSays, Scenario, Step } from "./scenario.ts";
import { StationModel } from "./station_model.ts";

/** The house that a scenario is played in: real processes, or services in memory. */
export interface World {
  /** The time of the simulation. */
  readonly clock: Clock;
  /** Sends one moment of a station through the cloud. */
  say(sn: string, values: StationValues): void;
  setCloudDelivers(delivers: boolean): void;
  /** What the NUT server says of a station that has a cable. */
  setCable(station: string, says: CableSays): void;
  setBroker(up: boolean): Promise<void>;
  setAgent(agent: string, running: boolean): Promise<void>;
  /** Ends the daemon as a power cut would. */
  killDaemon(): Promise<void>;
  startDaemon(): Promise<void>;
  /** Publishes a state by hand. */
  feed(topic: string, payload: string): void;
  /** Everything that passes on the broker. */
  onMessage(see: (message: BusMessage) => void): void;
}

/** What happens during a play, for whoever watches. */
export interface PlayListener {
  onStep?(step: Step): void;
  onSighting?(sighting: Sighting): void;
  /** Twice a second of the simulation. */
  onTick?(atSec: number): void;
}

/** How often a station pushes, s: the pace that the protobuf models announce for incremental uploads. */
const PUSH_EVERY_SEC = 2;

/** Models of the scenario's stations by serial number; make them before the world, which answers get-all with them. */
export function stationModels(scenario: Scenario): ReadonlyMap<string, StationModel> {
  return new Map(scenario.stations.map((station) => [station.sn, new StationModel(station)]));
}

/** Plays to the end. @returns one verdict an expectation, and everything that was seen */
export async function play(
  scenario: Scenario,
  models: ReadonlyMap<string, StationModel>,
  world: World,
  listener: PlayListener = {},
): Promise<{ verdicts: Verdict[]; sightings: Sighting[] }> {
  const { clock } = world;
  const startMonoMs = clock.monoMs();
  const nowSec = () => (clock.monoMs() - startMonoMs) / 1000;
  const sightings: Sighting[] = [];
  const seen = new Set<string>();
  let isOver = false;
  world.onMessage((message) => {
    if (isOver) return;
    const sighting = probe(message, nowSec());
    if (!sighting || isRepeat(sighting, seen)) return;
    sightings.push(sighting);
    listener.onSighting?.(sighting);
  });

  const history = new Map<string, { readonly atSec: number; readonly values: StationValues }[]>();
  let delivers = true;
  /** The cloud lets an old moment through, whatever it does else. */
  const sayLate = (name: string, saidAtSec: number) => {
    for (const [sn, { station }] of models) {
      const said = history.get(sn)?.findLast(({ atSec }) => atSec <= saidAtSec);
      if (station.name !== name || !said) continue;
      world.setCloudDelivers(true);
      world.say(sn, said.values);
      world.setCloudDelivers(delivers);
    }
  };
  const steps = [...scenario.steps].sort((a, b) => a.atSec - b.atSec);
  for (let nextPushSec = 0; nowSec() < scenario.endSec;) {
    for (let step = steps[0]; step && step.atSec <= nowSec(); step = steps[0]) {
      steps.shift();
      listener.onStep?.(step);
      if (step.kind === "cloud") delivers = step.delivers;
      if (step.kind === "late") sayLate(step.station, step.saidAtSec);
      else await take(step, models, world, nowSec);
    }
    if (nowSec() >= nextPushSec) {
      nextPushSec += PUSH_EVERY_SEC;
      for (const [sn, model] of models) {
        const values = model.at(nowSec());
        history.set(sn, [...history.get(sn) ?? [], { atSec: nowSec(), values }]);
        world.say(sn, values);
      }
    }
    listener.onTick?.(nowSec());
    const nextSec = Math.min(nextPushSec, steps[0]?.atSec ?? Infinity, scenario.endSec);
    await clock.sleep(Math.max(1, (nextSec - nowSec()) * 1000));
  }
  isOver = true;
  return { verdicts: judge(scenario.expect, sightings, scenario.endSec), sightings };
}

async function take(
  step: Exclude<Step, { readonly kind: "late" }>,
  models: ReadonlyMap<string, StationModel>,
  world: World,
  nowSec: () => number,
): Promise<void> {
  const model = (name: string) => {
    for (const found of models.values()) if (found.station.name === name) return found;
    throw new RangeError(`Cannot play step at ${step.atSec} s: no station is named "${name}"`);
  };
  switch (step.kind) {
    case "grid": {
      // The time until now passed with the grid as it was.
      const station = model(step.station);
      station.at(nowSec());
      return station.setGrid(step.present);
    }
    case "soc":
      return model(step.station).setSoc(step.percent);
    case "drain": {
      const station = model(step.station);
      station.at(nowSec());
      return station.setDrain(step.percentPerMin);
    }
    case "cloud":
      return world.setCloudDelivers(step.delivers);
    case "cable":
      return world.setCable(step.station, step.says);
    case "broker":
      return await world.setBroker(step.up);
    case "agent":
      return await world.setAgent(step.agent, step.running);
    case "kill_daemon":
      await world.killDaemon();
      return void world.clock.sleep(step.downSec * 1000).then(() => world.startDaemon());
    case "feed":
      return world.feed(topicsUnder(DEFAULT_ROOTS).state(step.device), JSON.stringify(step.state));
  }
}

/** What a message means for a scenario; undefined for what it does not look at. Retained old words are not news. */
function probe({ topic, payload, retained }: BusMessage, atSec: number): Sighting | undefined {
  if (retained || payload.length === 0) return undefined;
  const topics = topicsUnder(DEFAULT_ROOTS);
  const name = topic.split("/").at(1) ?? "";
  const is = (filter: string) => matchesFilter(filter, topic);
  if (is(topics.command("+"))) {
    const { id, action } = parseAgentCommand(payload, topic);
    return { atSec, kind: "command", agent: name, action, id };
  }
  if (is(topics.ack("+"))) {
    const { status, detail } = parseAgentAck(payload, topic);
    return { atSec, kind: "ack", agent: name, status, detail };
  }
  if (topic === topics.events) return { atSec, kind: "event", event: parseEvent(payload, topic).kind };
  if (is(topics.policy("+"))) {
    const { device, state, sentence } = parsePolicyStatus(payload, topic);
    return { atSec, kind: "policy", device, state, sentence };
  }
  if (is(topics.state("+"))) {
    const { device, link, soc, grid_connected: gridConnected } = parsePowerState(payload, topic);
    return { atSec, kind: "state", device, link, soc, gridConnected };
  }
}

/** QoS 1 may bring a command twice: one id is one command. */
function isRepeat(sighting: Sighting, seen: Set<string>): boolean {
  if (sighting.kind !== "command") return false;
  if (seen.has(sighting.id)) return true;
  seen.add(sighting.id);
  return false;
}
