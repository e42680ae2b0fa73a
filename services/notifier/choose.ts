/** Which events a channel is told. Pure. */
import { type EventChoice, SEVERITIES } from "../../lib/config/notifier/event_choice.ts";
import type { JournalEvent } from "../../lib/messages/event.ts";

/** Notices that people wait for: the good ends of what they were warned of. */
const AWAITED: readonly string[] = [
  "grid_back",
  "grid_known",
  // Only told at all where somebody asked for it: POLICY_SOC_STEP.
  "charge_falls",
  "sees_again",
  "called_off",
  "timer_aborted",
  "host_down",
  "host_called_off",
  "host_awake",
  "agent_back",
  "nut_host_back",
  "source_back",
  "source_steady",
  "source_agrees",
  "shutdown_held",
  "drill_ended",
  "outage_forgotten",
];

/** Whether an event goes to a channel with this choice. */
export function isWanted({ level, plus, minus }: EventChoice, { kind, severity }: JournalEvent): boolean {
  if (minus.includes(kind)) return false;
  if (plus.includes(kind)) return true;
  const rank = SEVERITIES.indexOf(severity);
  if (level !== "normal") return rank >= SEVERITIES.indexOf(level);
  return rank >= SEVERITIES.indexOf("warning") || AWAITED.includes(kind);
}
