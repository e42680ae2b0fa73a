/** What the connection to EcoFlow's cloud is doing: topic `bridge-ecoflow/status`, retained. */
import * as v from "valibot";
import { isoTime, parseJson, textUpTo } from "./parse.ts";

const schema = v.object({
  link: v.picklist(["up", "connecting", "down", "refused", "off"]),
  api: v.optional(v.picklist(["app", "open"])),
  detail: textUpTo(500),
  ts: isoTime,
});

/**
 * `up`: connected and subscribed. `connecting`: on its way. `down`: network or cloud unreachable. `refused`: the cloud
 * rejected account, key or client id, `detail` says what to do. `off`: switched off by configuration.
 */
export type CloudStatus = v.InferOutput<typeof schema>;

/** Reads a status. @throws InvalidInputError naming each wrong key */
export function parseCloudStatus(payload: Uint8Array | string, source: string): CloudStatus {
  return parseJson(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeCloudStatus(status: CloudStatus): string {
  return JSON.stringify(status);
}
