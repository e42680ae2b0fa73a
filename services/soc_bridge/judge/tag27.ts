/**
 * The predecessor's strict rule, for whoever wants it: field 27 of a battery report, 0 or 1 connected, greater
 * disconnected; input watts are ignored. What the field really holds is the watts that leave one pack: see
 * docs/devices.md for where the rule is wrong.
 */
import type { GridState } from "./grid.ts";

/** The largest value that still counts as connected, W. */
export const TAG27_CONNECTED_MAX = 1;

/** The verdict of one battery report; whichever pack sent it. */
export function isConnectedByTag27(outputWatts: number): boolean {
  return outputWatts <= TAG27_CONNECTED_MAX;
}

/** The rule knows no confirmation: every report is a verdict. */
export function stepTag27(outputWatts: number, atMonoMs: number): GridState {
  return {
    present: isConnectedByTag27(outputWatts),
    evidence: `tag27=${outputWatts}`,
    confirmedAtMonoMs: atMonoMs,
    pending: undefined,
  };
}
