/** An agent's answer to one command: topic `power-manager/<agent>/ack`, QoS 1. */
import * as v from "valibot";
import { isoTime, parseJson, textUpTo } from "../parse.ts";

/** The steps that an agent reports, in the order in which they can come. */
export const ACK_STATUSES = [
  "accepted",
  "rejected",
  "running",
  "shutting_down",
  "aborted",
  "failed",
  "done",
] as const;

const schema = v.object({
  id: v.pipe(
    v.string(),
    v.minLength(1, "must not be empty"),
    v.maxLength(64, "must have at most 64 characters"),
  ),
  agent: textUpTo(64),
  status: v.picklist(ACK_STATUSES),
  action: v.optional(textUpTo(32)),
  detail: v.optional(textUpTo(1000)),
  challenge: v.optional(textUpTo(100)),
  ts: v.optional(isoTime),
});

/**
 * One step of an agent's way through a command.
 *
 * `accepted`: will be obeyed. `rejected`: will not, `detail` says why. `running`: a pre-shutdown command runs.
 * `shutting_down`: the platform's shutdown was called. `aborted`: undone. `failed`: a step failed, `detail` says
 * which. `done`: a `ping` or `drill` is complete. `challenge`, on `rejected` only: all but the command's time was right;
 * signed anew with this in it, and the same id, it will be obeyed.
 */
export type AgentAck = v.InferOutput<typeof schema>;

/** Reads an answer. @throws InvalidInputError naming each wrong key */
export function parseAgentAck(payload: Uint8Array | string, source: string): AgentAck {
  return parseJson(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeAgentAck(ack: AgentAck): string {
  return JSON.stringify(ack);
}
