/** The power stations and what was heard of them. Keeps the memories; the rules are in `station.ts`. */
import type { PolicyStatus } from "../../../lib/messages/policy_status.ts";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import {
  type Grace,
  isPolicyHeard,
  notePolicy,
  noteState,
  NOTHING_HEARD,
  type StationMemory,
  type StationView,
  viewStation,
} from "./station.ts";

/** When and how something was heard; `nowMonoMs` is monotonic and never goes back. */
export interface Arrival {
  /** The broker kept it from before. */
  readonly retained: boolean;
  readonly nowMonoMs: number;
}

/** See the file comment. */
export class Stations {
  readonly #memories = new Map<string, StationMemory>();

  constructor(private readonly grace: Grace) {}

  /** Names of those of which something was heard. */
  get devices(): readonly string[] {
    return [...this.#memories.keys()];
  }

  /** What is remembered of one. */
  memoryOf(device: string): StationMemory {
    return this.#memories.get(device) ?? NOTHING_HEARD;
  }

  /** The policy's newest status of a station, when it is to be believed. */
  policyOf(device: string): PolicyStatus | undefined {
    const { policy } = this.memoryOf(device);
    return policy && !policy.retained ? policy.status : undefined;
  }

  /** Takes in a report. */
  noteState(device: string, state: PowerState, at: Arrival): void {
    this.#memories.set(device, noteState(this.memoryOf(device), state, at));
  }

  /** Takes in a status of the policy. */
  notePolicy(device: string, status: PolicyStatus, at: Arrival): void {
    this.#memories.set(device, notePolicy(this.memoryOf(device), status, at));
  }

  /** What may be said of one now. */
  view(device: string, nowMonoMs: number): StationView {
    return viewStation(this.memoryOf(device), nowMonoMs, this.grace);
  }

  /** Whether it is known to run on its battery. */
  isOnBattery(device: string, nowMonoMs: number): boolean {
    const view = this.view(device, nowMonoMs);
    return view.kind === "estimated" || (view.kind === "live" && !view.gridConnected);
  }

  /** Whether it says freshly that the grid is there. */
  hasGrid(device: string, nowMonoMs: number): boolean {
    const view = this.view(device, nowMonoMs);
    return view.kind === "live" && view.gridConnected;
  }

  /** A policy that fell silent cannot take its status back; a fresh reading of the station that the grid is there does. */
  isPolicyGone(device: string, nowMonoMs: number): boolean {
    const memory = this.memoryOf(device);
    if (!memory.policy || isPolicyHeard(memory, nowMonoMs, this.grace)) return false;
    return this.hasGrid(device, nowMonoMs);
  }
}
