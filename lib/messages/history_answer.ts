/** What the historian answers: topic `power-manager/history/answer/<id>`, QoS 1, never retained. */
import * as v from "valibot";
import { HISTORY_STEPS_SEC } from "./history_query.ts";
import { integerIn, isoTime, numberIn, parseJson, textUpTo } from "./parse.ts";

const atMs = integerIn(0, Number.MAX_SAFE_INTEGER);
const seconds = numberIn(0, 1e10);
const soc = numberIn(0, 100);
const watts = numberIn(-1e6, 1e6);

const sample = v.object({
  at_s: integerIn(0, Number.MAX_SAFE_INTEGER),
  seconds,
  soc: v.optional(soc),
  soc_min: v.optional(soc),
  in_watts: v.optional(watts),
  in_watts_max: v.optional(watts),
  ac_in_watts: v.optional(watts),
  dc_in_watts: v.optional(watts),
  out_watts: v.optional(watts),
  out_watts_max: v.optional(watts),
  grid_percent: v.optional(numberIn(0, 100)),
});
const event = v.object({
  seq: integerIn(0, Number.MAX_SAFE_INTEGER),
  ts: isoTime,
  kind: textUpTo(48),
  severity: v.picklist(["info", "notice", "warning", "danger"]),
  source: textUpTo(32),
  text: textUpTo(500),
  device: v.optional(textUpTo(64)),
  agent: v.optional(textUpTo(64)),
});
const energy = v.object({
  device: textUpTo(64),
  day: v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\d$/, "must be a day such as 2026-11-23")),
  in_wh: v.optional(numberIn(0, 1e9)),
  in_s: seconds,
  out_wh: v.optional(numberIn(0, 1e9)),
  out_s: seconds,
  ac_in_wh: v.optional(numberIn(0, 1e9)),
  ac_in_s: v.optional(seconds),
  dc_in_wh: v.optional(numberIn(0, 1e9)),
  dc_in_s: v.optional(seconds),
});
const outage = v.object({
  seq: integerIn(0, Number.MAX_SAFE_INTEGER),
  device: textUpTo(64),
  from_ms: atMs,
  from_seen: v.boolean(),
  to_ms: v.optional(atMs),
  to_seen: v.boolean(),
  soc_start: v.optional(soc),
  soc_lowest: v.optional(soc),
  soc_end: v.optional(soc),
});

const schema = v.object({
  id: textUpTo(64),
  kind: v.picklist(["samples", "events", "energy", "outages"]),
  error: v.optional(textUpTo(300)),
  more: v.boolean(),
  step_s: v.optional(v.picklist(HISTORY_STEPS_SEC)),
  samples: v.optional(v.array(sample)),
  events: v.optional(v.array(event)),
  energy: v.optional(v.array(energy)),
  outages: v.optional(v.array(outage)),
});

/**
 * The rows of one kind, oldest first. `more`: there are further ones behind the last. `error`: why there are none.
 *
 * | row | meaning |
 * | --- | --- |
 * | sample | averages over `step_s` from `at_s`, s since 1970; `seconds`: for so long something live was known; absent: not known |
 * | | `in_watts` is what comes in at all; `ac_in_watts` (grid) and `dc_in_watts` (sun or car) are its parts, absent in rows of older versions |
 * | event | as in `event.ts`; `seq` grows with the time of storing |
 * | energy | Wh of one local day, and for how many seconds of it the watts were known: the rest is in no sum |
 * | outage | from the loss of the grid to its return; `…_seen` false: it happened at some time before that nobody saw; no `to_ms`: it goes on |
 */
export type HistoryAnswer = v.InferOutput<typeof schema>;

/** One row of `samples`. */
export type HistorySample = v.InferOutput<typeof sample>;
/** One row of `events`. */
export type HistoryEvent = v.InferOutput<typeof event>;
/** One row of `energy`. */
export type HistoryEnergy = v.InferOutput<typeof energy>;
/** One row of `outages`. */
export type HistoryOutage = v.InferOutput<typeof outage>;

/** Reads an answer. @throws InvalidInputError naming each wrong key */
export function parseHistoryAnswer(payload: Uint8Array | string, source: string): HistoryAnswer {
  return parseJson(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeHistoryAnswer(answer: HistoryAnswer): string {
  return JSON.stringify(answer);
}
