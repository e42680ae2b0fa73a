/** One entry of the journal: topic `power-manager/events`, QoS 1. */
import * as v from "valibot";
import { isoTime, parseJson, textUpTo } from "./parse.ts";
import { recordOf } from "../record_of.ts";

const schema = v.object({
  ts: isoTime,
  kind: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,47}$/, "must be snake_case")),
  severity: v.picklist(["info", "notice", "warning", "danger"]),
  source: textUpTo(32),
  text: textUpTo(500),
  device: v.optional(textUpTo(64)),
  agent: v.optional(textUpTo(64)),
  data: v.optional(recordOf(v.union([v.string(), v.number(), v.boolean()]))),
});

/**
 * Something that happened: `kind` in snake_case (`grid_lost`, `timer_started`, `shutdown_triggered`, `abort_sent`,
 * `agent_ack` …), one sentence, and the numbers and ids behind it in `data`.
 */
export type JournalEvent = v.InferOutput<typeof schema>;

/** Reads an event. @throws InvalidInputError naming each wrong key */
export function parseEvent(payload: Uint8Array | string, source: string): JournalEvent {
  return parseJson(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeEvent(event: JournalEvent): string {
  return JSON.stringify(event);
}
