/** What is known of the house: the last word of everybody, each with the time at which it was heard. */
import type { AgentAck } from "../../../lib/messages/agent/ack.ts";
import type { AgentStatus } from "../../../lib/messages/agent/status.ts";
import type { CloudStatus } from "../../../lib/messages/cloud_status.ts";
import type { DrillReport } from "../../../lib/messages/drill.ts";
import type { OrchestratorStatus } from "../../../lib/messages/orchestrator_status.ts";
import type { PolicyStatus } from "../../../lib/messages/policy_status.ts";
import type { PowerState } from "../../../lib/messages/power_state.ts";

/** A last word. */
export interface Heard<T> {
  readonly value: T;
  /** When it was true, as far as we know: its arrival, or for what the broker kept, its own time if believable. */
  readonly atMonoMs: number;
  /** The broker kept it, without a believable time: its age is unknown, and it never counts as live. */
  readonly isAgeless?: true;
}

/** See the file comment. */
export interface House {
  /** Whether the broker is reachable; without it everything is old. */
  isBrokerUp: boolean;
  /** By station. */
  readonly states: Map<string, Heard<PowerState>>;
  readonly policies: Map<string, Heard<PolicyStatus>>;
  /** By agent. */
  readonly agents: Map<string, Heard<AgentStatus>>;
  readonly acks: Map<string, Heard<AgentAck>>;
  cloud: Heard<CloudStatus> | undefined;
  daemon: Heard<OrchestratorStatus> | undefined;
  drill: Heard<DrillReport> | undefined;
}

/** Nothing heard yet. */
export function emptyHouse(): House {
  return {
    isBrokerUp: false,
    states: new Map(),
    policies: new Map(),
    agents: new Map(),
    acks: new Map(),
    cloud: undefined,
    daemon: undefined,
    drill: undefined,
  };
}
