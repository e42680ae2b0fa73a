/** Every kind of event that the house writes into its journal, with the severities that it can have. */
import type { JournalEvent } from "./event.ts";

/** A newer part of the house may bring others: who reads the journal must bear that. */
export const EVENT_KINDS: Readonly<Record<string, readonly JournalEvent["severity"][]>> = {
  // The policy, of a station.
  grid_lost: ["warning"],
  grid_back: ["notice"],
  charge_falls: ["notice", "warning"],
  timer_started: ["danger"],
  timer_aborted: ["notice"],
  stage_begins: ["danger"],
  shutdown_triggered: ["danger"],
  called_off: ["notice"],
  shutdown_held: ["notice"],
  abort_refused: ["notice"],
  blind: ["warning"],
  sees_again: ["info"],
  grid_unknown: ["warning"],
  grid_known: ["notice"],
  witness_disagrees: ["warning"],
  outage_forgotten: ["notice"],
  // The policy, of a host.
  shutdown_sent: ["danger"],
  abort_sent: ["notice"],
  agent_ack: ["info", "warning"],
  agent_lost: ["warning"],
  agent_back: ["notice"],
  agent_twins: ["warning"],
  clocks_differ: ["warning"],
  command_not_delivered: ["danger", "warning"],
  host_down: ["notice"],
  host_called_off: ["notice"],
  host_not_called_off: ["warning"],
  wake_sent: ["info"],
  host_awake: ["notice"],
  host_not_awake: ["warning"],
  drill_begins: ["notice"],
  drill_ended: ["notice"],
  drill_refused: ["notice"],
  // The stations and the cloud.
  station_heard: ["info"],
  station_silent: ["warning"],
  station_offline: ["warning"],
  station_unknown: ["notice"],
  station_model_guess: ["warning"],
  station_refused: ["warning"],
  cloud_link: ["notice", "warning"],
  // The local broker.
  broker_refuses_topics: ["danger", "warning"],
  broker_flooded: ["warning"],
  client_id_taken: ["warning"],
  // The NUT server.
  nut_login: ["info"],
  nut_logout: ["notice", "warning"],
  nut_host_missing: ["warning"],
  nut_host_back: ["notice"],
  nut_fsd_set: ["danger", "warning"],
  nut_fsd_seen: ["notice"],
  nut_fsd_cleared: ["notice"],
  // The onlookers.
  history_damaged: ["warning"],
  notify_failed: ["notice"],
};
