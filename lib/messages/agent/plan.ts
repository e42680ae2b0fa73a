/** What an agent does alone if it loses us: topic `power-manager/<agent>/plan`, QoS 1, retained, signed. */
import * as v from "valibot";
import { integerIn, isoTime, textUpTo } from "../parse.ts";
import { parseSigned } from "../parse_signed.ts";

const schema = v.object({
  id: v.pipe(
    v.string(),
    v.minLength(1, "must not be empty"),
    v.maxLength(64, "must have at most 64 characters"),
  ),
  agent: textUpTo(64),
  device: textUpTo(64),
  state: v.picklist(["online", "on_battery"]),
  issued_at: isoTime,
  deadline_at: v.optional(isoTime),
  deadline_in_s: v.optional(integerIn(0, 31_536_000)),
  delay_sec: v.optional(integerIn(0, 86_400)),
  reason: textUpTo(500),
  sig: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits"))),
});

/**
 * The newest plan replaces every earlier one. That is the one with the latest `issued_at`. It is later than that of every plan
 * before it, also where the wall clock went back, and may be some seconds ahead. Signed like a command, over all keys but `sig`.
 * `sig` is absent only for an agent without a key.
 *
 * `online`: the grid is there as far as anybody knows; alone, do nothing. `on_battery`: whoever cannot reach the broker
 * when the deadline comes shuts down as if told (with `delay_sec`, 0 to 86400 s); whoever can reach it waits for
 * commands, also beyond the deadline. `device` is the station that the deadline rests on.
 *
 * `deadline_at` is wall time; `deadline_in_s` is the same, in seconds from when it was sent. A plan that came live is best
 * counted from its arrival on a monotonic clock; one that the broker kept is old by an unknown time, and `deadline_at`
 * holds. Both are absent on `online`, and on `on_battery` only when nothing can be said: then do nothing alone.
 */
export type AgentPlan = v.InferOutput<typeof schema>;

/** Reads a plan, with what a later version has signed; the signature is not verified here. @throws InvalidInputError naming each wrong key */
export function parseAgentPlan(payload: Uint8Array | string, source: string): AgentPlan {
  return parseSigned(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeAgentPlan(plan: AgentPlan): string {
  return JSON.stringify(plan);
}
