/**
 * The whole house: stations with their outages, hosts with their ways down and back, and which station feeds which host.
 * Without side effects but on itself: states, answers and time in; commands and journal entries out.
 */
import type { PowerState } from "../../lib/messages/power_state.ts";
import { calmUntilMonoMs, isCalm } from "./outage/calm.ts";
import { isGridFresh, type WitnessReading } from "./outage/grid_verdict.ts";
import { feedViews, isKnownFed, wantedByFeed, wantedOf } from "./hosts/feeds.ts";
import type { Hold } from "./outage/timer.ts";
import { stepHost } from "./hosts/host.ts";
import { type HostEffect, type HostInput, type HostState } from "./hosts/host_phase.ts";
import {
  feedsOf,
  hostsOf,
  hostsOfStation,
  type HouseRules,
  placeOf,
  type StationRules,
} from "./rules/rules.ts";
import type { StageView } from "./outage/stages.ts";
import { NEW_STATION, type StationEvent, type StationState, stepStation } from "./outage/station.ts";
import { mayWake } from "./hosts/wake_order.ts";
import { type Arrival, mergeState } from "./outage/readings.ts";
import { own } from "../../lib/own.ts";

/** Everything that the policy remembers. */
export interface HouseState {
  readonly stations: ReadonlyMap<string, StationState>;
  readonly hosts: ReadonlyMap<string, HostState>;
  /** How long hosts took to go down, ms, newest last. */
  readonly learnedMs: ReadonlyMap<string, readonly number[]>;
  /** The month of the last drill that the schedule began, as `2026-11`. */
  readonly drilledMonth?: string;
}

/** Something that came from outside. */
export type HouseInput =
  | { readonly kind: "state"; readonly device: string; readonly state: PowerState; readonly arrival: Arrival }
  | { readonly kind: "witness"; readonly device: string; readonly reading: WitnessReading }
  | { readonly kind: "host"; readonly agent: string; readonly input: Exclude<HostInput, { kind: "tick" }> }
  | { readonly kind: "learned"; readonly agent: string; readonly tookMs: number }
  | { readonly kind: "drilled"; readonly month: string }
  | { readonly kind: "hold"; readonly device: string; readonly hold: Hold }
  /** Old readings trigger nothing until then. */
  | { readonly kind: "grace"; readonly untilMonoMs: number }
  /** What was known of the grid before the restart is not true any more. */
  | { readonly kind: "power_is_back"; readonly device: string }
  /** A play is over: its grid counts as back, so that whoever was told by it is called off. */
  | { readonly kind: "play_over"; readonly device: string; readonly isCutOff?: boolean }
  /** Time passes for these stations; for all when absent. */
  | { readonly kind: "tick"; readonly devices?: readonly string[] };

/** What follows. */
export type HouseEffect =
  | (StationEvent & { readonly device: string })
  | { readonly kind: "outage_forgotten"; readonly device: string }
  | {
    readonly kind: "host";
    readonly agent: string;
    readonly effect: HostEffect;
    readonly reason: string;
    /** The stage in which it goes down. */
    readonly stage?: number;
  };

/** Runs a part; undefined when it threw, and the others go on. */
export type Isolate = <T>(what: string, act: () => T) => T | undefined;

/** As many durations of a host are kept. */
const LEARNED_KEPT = 5;

/** Nothing was heard yet; every mapped station and host is known by name. */
export function emptyHouse(rules: Pick<HouseRules, "stations">): HouseState {
  return {
    stations: new Map(Object.keys(rules.stations).map((device) => [device, NEW_STATION])),
    hosts: new Map(hostsOf(rules).map((agent) => [agent, { phase: { kind: "idle" } }])),
    learnedMs: new Map(),
  };
}

/** The house and its rules; each input touches only the station and the hosts that it concerns. */
export class House {
  readonly #stations: Map<string, StationState>;
  readonly #hosts: Map<string, HostState>;
  readonly #learnedMs: Map<string, readonly number[]>;
  #drilledMonth: string | undefined;
  #rules: HouseRules;
  readonly #hostsByStation: ReadonlyMap<string, readonly string[]>;

  /**
   * @param start The state to begin with: {@link emptyHouse}, or a restored one
   * @param newId Makes the id of a command
   * @param isolate Runs what concerns one host or station; absent: what throws ends the step
   */
  constructor(
    start: HouseState,
    rules: HouseRules,
    private readonly newId: () => string,
    private readonly isolate: Isolate = (_what, act) => act(),
  ) {
    this.#rules = rules;
    this.#stations = new Map(start.stations);
    this.#hosts = new Map(start.hosts);
    this.#learnedMs = new Map(start.learnedMs);
    this.#drilledMonth = start.drilledMonth;
    this.#hostsByStation = new Map(
      Object.entries(rules.stations).map(([device, station]) => [device, hostsOfStation(station)]),
    );
  }

  /** The present state; it changes with the next step. */
  get state(): HouseState {
    return {
      stations: this.#stations,
      hosts: this.#hosts,
      learnedMs: this.#learnedMs,
      drilledMonth: this.#drilledMonth,
    };
  }

  /** The owner's rules, with the grace as it is now. */
  get rules(): HouseRules {
    return this.#rules;
  }

  /** The rules of a station; those for stations that nobody named when it is not in the map. */
  rulesOf(device: string): StationRules {
    return own(this.rules.stations, device) ?? this.rules.watched;
  }

  /**
   * Forgets a station of which nobody speaks any more. One that the rules name is never forgotten: hosts hang on it, and its
   * silence is what they must be protected from.
   *
   * @returns whether nothing is known of it now
   */
  forget(device: string): boolean {
    if (Object.hasOwn(this.rules.stations, device)) return false;
    this.#stations.delete(device);
    return true;
  }

  /** When time alone may change something for a station or its hosts, monotonic ms; -Infinity: at any time. */
  calmUntilMonoMs(device: string, nowMonoMs: number): number {
    if (!this.isCalm(device)) return -Infinity;
    const { readings } = this.#stations.get(device) ?? NEW_STATION;
    return calmUntilMonoMs(readings, this.rules.staleAfterMs, nowMonoMs);
  }

  /** Whether a station is calm, and each of its hosts at rest. */
  isCalm(device: string): boolean {
    for (const agent of this.#hostsByStation.get(device) ?? []) {
      if ((this.#hosts.get(agent)?.phase.kind ?? "idle") !== "idle") return false;
    }
    return isCalm(this.#stations.get(device) ?? NEW_STATION, this.rulesOf(device));
  }

  /** How a station's stages see the hosts now. */
  viewFor(device: string): StageView {
    return {
      isSettled: (host) => {
        if (this.#hosts.get(host)?.phase.kind === "down") return true;
        if (this.rules.goesWithAny.has(host)) return false;
        const others = feedsOf(host, this.rules).filter((other) => other !== device);
        return others.some((other) => isKnownFed(this.#stations.get(other) ?? NEW_STATION));
      },
      learnedMs: (host) => {
        const learned = this.#learnedMs.get(host);
        return learned && learned.length > 0 ? Math.max(...learned) : undefined;
      },
    };
  }

  /** Takes one input in and draws the conclusions. */
  step(input: HouseInput, nowMonoMs: number): readonly HouseEffect[] {
    switch (input.kind) {
      case "state": {
        const before = this.#stations.get(input.device) ?? NEW_STATION;
        const readings = mergeState(before.readings, input.state, input.arrival);
        const link = input.arrival.retained ? before.link : input.state.link;
        this.#stations.set(input.device, { ...before, readings, link });
        return this.#concludeStation(input.device, nowMonoMs);
      }
      case "witness": {
        const before = this.#stations.get(input.device) ?? NEW_STATION;
        const witnesses = new Map(before.witnesses).set(input.reading.name, input.reading);
        this.#stations.set(input.device, { ...before, witnesses });
        return this.#concludeStation(input.device, nowMonoMs);
      }
      case "host":
        return this.#concludeHost(input.agent, input.input, nowMonoMs);
      case "learned": {
        this.#learn(input.agent, input.tookMs);
        return [];
      }
      case "drilled": {
        this.#drilledMonth = input.month;
        return [];
      }
      case "hold": {
        const before = this.#stations.get(input.device);
        if (!before) return [];
        this.#stations.set(input.device, { ...before, held: input.hold });
        return this.#concludeStation(input.device, nowMonoMs);
      }
      case "grace": {
        this.#rules = { ...this.#rules, notBeforeMonoMs: input.untilMonoMs };
        return [];
      }
      case "power_is_back":
        return this.#forgetOutage(input.device);
      case "play_over":
        return this.#endPlay(input.device, input.isCutOff === true, nowMonoMs);
      case "tick":
        return [...input.devices ?? this.#stations.keys()].flatMap((device) =>
          this.isolate(`station "${device}"`, () => this.#concludeStation(device, nowMonoMs)) ?? []
        );
    }
  }

  /** Only an outage that nobody has spoken of since the restart. */
  #forgetOutage(device: string): HouseEffect[] {
    const before = this.#stations.get(device);
    if (!before?.readings.grid?.isFromBefore || before.verdict?.connected !== false) return [];
    if (before.verdict.by !== "station") return [];
    this.#stations.set(device, { ...NEW_STATION, readings: { ...before.readings, grid: undefined } });
    return [{ kind: "outage_forgotten", device }];
  }

  /** @param isCutOff By the end of the daemon: nothing of it is known any more but what its hosts were told */
  #endPlay(device: string, isCutOff: boolean, nowMonoMs: number): HouseEffect[] {
    const before = this.#stations.get(device) ?? NEW_STATION;
    if (!before.readings.simulated && !isCutOff) return [];
    const at = { atMonoMs: nowMonoMs };
    const readings = {
      simulated: before.readings.simulated ?? { value: true, ...at },
      grid: { value: true, ...at },
      spoke: { value: true, ...at },
    } as const;
    this.#stations.set(device, { ...NEW_STATION, phases: before.phases, started: before.started, readings });
    return this.#concludeStation(device, nowMonoMs);
  }

  /**
   * Forgets a station that was played, as if nobody had ever spoken of it; not yet while one of its hosts is told or called off.
   *
   * @returns whether it is done
   */
  forgetPlay(device: string): boolean {
    const busy = (this.#hostsByStation.get(device) ?? []).some((agent) => {
      const kind = this.#hosts.get(agent)?.phase.kind;
      return kind === "commanded" || kind === "aborting";
    });
    if (busy) return false;
    if (Object.hasOwn(this.rules.stations, device)) this.#stations.set(device, NEW_STATION);
    else this.#stations.delete(device);
    return true;
  }

  #concludeStation(device: string, nowMonoMs: number): HouseEffect[] {
    const station = this.rulesOf(device);
    const before = this.#stations.get(device) ?? NEW_STATION;
    const { state, events } = stepStation(before, this.rules, station, this.viewFor(device), nowMonoMs);
    this.#stations.set(device, state);
    const effects: HouseEffect[] = events.map((event) => ({ ...event, device }));
    for (const agent of this.#hostsByStation.get(device) ?? []) {
      const own = this.isolate(`host "${agent}"`, () => this.#concludeHost(agent, undefined, nowMonoMs));
      effects.push(...own ?? []);
    }
    return effects;
  }

  #concludeHost(
    agent: string,
    input: Exclude<HostInput, { kind: "tick" }> | undefined,
    nowMonoMs: number,
  ): HouseEffect[] {
    const before = this.#hosts.get(agent);
    if (!before) return [];
    const feeds = feedsOf(agent, this.rules);
    const tick: HostInput = {
      kind: "tick",
      wanted: wantedOf(agent, feeds, this.rules, this.#stations, nowMonoMs),
      mayWake: (before.phase.kind === "down" || before.phase.kind === "waking") &&
        mayWake(
          agent,
          this.rules,
          feedViews(this.#statesOf(feeds), this.rules.staleAfterMs, nowMonoMs),
          this.#hosts,
          nowMonoMs,
        ),
    };
    // After a restart nobody is told before fresh readings had their chance, not even what was decided before.
    const isHeld = tick.wanted === "down" && nowMonoMs < this.rules.notBeforeMonoMs &&
      !feeds.some((device) => this.#isSeen(device, nowMonoMs));
    // Told before, and now nobody knows anything: neither repeated nor called off until somebody speaks.
    const isUnknown = before.phase.kind === "commanded" &&
      feeds.every((device) => wantedByFeed(agent, device, this.rules, this.#stations) === "unknown");
    const effects: HouseEffect[] = [];
    let state = before;
    for (const one of [...(input ? [input] : []), ...(isHeld || isUnknown ? [] : [tick])]) {
      const step = stepHost(state, one, this.rules, nowMonoMs, this.newId);
      state = step.state;
      for (const effect of step.effects) {
        if (effect.kind === "is_down") this.#learn(agent, effect.tookMs);
        effects.push({ kind: "host", agent, effect, ...this.#because(agent, feeds, effect) });
      }
    }
    this.#hosts.set(agent, state);
    return effects;
  }

  #statesOf(devices: readonly string[]): (readonly [string, StationState])[] {
    return devices.flatMap((device) => {
      const state = this.#stations.get(device);
      return state ? [[device, state] as const] : [];
    });
  }

  #isSeen(device: string, nowMonoMs: number): boolean {
    const state = this.#stations.get(device) ?? NEW_STATION;
    return isGridFresh(state, this.rulesOf(device).grid, this.rules.staleAfterMs, nowMonoMs);
  }

  #learn(agent: string, tookMs: number): void {
    const learned = [...(this.#learnedMs.get(agent) ?? []), Math.round(tookMs)];
    this.#learnedMs.set(agent, learned.slice(-LEARNED_KEPT));
  }

  /** Why a host is told, or went; of all else, why it may stay up. */
  #because(
    agent: string,
    feeds: readonly string[],
    effect: HostEffect,
  ): { readonly reason: string; readonly stage?: number } {
    const isDown = effect.kind === "is_down" || (effect.kind === "send" && effect.action === "shutdown");
    for (const device of feeds) {
      const place = placeOf(agent, this.rulesOf(device));
      const phase = place && this.#stations.get(device)?.phases.get(place.group.key);
      if (!place || phase?.kind !== "shutting_down") continue;
      if (!isDown) return { reason: "another of its stations carries it" };
      return { reason: `${device}: ${phase.reason}`, stage: place.stage.number };
    }
    const isBack = feeds.some((device) => this.#stations.get(device)?.verdict?.connected === true);
    return { reason: isBack ? "the grid is back" : "the danger is over" };
  }
}
