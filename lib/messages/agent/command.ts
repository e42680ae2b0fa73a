/** A command to one agent: topic `power-manager/<agent>/cmd`, QoS 1, expiring, never retained. */
import * as v from "valibot";
import { integerIn, isoTime, textUpTo } from "../parse.ts";
import { parseSigned } from "../parse_signed.ts";

const schema = v.object({
  id: v.pipe(
    v.string(),
    v.minLength(1, "must not be empty"),
    v.maxLength(64, "must have at most 64 characters"),
  ),
  action: v.picklist(["shutdown", "abort", "drill", "ping"]),
  delay_sec: v.optional(integerIn(0, 86_400)),
  reason: v.optional(textUpTo(500)),
  ttl_sec: v.optional(integerIn(1, 86_400)),
  agent: v.optional(textUpTo(64)),
  issued_at: v.optional(isoTime),
  stage: v.optional(integerIn(0, 99)),
  drill: v.optional(v.boolean()),
  challenge: v.optional(textUpTo(100)),
  sig: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits"))),
});

/**
 * What an agent is asked to do.
 *
 * `shutdown`: run the pre-shutdown commands, then switch off after `delay_sec` (0 to 86400 s). `abort`: undo what
 * can be undone. `drill`: everything but the last step. `ping`: answer. `ttl_sec` counts from `issued_at` (wall
 * time); after it the command must not be obeyed. `sig` is absent only on commands of the predecessor, or to agents
 * without a key. `challenge` is what the agent asked for when it refused this id for its time: a command that has it is
 * new whatever the clocks say. Keys of the first line of the design are the predecessor's.
 */
export type AgentCommand = v.InferOutput<typeof schema>;

/** Reads a command, with what a later version has signed; the signature is not verified here. @throws InvalidInputError naming each wrong key */
export function parseAgentCommand(payload: Uint8Array | string, source: string): AgentCommand {
  return parseSigned(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeAgentCommand(command: AgentCommand): string {
  return JSON.stringify(command);
}
