/** Knows the cloud's own answer to a get-all request for a station that is away. Pure. */
import * as v from "valibot";
import { parseJson } from "../../../lib/messages/parse.ts";
import { decodeFrame } from "../../../proto/frame.ts";
import { isOfflineHeader, JSON_CODE_OFFLINE } from "../../../proto/offline.ts";
import { formOf } from "../api/cloud_topics.ts";

const jsonSchema = v.union([
  v.looseObject({ data: v.looseObject({ online: v.union([v.literal(0), v.literal(false)]) }) }),
  v.looseObject({ code: v.literal(JSON_CODE_OFFLINE) }),
]);

/**
 * Whether a payload on `get_reply` is the cloud that says that the station is away, and not the station's answer.
 *
 * @returns false as well for what cannot be read
 * @see docs/protocol.md "Asking for everything"
 */
export function isOfflineReply(payload: Uint8Array): boolean {
  try {
    if (formOf(payload) === "json") return parseJson(jsonSchema, payload, "reply") !== undefined;
    return decodeFrame(payload).some(isOfflineHeader);
  } catch {
    return false;
  }
}
