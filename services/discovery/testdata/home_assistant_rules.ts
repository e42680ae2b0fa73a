/**
 * Home Assistant's rules for what it is told by MQTT discovery, as facts, and a check against them.
 *
 * The oldest version that takes these payloads is 2024.12, the first with the discovery of whole devices; the entities' own
 * options are older, and were held against 2024.3 as well.
 *
 * Sources, all in github.com/home-assistant/core as of 2025 to 2026: components/mqtt/discovery.py (topic's form, shared
 * options), schemas.py (root of a device's payload, which refuses unknown keys; device, origin, availability), sensor.py
 * with its cross checks, binary_sensor.py, event.py; components/sensor/const.py (units and state classes by device class),
 * components/binary_sensor/__init__.py, components/event/const.py; const.py (units, longest state). Words for people at
 * home-assistant.io/integrations/mqtt, /sensor.mqtt, /binary_sensor.mqtt, /event.mqtt.
 */

/** `<prefix>/device/[<node id>/]<object id>/config`; these characters and no others. */
export const CONFIG_TOPIC = /^device\/([a-zA-Z0-9_-]+\/)?[a-zA-Z0-9_-]+\/config$/;

/** Longer states are refused, characters. */
export const LONGEST_STATE = 255;

const ROOT_KEYS = [
  "availability",
  "availability_mode",
  "availability_template",
  "availability_topic",
  "command_topic",
  "components",
  "device",
  "encoding",
  "origin",
  "payload_available",
  "payload_not_available",
  "qos",
  "state_topic",
];
const DEVICE_KEYS = [
  "configuration_url",
  "connections",
  "hw_version",
  "identifiers",
  "manufacturer",
  "model",
  "model_id",
  "name",
  "serial_number",
  "suggested_area",
  "sw_version",
  "via_device",
];
const ORIGIN_KEYS = ["name", "sw_version", "support_url"];
const AVAILABILITY_KEYS = ["topic", "payload_available", "payload_not_available", "value_template"];

const COMMON_KEYS = [
  "availability",
  "availability_mode",
  "device_class",
  "enabled_by_default",
  "encoding",
  "entity_category",
  "icon",
  "json_attributes_template",
  "json_attributes_topic",
  "name",
  "platform",
  "qos",
  "state_topic",
  "unique_id",
  "value_template",
];
const KEYS_BY_PLATFORM: Readonly<Record<string, readonly string[]>> = {
  sensor: [
    ...COMMON_KEYS,
    "expire_after",
    "force_update",
    "last_reset_value_template",
    "options",
    "state_class",
    "suggested_display_precision",
    "unit_of_measurement",
  ],
  binary_sensor: [...COMMON_KEYS, "expire_after", "force_update", "off_delay", "payload_off", "payload_on"],
  event: [...COMMON_KEYS, "event_types"],
};

/** Units that a device class may have; none: it must have no unit. Only the classes that a house of ours can need. */
export const SENSOR_UNITS: Readonly<Record<string, readonly string[]>> = {
  battery: ["%"],
  current: ["A", "mA"],
  date: [],
  duration: ["d", "h", "min", "s", "ms"],
  energy: ["Wh", "kWh", "MWh"],
  energy_storage: ["Wh", "kWh", "MWh"],
  enum: [],
  frequency: ["Hz", "kHz"],
  power: ["mW", "W", "kW", "MW"],
  temperature: ["°C", "°F", "K"],
  timestamp: [],
  voltage: ["µV", "mV", "V", "kV"],
};

/** State classes that a device class may have. */
export const SENSOR_STATE_CLASSES: Readonly<Record<string, readonly string[]>> = {
  battery: ["measurement"],
  current: ["measurement"],
  date: [],
  duration: ["measurement", "total", "total_increasing"],
  energy: ["total", "total_increasing"],
  energy_storage: ["measurement"],
  enum: [],
  frequency: ["measurement"],
  power: ["measurement"],
  temperature: ["measurement"],
  timestamp: [],
  voltage: ["measurement"],
};

const BINARY_SENSOR_CLASSES = [
  "battery",
  "battery_charging",
  "carbon_monoxide",
  "cold",
  "connectivity",
  "door",
  "garage_door",
  "gas",
  "heat",
  "light",
  "lock",
  "moisture",
  "motion",
  "moving",
  "occupancy",
  "opening",
  "plug",
  "power",
  "presence",
  "problem",
  "running",
  "safety",
  "smoke",
  "sound",
  "tamper",
  "update",
  "vibration",
  "window",
];
const EVENT_CLASSES = ["button", "doorbell", "motion"];

type Json = Readonly<Record<string, unknown>>;

/** What Home Assistant would refuse, or warn of, in a device's payload; empty when nothing. */
export function payloadProblems(payload: unknown): string[] {
  const problems: string[] = [];
  const root = object(payload);
  const say = (text: string) => void problems.push(text);
  for (const key of strangers(root, ROOT_KEYS)) say(`unknown key "${key}": the whole device is refused`);
  const device = object(root.device);
  for (const key of strangers(device, DEVICE_KEYS)) say(`unknown key "${key}" in device`);
  for (const [key, value] of Object.entries(device)) {
    if (key !== "identifiers" && typeof value !== "string") say(`device.${key} must be text`);
  }
  if (!(Array.isArray(device.identifiers) && device.identifiers.length > 0)) say("device has no identifier");
  const origin = object(root.origin);
  if (typeof origin.name !== "string") say("origin has no name");
  for (const key of strangers(origin, ORIGIN_KEYS)) say(`unknown key "${key}" in origin`);
  const ids = new Set<string>();
  const components = Object.entries(object(root.components));
  if (components.length === 0) say("no components");
  for (const [key, value] of components) {
    for (const problem of componentProblems(object(value), root)) say(`${key}: ${problem}`);
    const id = String(object(value).unique_id);
    if (ids.has(id)) say(`${key}: the unique id "${id}" is used twice`);
    if (id !== "undefined") ids.add(id);
  }
  return problems;
}

function componentProblems(component: Json, root: Json): string[] {
  const platform = String(component.platform);
  const known = KEYS_BY_PLATFORM[platform];
  if (!known) return [`no platform "${platform}"`];
  if (Object.keys(component).length === 1) return [];
  const problems = strangers(component, known).map((key) => `"${key}" is no option of ${platform}`);
  const say = (text: string) => void problems.push(text);
  if (typeof component.unique_id !== "string") say("a unique id is required in a device's payload");
  if (typeof (component.state_topic ?? root.state_topic) !== "string") say("no state topic");
  if (typeof component.name !== "string" || component.name === "") say("no name");
  if (component.qos !== undefined && ![0, 1, 2].includes(component.qos as number)) say("qos must be 0 to 2");
  if (component.entity_category !== undefined && component.entity_category !== "diagnostic") {
    say("what cannot be changed must not be in the category config");
  }
  if (component.icon !== undefined && !/^[a-z]+:[a-z0-9-]+$/.test(String(component.icon))) say("bad icon");
  if (component.expire_after !== undefined && !isWhole(component.expire_after)) say("bad expire_after");
  for (const one of (component.availability ?? []) as Json[]) {
    for (const key of strangers(one, AVAILABILITY_KEYS)) say(`unknown key "${key}" in availability`);
    if (typeof one.topic !== "string" || /[+#]/.test(one.topic)) say("availability needs one topic");
  }
  const topics = ((component.availability ?? []) as Json[]).map(({ topic }) => topic);
  if (new Set(topics).size < topics.length) say("of two availabilities on one topic only the last is used");
  if (!["all", "any", "latest", undefined].includes(component.availability_mode as string)) {
    say("bad availability_mode");
  }
  const deviceClass = component.device_class as string | undefined;
  if (platform === "binary_sensor" && deviceClass !== undefined) {
    if (!BINARY_SENSOR_CLASSES.includes(deviceClass)) say(`no device class "${deviceClass}"`);
  }
  if (platform === "event") {
    if (deviceClass !== undefined && !EVENT_CLASSES.includes(deviceClass)) {
      say(`no device class "${deviceClass}"`);
    }
    const types = component.event_types as unknown[] | undefined;
    if (!types || types.length === 0 || !types.every((type) => typeof type === "string")) {
      say("event_types must be a list of texts");
    } else if (new Set(types).size < types.length) say("an event type is listed twice");
  }
  if (platform === "sensor") problems.push(...sensorProblems(component, deviceClass));
  return problems;
}

function sensorProblems(component: Json, deviceClass: string | undefined): string[] {
  const problems: string[] = [];
  const { options, state_class: stateClass, unit_of_measurement: unit } = component;
  if (options !== undefined) {
    if (!Array.isArray(options) || options.length === 0) problems.push("options must not be empty");
    if (deviceClass !== "enum") problems.push("options need the device class enum");
    if (stateClass !== undefined || unit !== undefined) problems.push("options forbid state class and unit");
  } else if (deviceClass === "enum") problems.push("the device class enum is nothing without options");
  if (
    component.suggested_display_precision !== undefined && !isWhole(component.suggested_display_precision)
  ) {
    problems.push("bad suggested_display_precision");
  }
  if (deviceClass === undefined) return problems;
  const units = SENSOR_UNITS[deviceClass];
  if (!units) return [...problems, `no device class "${deviceClass}" in the list`];
  if (units.length === 0 ? unit !== undefined : !units.includes(String(unit))) {
    problems.push(`the device class ${deviceClass} does not have the unit "${unit}"`);
  }
  if (stateClass !== undefined && !SENSOR_STATE_CLASSES[deviceClass]?.includes(String(stateClass))) {
    problems.push(`the device class ${deviceClass} does not have the state class "${stateClass}"`);
  }
  return problems;
}

function object(value: unknown): Json {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value as Json : {};
}

function strangers(value: Json, known: readonly string[]): string[] {
  return Object.keys(value).filter((key) => !known.includes(key));
}

function isWhole(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}
