/** The stations known to the cloud bridge: topic `bridge-ecoflow/devices`, retained. */
import * as v from "valibot";
import { parseJson, textUpTo } from "./parse.ts";

const serial = v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{4,32}$/, "must be a serial number"));
const schema = v.object({
  stations: v.pipe(
    v.array(v.object({
      sn: serial,
      name: v.optional(textUpTo(64)),
      product_name: v.optional(textUpTo(64)),
      online: v.optional(v.boolean()),
      in_account: v.optional(v.boolean()),
    })),
    v.maxLength(5000, "must have at most 5000 stations"),
  ),
  not_watched: v.optional(v.pipe(
    v.array(v.object({ sn: serial, name: v.optional(textUpTo(64)) })),
    v.maxLength(5000, "must have at most 5000 stations"),
  )),
});

/**
 * The stations that are mirrored: serial numbers with the names that configuration or the account gives them. `online` is the
 * cloud's word. `in_account` false: the account does not have it; absent: it does, or that is not known. `not_watched`: what else
 * the account has; absent: that is not known, or nothing.
 */
export type StationList = v.InferOutput<typeof schema>;

/** Reads a list. @throws InvalidInputError naming each wrong key */
export function parseStationList(payload: Uint8Array | string, source: string): StationList {
  return parseJson(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeStationList(list: StationList): string {
  return JSON.stringify(list);
}
