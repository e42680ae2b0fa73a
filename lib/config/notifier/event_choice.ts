/** Which events a channel wants: a level, and kinds added or taken away. Pure. */
import { shownValue } from "../shown_value.ts";
import type { JournalEvent } from "../../messages/event.ts";

/** How important an event is, least first. */
export const SEVERITIES: readonly JournalEvent["severity"][] = ["info", "notice", "warning", "danger"];

/** What a channel wants. */
export interface EventChoice {
  /** `normal`: warnings, dangers, and the notices that people wait for. */
  readonly level: "normal" | JournalEvent["severity"];
  readonly plus: readonly string[];
  readonly minus: readonly string[];
}

const LEVELS: readonly string[] = ["normal", ...SEVERITIES];

/** Reads `normal`, or `danger,+grid_lost,-blind`. @throws Error saying what was wanted and seen */
export function parseEventChoice(text: string): EventChoice {
  const words = text.split(",").map((word) => word.trim()).filter(Boolean);
  const [first = ""] = words;
  const hasLevel = LEVELS.includes(first);
  const rest = hasLevel ? words.slice(1) : words;
  const odd = rest.find((word) => !/^[+-][a-z][a-z0-9_]{0,47}$/.test(word));
  if (words.length === 0 || odd !== undefined) {
    throw new Error(
      `must be ${LEVELS.join(", ")}, then kinds as +kind or -kind, found ${shownValue(odd ?? text)}`,
    );
  }
  const kinds = (sign: string) => rest.filter((word) => word.startsWith(sign)).map((word) => word.slice(1));
  return { level: hasLevel ? first as EventChoice["level"] : "normal", plus: kinds("+"), minus: kinds("-") };
}
