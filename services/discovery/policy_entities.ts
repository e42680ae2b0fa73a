/** What is shown of the policy on a station's device: its phase, its sentence and its countdown. Pure. */
import { type EntityTraits, markOf, textOf, valueOf } from "./payload.ts";

/** The key whose text is made by this service, on a topic of its own. */
export const SENTENCE_KEY = "policy_sentence";

/** By key; all but {@link SENTENCE_KEY} read the policy's topic of the station. */
export const POLICY_ENTITIES: Readonly<Record<string, EntityTraits>> = {
  policy_phase: {
    platform: "sensor",
    name: "Policy",
    device_class: "enum",
    options: ["unknown", "online", "on_battery", "critical", "shutting_down", "recovery"],
    value_template: valueOf("state"),
    icon: "mdi:shield-home",
  },
  policy_sentence: {
    platform: "sensor",
    name: "What happens next",
    value_template: "{{ value }}",
    icon: "mdi:comment-text-outline",
  },
  policy_timer_left: seconds("Shutdown countdown", "timer_left_s"),
  policy_shutdown_earliest: seconds("Shutdown at the earliest", "shutdown_earliest_s"),
  policy_held: {
    platform: "sensor",
    name: "Held back by",
    value_template: textOf("held"),
    entity_category: "diagnostic",
  },
  policy_blind: {
    platform: "binary_sensor",
    name: "Policy without fresh values",
    device_class: "problem",
    value_template: markOf("blind"),
    entity_category: "diagnostic",
  },
  policy_grid_unknown: {
    platform: "binary_sensor",
    name: "Grid not told to the policy",
    device_class: "problem",
    value_template: markOf("grid_unknown"),
    entity_category: "diagnostic",
  },
  policy_soc_min: {
    platform: "sensor",
    name: "Shutdown limit",
    unit_of_measurement: "%",
    suggested_display_precision: 0,
    value_template: valueOf("soc_min"),
    entity_category: "diagnostic",
    icon: "mdi:battery-alert",
  },
};

/** Absent while nothing runs, so unknown then and never 0. */
function seconds(name: string, path: string): EntityTraits {
  return {
    platform: "sensor",
    name,
    device_class: "duration",
    unit_of_measurement: "s",
    suggested_display_precision: 0,
    value_template: valueOf(path),
    icon: "mdi:timer-sand",
  };
}
