/** The table of a station that only its cable speaks for: no serial number means it, and no payload of a cloud is read by it. */
import type { ModelSpec } from "./model_spec.ts";

/** See the file comment. */
export const CABLE_ONLY: ModelSpec = {
  model: "UPS by cable",
  prefixes: ["UPS"],
  role: "station",
  protocol: "json",
  family: "cable",
  confidence: "user",
  seen: "whatever a NUT driver says",
  values: {},
};
