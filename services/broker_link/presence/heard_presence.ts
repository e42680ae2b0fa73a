/** What a message on the daemon's presence topic says, read once for all who judge it. Pure. */
import { InvalidInputError } from "../../../lib/errors.ts";
import { parseOrchestratorStatus } from "../../../lib/messages/orchestrator_status.ts";

/** A daemon's presence, as far as whoever judges it must know. */
export interface HeardPresence {
  readonly isOnline: boolean;
  /** The mark of the daemon that says it, another one at each start; undefined when it names none. */
  readonly instance: string | undefined;
  /** The machine of that daemon; undefined when it does not say. */
  readonly hostName: string | undefined;
}

/** Reads a presence; undefined for anything else, also for nothing at all. */
export function tryPresence(payload: Uint8Array | string): HeardPresence | undefined {
  try {
    const { online, instance, host_name } = parseOrchestratorStatus(payload, "the daemon's presence");
    return { isOnline: online, instance, hostName: host_name };
  } catch (error) {
    if (error instanceof InvalidInputError) return undefined;
    throw error;
  }
}
