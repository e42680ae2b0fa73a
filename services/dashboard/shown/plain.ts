/** Makes the daemon's own sentences, which are in English, fit the page: its form of durations, and no ids. Pure. */
import type { Reader } from "./reader.ts";

const ID = /\s*\(?\b(?:id |command )?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b\)?/gi;

/** The sentence as the page shows it. */
export function plain(reader: Reader, text: string): string {
  return text.replace(ID, "").replace(/(\d) %/g, "$1\u00a0%").replace(
    /\b(\d{2,9}) (s|min)\b/g,
    (_all, digits: string, unit: string) => {
      const seconds = Number(digits) * (unit === "s" ? 1 : 60);
      // Rounded to minutes, a countdown of 90 s would seem to be two.
      return seconds > 60 && seconds < 120 ? `${digits}\u00a0s` : reader.duration(seconds);
    },
  );
}
