/** The sign of a tone: colour alone says nothing to many. Pure. */
import type { HostView } from "../page_contract.ts";
import type { Tone } from "./labels.ts";
import { own } from "../../../lib/own.ts";

const ICONS = { well: "check", battery: "battery", danger: "alert", unknown: "unknown" } as const;

/** See the file comment. */
export function toneIcon(tone: Tone): "check" | "battery" | "alert" | "unknown" {
  return own(ICONS, tone);
}

/** A host's: it has no battery, and one that is down as it was told is no riddle. */
export function hostIcon(
  tone: Tone,
  { state }: Pick<HostView, "state">,
): "check" | "alert" | "unknown" | "off" {
  if (tone === "unknown" && state === "down") return "off";
  const sign = toneIcon(tone);
  return sign === "battery" ? "alert" : sign;
}
