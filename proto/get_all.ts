/** The one message that the house ever sends to a station: "tell me everything". */
import { encodeFrame, SRC_APP } from "./frame.ts";

/** The label that the Android app puts into its requests. */
export const GET_ALL_FROM = "Android";

/**
 * The request for the full state of a protobuf station, published on `/app/{userId}/{sn}/thing/property/get`.
 *
 * It has no inner message and no command: it cannot change anything on the station.
 *
 * @param seq Any signed or unsigned 32-bit number; seconds since 1970 are usual
 * @param from A short label
 * @see docs/protocol.md "Asking for everything"
 */
export function encodeGetAllRequest(seq: number, from: string = GET_ALL_FROM): Uint8Array<ArrayBuffer> {
  return encodeFrame([{ src: SRC_APP, dest: SRC_APP, seq: seq | 0, from }]);
}
