/**
 * Readings from before a restart: how long they may trigger nothing, and when they are dropped. Pure but for its memory; times are monotonic ms.
 */
import type { AgentStatus } from "../../../lib/messages/agent/status.ts";
import type { House } from "../house.ts";
import { PowerDoubt } from "./power_return.ts";
import { feedsOf, hostsOfStation } from "../rules/rules.ts";
import type { DoubtBasis } from "./snapshot.ts";
import { isGridFresh } from "../outage/grid_verdict.ts";

/** After a restart old readings may trigger nothing for this long, ms: fresh ones get a chance. */
const RESTART_GRACE_MS = 30_000;

/** What a snapshot says of the restart; without one there are no old readings. */
export interface Restart {
  /** Wall time of the snapshot, ms since 1970; absent: there was none. */
  readonly savedAtMs?: number;
  /** Absent when it was no reboot, as far as anybody can tell. */
  readonly doubt?: DoubtBasis;
}

/** See the file comment. */
export class RestartGrace {
  /** After a restart; a doubt may last longer. */
  #graceEndMonoMs = -Infinity;
  /** There after what looks like a reboot, until it is settled. */
  #doubt: PowerDoubt | undefined;

  /** Begins to count. */
  resume({ savedAtMs, doubt }: Restart, nowMonoMs: number): void {
    if (doubt) this.#doubt = new PowerDoubt(doubt);
    this.#graceEndMonoMs = savedAtMs === undefined ? nowMonoMs : nowMonoMs + RESTART_GRACE_MS;
  }

  /** Until then old readings trigger nothing. */
  get notBeforeMonoMs(): number {
    return Math.max(this.#graceEndMonoMs, this.#doubt?.endMonoMs ?? -Infinity);
  }

  /** Whether nobody knows yet if the power was gone. */
  get isInDoubt(): boolean {
    return this.#doubt !== undefined;
  }

  /** Takes what a host says of itself; in doubt it may move {@link RestartGrace.notBeforeMonoMs}. */
  noteStatus(agent: string, status: AgentStatus): void {
    this.#doubt?.noteStatus(agent, status);
  }

  /**
   * Ends a doubt whose time is over; call it before old readings may trigger anything.
   *
   * @returns the stations whose hosts contradict the old readings; undefined when there was no doubt, or it goes on
   */
  settle(house: House, nowMonoMs: number): readonly string[] | undefined {
    const doubt = this.#doubt;
    if (!doubt || nowMonoMs < doubt.endMonoMs) return undefined;
    this.#doubt = undefined;
    return [...house.state.stations.keys()]
      .filter((device) => doubt.isPowerBack(hostsOfStation(house.rulesOf(device))));
  }

  /**
   * In doubt an agent keeps the plan that it has. One that booted with the power holds none, or a void one: a new "on
   * battery" by old readings would send it down when it loses us. One that had power all the while holds the right one.
   */
  maySpeakFor(agent: string, house: House, nowMonoMs: number): boolean {
    if (!this.#doubt) return true;
    const { rules, state } = house;
    return feedsOf(agent, rules).some((device) => {
      const station = state.stations.get(device);
      return station !== undefined &&
        isGridFresh(station, house.rulesOf(device).grid, rules.staleAfterMs, nowMonoMs);
    });
  }
}
