/**
 * Notices that a host's agent is gone though nobody told the host to go down: from then on a shutdown does not reach it.
 * What the policy does about its hosts is decided elsewhere. Pure but for its own memory; times are monotonic ms.
 */
import type { AgentStatus } from "../../../lib/messages/agent/status.ts";
import type { House } from "../house.ts";
import type { Telling } from "./journal.ts";
import { feedsOf } from "../rules/rules.ts";

/** With the grid an agent may be away for so long, ms: a reboot, an update or a new router says nothing. */
export const AWAY_MS = 600_000;
/** The same on battery, ms: there its absence may soon cost the host. */
export const AWAY_ON_BATTERY_MS = 120_000;

/** What is known of one agent. */
export type AgentState =
  /** It was not seen online since we run: that it is offline is no news. */
  | { readonly kind: "unheard" }
  | { readonly kind: "online"; readonly isGoingDown: boolean }
  /** Gone, and nobody knows why. */
  | { readonly kind: "away"; readonly sinceMonoMs: number }
  /** Gone because it was told, or as it said itself. */
  | { readonly kind: "excused" }
  /** Away for too long: told once. */
  | { readonly kind: "lost"; readonly sinceMonoMs: number };

/** What happens to one agent. */
export type AgentInput =
  | {
    readonly kind: "presence";
    readonly online: boolean;
    /** It says that its host is shutting down. */
    readonly isGoingDown: boolean;
    /** The policy told its host something that still counts. */
    readonly isCommanded: boolean;
  }
  /** `isLinkUp`: the broker can be reached, so that we would hear it come back. */
  | { readonly kind: "tick"; readonly isOnBattery: boolean; readonly isLinkUp: boolean };

/** What is to be told. */
export type AgentEffect = { readonly kind: "lost" | "back"; readonly awayMs: number };

interface Step {
  readonly state: AgentState;
  readonly effect?: AgentEffect;
}

/** Nothing was heard yet. */
export const UNHEARD: AgentState = { kind: "unheard" };

/** One step. The same again changes nothing and tells nothing. */
export function stepAgent(state: AgentState, input: AgentInput, nowMonoMs: number): Step {
  if (input.kind === "presence") {
    const { online, isGoingDown, isCommanded } = input;
    if (online) {
      const next: AgentState = { kind: "online", isGoingDown };
      if (state.kind !== "lost") return { state: next };
      return { state: next, effect: { kind: "back", awayMs: nowMonoMs - state.sinceMonoMs } };
    }
    if (state.kind !== "online") return { state };
    const isExcused = state.isGoingDown || isGoingDown || isCommanded;
    return { state: isExcused ? { kind: "excused" } : { kind: "away", sinceMonoMs: nowMonoMs } };
  }
  if (state.kind !== "away") return { state };
  // Without the broker it may be back and we would not know: it gets its time again.
  if (!input.isLinkUp) return { state: { kind: "away", sinceMonoMs: nowMonoMs } };
  const awayMs = nowMonoMs - state.sinceMonoMs;
  if (awayMs < (input.isOnBattery ? AWAY_ON_BATTERY_MS : AWAY_MS)) return { state };
  return { state: { ...state, kind: "lost" }, effect: { kind: "lost", awayMs } };
}

/** Watches the agents of a house. */
export class AgentWatch {
  readonly #agents = new Map<string, AgentState>();

  /** @param others Hosts without an agent of ours: whoever speaks for them tells of their absence too */
  constructor(private readonly others: readonly string[] = []) {}

  /** Takes in what an agent says of itself, or the broker of it. Hosts that the house does not know do not count. */
  noteStatus(
    agent: string,
    { online, going_down }: Pick<AgentStatus, "online" | "going_down">,
    house: House,
    nowMonoMs: number,
  ): readonly Telling[] {
    const host = house.state.hosts.get(agent);
    if (!host || this.others.includes(agent)) return [];
    const isCommanded = host.phase.kind !== "idle";
    const input = { kind: "presence", online, isGoingDown: going_down === true, isCommanded } as const;
    return this.#step(agent, input, nowMonoMs);
  }

  /** Lets time work: call about once a second. */
  tick(house: House, isLinkUp: boolean, nowMonoMs: number): readonly Telling[] {
    const { stations } = house.state;
    const away = [...this.#agents].filter(([, { kind }]) => kind === "away");
    return away.flatMap(([agent]) => {
      const feeds = feedsOf(agent, house.rules);
      const isOnBattery = feeds.some((device) => stations.get(device)?.verdict?.connected === false);
      return this.#step(agent, { kind: "tick", isOnBattery, isLinkUp }, nowMonoMs);
    });
  }

  #step(agent: string, input: AgentInput, nowMonoMs: number): readonly Telling[] {
    const { state, effect } = stepAgent(this.#agents.get(agent) ?? UNHEARD, input, nowMonoMs);
    this.#agents.set(agent, state);
    return effect ? [tellingOf(agent, effect)] : [];
  }
}

function tellingOf(agent: string, { kind, awayMs }: AgentEffect): Telling {
  const minutes = Math.floor(awayMs / 60_000);
  const data = { away_s: Math.round(awayMs / 1000) };
  if (kind === "back") {
    const text = `${agent}: its agent is back after ${minutes} min`;
    return {
      level: "notice",
      title: "AGENT BACK",
      fields: { agent, ...data },
      event: { kind: "agent_back", severity: "notice", agent, text, data },
    };
  }
  const text =
    `${agent}: its agent has been gone for ${minutes} min and nobody told the host to go down; a shutdown would not reach it now`;
  return {
    level: "warn",
    title: "AGENT LOST",
    fields: { agent, ...data },
    event: { kind: "agent_lost", severity: "warning", agent, text, data },
  };
}
