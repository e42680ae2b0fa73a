/** Drills: everything but the last step. Topics `power-manager/drill/request` and `power-manager/drill/report`. */
import * as v from "valibot";
import { isoTime, numberIn, parseJson, textUpTo } from "./parse.ts";
import { strictObject } from "../strict_object.ts";

const id = v.pipe(textUpTo(64), v.minLength(1, "must not be empty"));

const requestSchema = v.pipe(
  strictObject({
    id,
    agents: v.optional(v.pipe(v.array(id), v.minLength(1, "must name at least one agent"))),
    device: v.optional(id),
    all: v.optional(v.literal(true)),
    issued_at: v.optional(isoTime),
    by: v.optional(textUpTo(64)),
  }),
  v.check(
    ({ agents, device, all }) => [agents, device, all].filter((one) => one !== undefined).length === 1,
    'must have exactly one of "agents", "device" and "all"',
  ),
);

/**
 * Who shall drill: named agents, all agents on one station, or all. `by`: who asks, for the journal. One that was issued a
 * minute ago is refused.
 */
export type DrillRequest = v.InferOutput<typeof requestSchema>;

const reportSchema = v.object({
  id,
  state: v.picklist(["refused", "running", "ended"]),
  sentence: textUpTo(500),
  started_at: v.optional(isoTime),
  ended_at: v.optional(isoTime),
  hosts: v.array(v.object({
    agent: textUpTo(64),
    device: v.optional(textUpTo(64)),
    stage: v.optional(numberIn(0, 99)),
    state: v.picklist(["waiting", "accepted", "rejected", "failed", "done", "silent"]),
    answered_s: v.optional(numberIn(0, 1e6)),
    done_s: v.optional(numberIn(0, 1e6)),
    told_after_min: v.optional(numberIn(0, 1e7)),
    needs_s: v.optional(numberIn(0, 1e6)),
    detail: v.optional(textUpTo(1000)),
  })),
  ts: isoTime,
});

/**
 * How a drill goes.
 *
 * A host is `waiting` until it answers, `accepted` while it prepares, `done` when its preparations are complete, and
 * `silent` when the drill ended without a word of it. `answered_s` and `done_s` count from the drill's beginning.
 * `told_after_min`: so long after a loss of the grid at this moment it would be told, with the present charge and load;
 * absent: nobody can tell. `needs_s`: so long it would then take to be down.
 */
export type DrillReport = v.InferOutput<typeof reportSchema>;

/** Reads a request. @throws InvalidInputError naming each wrong key */
export function parseDrillRequest(payload: Uint8Array | string, source: string): DrillRequest {
  return parseJson(requestSchema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeDrillRequest(request: DrillRequest): string {
  return JSON.stringify(request);
}

/** Reads a report. @throws InvalidInputError naming each wrong key */
export function parseDrillReport(payload: Uint8Array | string, source: string): DrillReport {
  return parseJson(reportSchema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeDrillReport(report: DrillReport): string {
  return JSON.stringify(report);
}
