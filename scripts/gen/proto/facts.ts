/** The shape of `../shared/protocol/messages.json`, as far as the generator reads it. */
import * as v from "valibot";
import { parseValue } from "../../../lib/messages/parse.ts";

const field = v.object({
  number: v.pipe(v.number(), v.integer(), v.minValue(1)),
  name: v.pipe(v.string(), v.regex(/^[a-z][A-Za-z0-9_]*$/, "must be a field name")),
  type: v.string(),
  repeated: v.boolean(),
  unit: v.optional(v.string()),
  source: v.optional(v.string()),
});

const family = v.object({
  models: v.array(v.string()),
  dispatch: v.array(v.object({ cmd_func: v.number(), cmd_id: v.number(), message: v.string() })),
  sources: v.array(v.string()),
  messages: v.array(v.object({ name: v.string(), fields: v.array(field) })),
  enums: v.record(v.string(), v.record(v.string(), v.number())),
  conflicts: v.array(v.object({
    message: v.optional(v.string()),
    number: v.optional(v.number()),
    kept: v.optional(v.string()),
    other: v.optional(v.string()),
    kept_type: v.optional(v.string()),
    other_type: v.optional(v.string()),
    other_source: v.optional(v.string()),
  })),
});

const facts = v.object({ families: v.record(v.string(), family) });

/** All families with their messages. */
export type ProtocolFacts = v.InferOutput<typeof facts>;

/** One family: everything that a group of models says. */
export type FamilyFacts = v.InferOutput<typeof family>;

/** Reads the facts. @throws InvalidInputError naming each wrong entry */
export function parseFacts(text: string, source: string): ProtocolFacts {
  return parseValue(facts, JSON.parse(text), source);
}
