/** Reads the device lists of both APIs into one form. Pure. */
import * as v from "valibot";
import type { AccountStation } from "./cloud_api.ts";
import { type Envelope, readData } from "./http.ts";
import { recordOf } from "../../../lib/record_of.ts";

const SERIAL = /^[A-Za-z0-9-]{4,32}$/;
const MAX_NAME_LENGTH = 64;
const MAX_STATIONS = 5000;

/** One device; everything but the serial number may be missing, and wrong parts do not spoil the list. */
const deviceSchema = v.object({
  sn: v.pipe(v.string(), v.regex(SERIAL)),
  deviceName: v.optional(v.fallback(v.nullish(v.string()), undefined)),
  name: v.optional(v.fallback(v.nullish(v.string()), undefined)),
  productName: v.optional(v.fallback(v.nullish(v.string()), undefined)),
  online: v.optional(v.fallback(v.nullish(v.union([v.number(), v.boolean()])), undefined)),
});

const groupSchema = v.nullish(v.union([recordOf(v.unknown()), v.array(v.unknown())]));
const appListSchema = v.object({ bound: v.optional(groupSchema), share: v.optional(groupSchema) });
const openListSchema = v.array(v.unknown());

/** The app API's list: `bound` and `share`, keyed by serial number, or by group with an array in it. */
export function readAppStations(envelope: Envelope, url: string): AccountStation[] {
  const { bound, share } = readData(appListSchema, envelope, url);
  return readDevices([bound, share].flatMap((group) => Object.values(group ?? {})).flat());
}

/** The developer API's list: an array; an empty one is a valid account. */
export function readOpenStations(envelope: Envelope, url: string): AccountStation[] {
  return readDevices(readData(openListSchema, envelope, url));
}

function readDevices(devices: readonly unknown[]): AccountStation[] {
  const stations = new Map<string, AccountStation>();
  for (const device of devices) {
    const read = v.safeParse(deviceSchema, device);
    if (!read.success || stations.size === MAX_STATIONS) continue;
    const { sn, online } = read.output;
    if (stations.has(sn)) continue;
    const name = shortText(read.output.deviceName) ?? shortText(read.output.name);
    const productName = shortText(read.output.productName);
    stations.set(sn, {
      sn,
      ...(name === undefined ? {} : { name }),
      ...(productName === undefined ? {} : { productName }),
      ...(online === undefined || online === null ? {} : { online: Boolean(online) }),
    });
  }
  return [...stations.values()];
}

function shortText(text: string | null | undefined): string | undefined {
  return text?.trim().slice(0, MAX_NAME_LENGTH).trim() || undefined;
}
