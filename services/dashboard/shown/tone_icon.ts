/** The sign of a tone: colour alone says nothing to many. Pure. */
import type { Tone } from "./labels.ts";
import { own } from "../../../lib/own.ts";

const ICONS = { well: "check", battery: "battery", danger: "alert", unknown: "unknown" } as const;

/** See the file comment. */
export function toneIcon(tone: Tone): "check" | "battery" | "alert" | "unknown" {
  return own(ICONS, tone);
}
