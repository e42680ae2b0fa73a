/** Keys that daemon and agent have in common, word for word. */
import { LOG_LEVELS } from "../log/log.ts";
import type { KeyTable } from "./key_spec.ts";

/** See the file comment. */
export const COMMON_KEYS = {
  MQTT_PORT: {
    kind: "integer",
    min: 1,
    max: 65535,
    doc: "Port of the broker.",
    whenUnset: "1883, with TLS 8883",
    example: "8883",
  },
  MQTT_PASS: { kind: "text", secret: true, doc: "Password at the broker." },
  LOG_LEVEL: {
    kind: "choice",
    default: "info",
    choices: LOG_LEVELS,
    doc: "The least important lines that are written.",
  },
} as const satisfies KeyTable;
