/** The policy's sentence as Home Assistant shows it: it must not look newer than the values beside it. Pure. */
import type { PolicyStatus } from "../../lib/messages/policy_status.ts";
import type { Standing } from "./availability.ts";

/** A state of Home Assistant has at most 255 characters; a character outside the basic plane counts as two here. */
const LONGEST = 250;
const OLD = "No fresh values; the last were: ";

/**
 * The sentence, marked as old from the moment at which the values beside it are unavailable. The policy itself says so only
 * later, when it counts as blind; what it says then stands for itself.
 *
 * @param standing How the station stands now
 */
export function shownSentence({ sentence, blind }: PolicyStatus, standing: Standing): string {
  const text = standing === "live" || blind ? sentence : `${OLD}${sentence}`;
  // Never half of a character.
  return text.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, "");
}
