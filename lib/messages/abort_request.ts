/** A person's wish to call a shutdown off: topic `power-manager/abort/request`, QoS 1, never retained. */
import * as v from "valibot";
import { isoTime, parseJson, textUpTo } from "./parse.ts";
import { strictObject } from "../strict_object.ts";

const word = v.pipe(textUpTo(64), v.minLength(1, "must not be empty"));

const schema = strictObject({
  id: word,
  device: word,
  issued_at: v.optional(isoTime),
  by: v.optional(textUpTo(64)),
});

/**
 * Whose shutdown to call off, and who asks (`by`, for the journal). The policy calls the hosts of `device` off and holds
 * back for some minutes, or says in the journal why not.
 */
export type AbortRequest = v.InferOutput<typeof schema>;

/** Reads a request. @throws InvalidInputError naming each wrong key */
export function parseAbortRequest(payload: Uint8Array | string, source: string): AbortRequest {
  return parseJson(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeAbortRequest(request: AbortRequest): string {
  return JSON.stringify(request);
}
