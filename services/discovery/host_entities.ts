/** What is shown of a host and of the daemon itself. Pure. */
import { templateText } from "./ids.ts";
import { type EntityTraits, switchOf, textOf, valueOf } from "./payload.ts";

/** By key; all read the host's own presence. */
export const HOST_ENTITIES: Readonly<Record<string, EntityTraits>> = {
  online: {
    platform: "binary_sensor",
    name: "Connection",
    device_class: "connectivity",
    value_template: switchOf("online"),
  },
  going_down: {
    platform: "binary_sensor",
    name: "Going down",
    // A host that is there says nothing of it; one that is not may have crashed.
    value_template: "{{ 'ON' if value_json.going_down | default(false) == true else 'OFF' }}",
    icon: "mdi:power-standby",
  },
  rehearsal: diagnosticMark("Rehearsal only", "rehearsal"),
  version: diagnosticText("Agent version", "version"),
  os: diagnosticText("System", "os"),
  hostname: diagnosticText("Host name", "hostname"),
};

/** What the policy of one station thinks of a host: told, accepted, shutting down, down … */
export function hostPhase(agent: string): EntityTraits {
  const found = `value_json.hosts | default([]) | selectattr('agent', 'eq', ${templateText(agent)}) | first`;
  return {
    platform: "sensor",
    name: "Shutdown",
    device_class: "enum",
    options: [
      "unknown",
      "online",
      "offline",
      "sending",
      "told",
      "accepted",
      "rejected",
      "shutting_down",
      "down",
    ],
    value_template: `{{ (${found} | default({})).state | default(None) }}`,
    icon: "mdi:shield-sync",
  };
}

/** By key: the daemon's own presence, and its connection to the cloud. */
export const DAEMON_ENTITIES: Readonly<
  Record<string, { readonly reads: "presence" | "cloud"; readonly traits: EntityTraits }>
> = {
  online: {
    reads: "presence",
    traits: {
      platform: "binary_sensor",
      name: "Connection",
      device_class: "connectivity",
      value_template: switchOf("online"),
    },
  },
  version: { reads: "presence", traits: diagnosticText("Version", "version") },
  cloud_link: {
    reads: "cloud",
    traits: {
      platform: "sensor",
      name: "EcoFlow cloud",
      device_class: "enum",
      options: ["up", "connecting", "down", "refused", "off"],
      value_template: valueOf("link"),
      entity_category: "diagnostic",
      icon: "mdi:cloud",
    },
  },
};

function diagnosticText(name: string, path: string): EntityTraits {
  return { platform: "sensor", name, value_template: textOf(path), entity_category: "diagnostic" };
}

function diagnosticMark(name: string, path: string): EntityTraits {
  return {
    platform: "binary_sensor",
    name,
    value_template: `{{ 'ON' if value_json.${path} | default(false) == true else 'OFF' }}`,
    entity_category: "diagnostic",
  };
}
