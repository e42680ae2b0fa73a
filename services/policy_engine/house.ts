/**
 * The whole house: stations with their outages, hosts with their ways down and back, and which station feeds which host.
 * Without side effects but on itself: states, answers and time in; commands and journal entries out.
 */
import type { PowerState } from "../../lib/messages/power_state.ts";
import { type Charge, chargeOnBattery } from "./blind_estimate.ts";
import { type HostEffect, type HostInput, type HostRules, type HostState, stepHost } from "./host.ts";
import {
  type OutageEvent,
  type OutageFacts,
  type OutagePhase,
  type OutageRules,
  stepOutage,
} from "./outage.ts";
import { type Arrival, freshestMonoMs, hear, type Words } from "./words.ts";

/** One station: its last words and where its outage stands. */
export interface StationState {
  readonly words: Words;
  readonly phase: OutagePhase;
  /** Nothing fresh for longer than the limit. */
  readonly isBlind: boolean;
}

/** Everything that the policy remembers. */
export interface HouseState {
  readonly stations: ReadonlyMap<string, StationState>;
  readonly hosts: ReadonlyMap<string, HostState>;
}

/** The owner's map and limits. */
export interface HouseRules extends OutageRules, HostRules {
  /** Station name to the hosts on it. */
  readonly hostsByStation: Readonly<Record<string, readonly string[]>>;
  /** Without fresh evidence for this long we are blind, ms. */
  readonly staleAfterMs: number;
}

/** Something that came from outside. */
export type HouseInput =
  | { readonly kind: "state"; readonly device: string; readonly state: PowerState; readonly arrival: Arrival }
  | { readonly kind: "host"; readonly agent: string; readonly input: Exclude<HostInput, { kind: "tick" }> }
  | { readonly kind: "tick" };

/** What follows. */
export type HouseEffect =
  | { readonly kind: "outage"; readonly device: string; readonly event: OutageEvent }
  | {
    readonly kind: "blind";
    readonly device: string;
    readonly isBlind: boolean;
    readonly onBattery: boolean;
  }
  | { readonly kind: "host"; readonly agent: string; readonly effect: HostEffect; readonly reason: string };

/** Nothing was heard yet; every mapped station and host is known by name. */
export function emptyHouse({ hostsByStation }: Pick<HouseRules, "hostsByStation">): HouseState {
  const agents = new Set(Object.values(hostsByStation).flat());
  return {
    stations: new Map(Object.keys(hostsByStation).map((device) => [device, NEW_STATION])),
    hosts: new Map([...agents].map((agent) => [agent, { phase: { kind: "idle" } }])),
  };
}

const NEW_STATION: StationState = { words: {}, phase: { kind: "unknown" }, isBlind: false };

/** The house and its rules; each input touches only the station and the hosts that it concerns. */
export class House {
  readonly #stations: Map<string, StationState>;
  readonly #hosts: Map<string, HostState>;
  readonly #feeds: ReadonlyMap<string, readonly string[]>;

  /**
   * @param start The state to begin with: {@link emptyHouse}, or a restored one
   * @param newId Makes the id of a command
   */
  constructor(start: HouseState, readonly rules: HouseRules, private readonly newId: () => string) {
    this.#stations = new Map(start.stations);
    this.#hosts = new Map(start.hosts);
    this.#feeds = new Map(
      [...this.#hosts.keys()].map((agent) => [agent, stationsOf(agent, rules.hostsByStation)]),
    );
  }

  /** The present state; it changes with the next step. */
  get state(): HouseState {
    return { stations: this.#stations, hosts: this.#hosts };
  }

  /** Takes one input in and draws the conclusions. */
  step(input: HouseInput, nowMonoMs: number): readonly HouseEffect[] {
    switch (input.kind) {
      case "state": {
        const before = this.#stations.get(input.device) ?? NEW_STATION;
        const words = hear(before.words, input.state, input.arrival);
        this.#stations.set(input.device, { ...before, words });
        return this.#concludeStation(input.device, nowMonoMs);
      }
      case "host":
        return this.#concludeHost(input.agent, input.input, nowMonoMs);
      case "tick":
        return [...this.#stations.keys()].flatMap((device) => this.#concludeStation(device, nowMonoMs));
    }
  }

  #concludeStation(device: string, nowMonoMs: number): HouseEffect[] {
    const before = this.#stations.get(device) ?? NEW_STATION;
    const { next, found } = conclude(before, this.rules, nowMonoMs);
    this.#stations.set(device, next);
    const effects: HouseEffect[] = found.map((effect) => ({ ...effect, device }));
    const reason = found.flatMap((e) => e.kind === "outage" && "reason" in e.event ? [e.event.reason] : [])
      .at(-1);
    for (const agent of this.rules.hostsByStation[device] ?? []) {
      effects.push(...this.#concludeHost(agent, undefined, nowMonoMs, reason && `${device}: ${reason}`));
    }
    return effects;
  }

  #concludeHost(
    agent: string,
    input: Exclude<HostInput, { kind: "tick" }> | undefined,
    nowMonoMs: number,
    reason?: string,
  ): HouseEffect[] {
    const before = this.#hosts.get(agent);
    if (!before) return [];
    const feeds = this.#feeds.get(agent) ?? [];
    const tick: HostInput = { kind: "tick", wanted: wantedOf(feeds, this.#stations) };
    const effects: HouseEffect[] = [];
    let state = before;
    for (const one of input ? [input, tick] : [tick]) {
      const step = stepHost(state, one, this.rules, nowMonoMs, this.newId);
      state = step.state;
      for (const effect of step.effects) {
        effects.push({ kind: "host", agent, effect, reason: reason ?? this.#standingReason(feeds) });
      }
    }
    this.#hosts.set(agent, state);
    return effects;
  }

  #standingReason(feeds: readonly string[]): string {
    const down = feeds.find((device) => this.#stations.get(device)?.phase.kind === "shutting_down");
    return down === undefined ? "the danger is over" : `${down}: the outage goes on`;
  }
}

/** What is known of a station now. */
export function factsOf({ words }: StationState, staleAfterMs: number, nowMonoMs: number): OutageFacts {
  const charge: Charge | undefined = words.grid?.value === false
    ? chargeOnBattery(words, nowMonoMs, staleAfterMs)
    : words.socPercent && { percent: words.socPercent.value, isEstimate: false };
  return { gridConnected: words.grid?.value, charge };
}

type Conclusion = {
  next: StationState;
  found: DistributiveOmit<Exclude<HouseEffect, { kind: "host" }>, "device">[];
};
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function conclude(before: StationState, rules: HouseRules, nowMonoMs: number): Conclusion {
  const facts = factsOf(before, rules.staleAfterMs, nowMonoMs);
  const { phase, events } = stepOutage(before.phase, facts, rules, nowMonoMs);
  const freshest = freshestMonoMs(before.words);
  const isBlind = freshest !== undefined && nowMonoMs - freshest > rules.staleAfterMs;
  const found: Conclusion["found"] = events.map((event) => ({ kind: "outage", event }));
  if (isBlind !== before.isBlind) {
    found.push({ kind: "blind", isBlind, onBattery: facts.gridConnected === false });
  }
  return { next: { ...before, phase, isBlind }, found };
}

/**
 * A host goes down when at least one of its stations is shutting down and none of the others is known to be alive. A
 * station that was never heard does not hold a host up: unknown is never "all is well".
 *
 * @param feeds The names of the stations that feed the host
 */
export function wantedOf(
  feeds: readonly string[],
  stations: ReadonlyMap<string, StationState>,
): "up" | "down" {
  const kinds = feeds.map((device) => stations.get(device)?.phase.kind ?? "unknown");
  const isAnyDown = kinds.includes("shutting_down");
  return isAnyDown && kinds.every((kind) => kind === "shutting_down" || kind === "unknown") ? "down" : "up";
}

/** The stations that feed a host. */
export function stationsOf(agent: string, hostsByStation: HouseRules["hostsByStation"]): string[] {
  return Object.entries(hostsByStation).filter(([, agents]) => agents.includes(agent)).map(([device]) =>
    device
  );
}
