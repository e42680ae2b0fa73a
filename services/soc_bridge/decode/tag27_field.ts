/** Where "tag 27" stands in a decoded payload: watts that leave one pack (docs/devices.md). Pure. */

/** The message that holds it: one report a pack. */
export const TAG27_MESSAGE = "BMSHeartBeatReport";
/** Field 27 under its schema name. */
export const TAG27_FIELD = "output_watts";
