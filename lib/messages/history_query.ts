/** Asks the historian: topic `power-manager/history/query`, QoS 1, never retained. */
import * as v from "valibot";
import { integerIn, parseJson, textUpTo } from "./parse.ts";
import { strictObject } from "../strict_object.ts";

/** The latest time that a query may name, ms since 1970: the year 2200. */
const LAST_MS = Date.UTC(2200, 0, 1);

/** The resolutions of values that can be asked for, s. Rows of six hours are made of quarter hours, for a year. */
export const HISTORY_STEPS_SEC = [10, 60, 900, 21_600] as const;

const schema = strictObject({
  id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{1,64}$/, "must be 1 to 64 letters, digits or -")),
  kind: v.picklist(["samples", "events", "energy", "outages"]),
  device: v.optional(v.pipe(textUpTo(64), v.minLength(1, "must not be empty"))),
  from_ms: integerIn(0, LAST_MS),
  to_ms: integerIn(0, LAST_MS),
  step_s: v.optional(v.picklist(HISTORY_STEPS_SEC)),
  after: v.optional(integerIn(0, Number.MAX_SAFE_INTEGER)),
  newest: v.optional(v.boolean()),
});

/**
 * What is wanted of the time from `from_ms` to `to_ms`, both included, ms since 1970.
 *
 * `samples` needs a `device`; `step_s` is the resolution, chosen by the span when absent. `after`: only what comes after the
 * row of this number, to read on where an answer was cut short. `newest`: the newest rows instead of the first, oldest first.
 */
export type HistoryQuery = v.InferOutput<typeof schema>;

/** Reads a query. @throws InvalidInputError naming each wrong key */
export function parseHistoryQuery(payload: Uint8Array | string, source: string): HistoryQuery {
  return parseJson(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeHistoryQuery(query: HistoryQuery): string {
  return JSON.stringify(query);
}
