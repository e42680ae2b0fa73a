/** Presence of an agent: topic `power-manager/<agent>/status`, retained, with a will. */
import * as v from "valibot";
import { isoTime, numberIn, parseJson, textUpTo } from "../parse.ts";

const schema = v.object({
  agent: textUpTo(64),
  online: v.boolean(),
  version: v.optional(textUpTo(32)),
  os: v.optional(textUpTo(64)),
  hostname: v.optional(textUpTo(255)),
  uptime_s: v.optional(numberIn(0, 1e10)),
  can: v.optional(v.pipe(v.array(textUpTo(32)), v.maxLength(32, "must have at most 32 entries"))),
  last_command_id: v.optional(textUpTo(64)),
  going_down: v.optional(v.boolean()),
  rehearsal: v.optional(v.boolean()),
  key_ids: v.optional(v.pipe(v.array(textUpTo(16)), v.maxLength(8, "must have at most 8 entries"))),
  plan_id: v.optional(textUpTo(64)),
  boot: v.optional(textUpTo(32)),
  ts: v.optional(isoTime),
});

/**
 * What an agent says of itself. The will is `{"agent":…,"online":false}`, so that a crash reads as offline;
 * `going_down` true before it means that the host is shutting down and did not crash. `rehearsal` true: it prints
 * what it would run. `can`: actions it obeys. `key_ids`: the keys that it accepts, newest first, as `keyId` of
 * `lib/pairing/signing.ts` names them. `plan_id`: the plan that it would follow alone. `boot`: the same until its host is
 * started anew, and another one on every other host.
 */
export type AgentStatus = v.InferOutput<typeof schema>;

/** Reads a status. @throws InvalidInputError naming each wrong key */
export function parseAgentStatus(payload: Uint8Array | string, source: string): AgentStatus {
  return parseJson(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeAgentStatus(status: AgentStatus): string {
  return JSON.stringify(status);
}
