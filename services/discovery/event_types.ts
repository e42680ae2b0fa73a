/** The journal as Home Assistant's event entities know it: which device an entry belongs to, and under which type. Pure. */
import type { JournalEvent } from "../../lib/messages/event.ts";
import type { DeviceKind } from "./ids.ts";

/** For kinds of entries that a newer part of the house may bring; the entry's own kind is in its attributes. */
export const OTHER_TYPE = "other";

/** The kinds of journal entries that each device can show. */
const KINDS: Readonly<Record<DeviceKind, readonly string[]>> = {
  station: [
    "grid_lost",
    "grid_back",
    "charge_falls",
    "timer_started",
    "timer_aborted",
    "stage_begins",
    "shutdown_triggered",
    "called_off",
    "shutdown_held",
    "abort_refused",
    "blind",
    "sees_again",
    "grid_unknown",
    "grid_known",
    "station_heard",
    "station_silent",
    "station_offline",
    "station_model_guess",
    "witness_disagrees",
    "source_heard",
    "source_back",
    "source_silent",
    "source_takes_over",
    "source_disagrees",
    "source_agrees",
    "source_flaps",
    "source_steady",
    "source_doubtful",
    "source_of_another",
    "outage_forgotten",
    "simulation_began",
    "simulation_ended",
    "nut_fsd_set",
    "nut_fsd_seen",
    "nut_fsd_cleared",
  ],
  host: [
    "shutdown_sent",
    "abort_sent",
    "command_not_delivered",
    "agent_ack",
    "clocks_differ",
    "agent_lost",
    "agent_back",
    "agent_twins",
    "host_down",
    "host_called_off",
    "host_not_called_off",
    "wake_sent",
    "host_awake",
    "host_not_awake",
    "nut_host_missing",
    "nut_host_back",
    "nut_login",
    "nut_logout",
    "nut_fsd_set",
    "nut_fsd_seen",
    "nut_fsd_cleared",
  ],
  daemon: [
    "cloud_link",
    "drill_begins",
    "drill_ended",
    "drill_refused",
    "station_unknown",
    "client_id_taken",
    "second_daemon",
    "station_refused",
    "station_missing",
    "broker_refuses_topics",
    "broker_flooded",
    "message_left_out",
  ],
};

/** The types that an event entity declares; Home Assistant refuses any other. */
export function eventTypes(kind: DeviceKind): readonly string[] {
  return [...KINDS[kind], OTHER_TYPE];
}

/** The payload for a device's event entity: its type, and everything else as attributes. */
export function eventPayload(event: JournalEvent, device: DeviceKind): string {
  const { kind, data, ...rest } = event;
  const type = KINDS[device].includes(kind) ? kind : OTHER_TYPE;
  return JSON.stringify({ event_type: type, kind, ...rest, ...(data ? { data } : {}) });
}
