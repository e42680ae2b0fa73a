/** What is shown of a station's state: one row a value. Pure. */
import type { PowerState } from "../../lib/messages/power_state.ts";
import { type EntityTraits, markOf, switchOf, textOf, valueOf } from "./payload.ts";
import { own } from "../../lib/own.ts";

/** One entity of a station. */
export interface StationEntity {
  /** `measured`: unavailable unless the station is live. `told`: what is known about the station, live or not. */
  readonly shows: "measured" | "told";
  /** Where a state says how old this one value is: a live station may not have confirmed it for hours. Absent: nowhere. */
  readonly ageKey?: "grid_age_s" | "soc_age_s";
  readonly traits: EntityTraits;
}

/** Keys of {@link PowerState} that are shown as one value; `device` names the device, and packs have their own rows; outlets none. */
type Shown = Exclude<keyof PowerState, "device" | "packs" | "outage_ports" | "expires_s">;

const watts = (name: string) => measurement(name, "power", "W", 0);

/** One row for each value of a state. */
const ROWS: { readonly [Key in Shown]: StationEntity } = {
  soc: { shows: "measured", ageKey: "soc_age_s", traits: measurement("Charge", "battery", "%", 0) },
  grid_connected: {
    shows: "measured",
    ageKey: "grid_age_s",
    traits: { platform: "binary_sensor", name: "Grid", device_class: "power" },
  },
  temp_celsius: { shows: "measured", traits: measurement("Temperature", "temperature", "°C", 1) },
  ac_in_watts: { shows: "measured", traits: watts("AC input") },
  ac_in_volts: { shows: "measured", traits: measurement("AC input voltage", "voltage", "V", 0) },
  out_watts: { shows: "measured", traits: watts("Output") },
  ac_out_watts: { shows: "measured", traits: watts("AC output") },
  dc_in_watts: { shows: "measured", traits: watts("Solar or car input") },
  discharge_min: { shows: "measured", traits: measurement("Time to empty", "duration", "min", 0) },
  charge_min: { shows: "measured", traits: measurement("Time to full", "duration", "min", 0) },
  battery_wh: { shows: "measured", traits: measurement("Capacity", "energy_storage", "Wh", 0) },
  battery_design_wh: {
    shows: "told",
    traits: diagnostic(measurement("Design capacity", "energy_storage", "Wh", 0)),
  },
  min_soc: { shows: "told", traits: diagnostic(percentLimit("Discharge limit", "mdi:battery-low")) },
  max_soc: { shows: "told", traits: diagnostic(percentLimit("Charge limit", "mdi:battery-high")) },
  ac_out_enabled: {
    shows: "measured",
    traits: { platform: "binary_sensor", name: "AC sockets", device_class: "power" },
  },
  grid_evidence: {
    shows: "measured",
    ageKey: "grid_age_s",
    traits: diagnostic({ platform: "sensor", name: "Grid evidence", icon: "mdi:transmission-tower" }),
  },
  grid_source: {
    shows: "measured",
    ageKey: "grid_age_s",
    traits: diagnostic({ platform: "sensor", name: "Grid told by", icon: "mdi:transmission-tower" }),
  },
  charge_source: {
    shows: "measured",
    ageKey: "soc_age_s",
    traits: diagnostic({ platform: "sensor", name: "Charge told by", icon: "mdi:battery" }),
  },
  source_disagreement: {
    shows: "measured",
    traits: diagnostic({ platform: "binary_sensor", name: "Sources disagree", device_class: "problem" }),
  },
  grid_unconfirmed: {
    shows: "measured",
    ageKey: "grid_age_s",
    traits: diagnostic({ platform: "binary_sensor", name: "Grid in doubt", device_class: "problem" }),
  },
  grid_unknown: {
    shows: "measured",
    traits: diagnostic({ platform: "binary_sensor", name: "Grid not told", device_class: "problem" }),
  },
  discharge_min_doubtful: {
    shows: "measured",
    traits: diagnostic({
      platform: "binary_sensor",
      name: "Time to empty in doubt",
      device_class: "problem",
    }),
  },
  simulated: {
    shows: "told",
    traits: diagnostic({ platform: "binary_sensor", name: "Simulated" }),
  },
  model_guess: {
    shows: "told",
    traits: diagnostic({ platform: "binary_sensor", name: "Model guessed", device_class: "problem" }),
  },
  soc_source: {
    shows: "told",
    traits: {
      ...diagnostic({
        platform: "sensor",
        name: "Source of charge",
        device_class: "enum",
        options: ["system", "pack", "packs"],
      }),
      enabled_by_default: false,
    },
  },
  link: {
    shows: "told",
    traits: diagnostic({
      platform: "sensor",
      name: "Link",
      device_class: "enum",
      options: ["live", "stale", "offline"],
    }),
  },
  age_s: { shows: "told", traits: diagnostic(age("Age of values")) },
  grid_age_s: {
    shows: "told",
    traits: { ...diagnostic(age("Age of grid verdict")), enabled_by_default: false },
  },
  soc_age_s: {
    shows: "told",
    traits: { ...diagnostic(age("Age of charge")), enabled_by_default: false },
  },
  model: { shows: "told", traits: diagnostic({ platform: "sensor", name: "Model" }) },
  sn: { shows: "told", traits: diagnostic({ platform: "sensor", name: "Serial number" }) },
  role: {
    shows: "told",
    traits: {
      ...diagnostic({
        platform: "sensor",
        name: "Role",
        device_class: "enum",
        options: ["station", "accessory"],
      }),
      enabled_by_default: false,
    },
  },
  ts: {
    shows: "told",
    traits: {
      ...diagnostic({ platform: "sensor", name: "Last reading", device_class: "timestamp" }),
      enabled_by_default: false,
    },
  },
};

/** Values whose absence has a meaning of its own, and texts; all others are unknown when they are absent. */
const TEMPLATES: Partial<Record<Shown, string>> = {
  grid_connected: switchOf("grid_connected"),
  ac_out_enabled: switchOf("ac_out_enabled"),
  grid_unconfirmed: markOf("grid_unconfirmed"),
  grid_unknown: markOf("grid_unknown"),
  discharge_min_doubtful: markOf("discharge_min_doubtful"),
  simulated: markOf("simulated"),
  model_guess: markOf("model_guess"),
  link: "{{ value_json.link | default('live') }}",
  role: "{{ value_json.role | default('station') }}",
  grid_evidence: textOf("grid_evidence"),
};

/** What is shown of each battery pack. */
const PACK_ROWS: Readonly<Record<string, { readonly name: string; readonly entity: StationEntity }>> = {
  soc: { name: "charge", entity: { shows: "measured", traits: measurement("", "battery", "%", 0) } },
  temp_celsius: {
    name: "temperature",
    entity: { shows: "measured", traits: measurement("", "temperature", "°C", 1) },
  },
  full_wh: {
    name: "capacity",
    entity: { shows: "told", traits: diagnostic(measurement("", "energy_storage", "Wh", 0)) },
  },
  sn: {
    name: "serial number",
    entity: {
      shows: "told",
      traits: { ...diagnostic({ platform: "sensor", name: "" }), enabled_by_default: false },
    },
  },
};

/** Shown of every station from the start, so that a dashboard can be built before the first message. */
const ALWAYS: readonly string[] = ["soc", "grid_connected", "out_watts", "link", "age_s", "model", "sn"];

/** Marks: present only while they hold, so they are shown as soon as there is what they are about. */
const MARKS: Readonly<Record<string, keyof PowerState>> = {
  grid_unconfirmed: "grid_connected",
  grid_unknown: "grid_connected",
  discharge_min_doubtful: "discharge_min",
  model_guess: "model",
  link: "device",
  role: "device",
};

/** The keys of the entities that a state has something to say on; a value that never came makes no entity. */
export function shownKeys(state: PowerState): string[] {
  const keys = Object.keys(ROWS).filter((key) =>
    ALWAYS.includes(key) || own(state, own(MARKS, key) ?? (key as Shown)) !== undefined
  );
  for (const { num, ...pack } of state.packs ?? []) {
    for (const field of Object.keys(PACK_ROWS)) {
      if (own(pack, field as keyof typeof pack) !== undefined) keys.push(`pack_${num}_${field}`);
    }
  }
  return keys;
}

/** The entity of a key; undefined for a key that this version does not know. */
export function stationEntity(key: string): StationEntity | undefined {
  const [, num, field] = /^pack_(\d{1,2})_([a-z_]+)$/.exec(key) ?? [];
  if (num !== undefined && field !== undefined) return packEntity(Number(num), field);
  if (!Object.hasOwn(ROWS, key)) return undefined;
  const row = own(ROWS, key as Shown);
  const template = own(TEMPLATES, key as Shown) ?? valueOf(key);
  return { ...row, traits: { ...row.traits, value_template: template } };
}

function packEntity(num: number, field: string): StationEntity | undefined {
  const row = Object.hasOwn(PACK_ROWS, field) ? own(PACK_ROWS, field) : undefined;
  if (!row || num > 31) return undefined;
  const found = `value_json.packs | default([]) | selectattr('num', 'eq', ${num}) | first | default({})`;
  return {
    ...row.entity,
    traits: {
      ...row.entity.traits,
      name: `${num === 0 ? "Main pack" : `Pack ${num}`} ${row.name}`,
      value_template: `{{ (${found}).${field} | default(None) }}`,
    },
  };
}

function measurement(name: string, deviceClass: string, unit: string, precision: number): EntityTraits {
  return {
    platform: "sensor",
    name,
    device_class: deviceClass,
    state_class: "measurement",
    unit_of_measurement: unit,
    suggested_display_precision: precision,
  };
}

/** An age says how far to trust the rest; nobody needs statistics of it. */
function age(name: string): EntityTraits {
  const { state_class: _none, ...traits } = measurement(name, "duration", "s", 0);
  return traits;
}

/** A setting of the station: no class, or Home Assistant would take it for a battery's charge. */
function percentLimit(name: string, icon: string): EntityTraits {
  return { platform: "sensor", name, unit_of_measurement: "%", suggested_display_precision: 0, icon };
}

function diagnostic(traits: EntityTraits): EntityTraits {
  return { ...traits, entity_category: "diagnostic" };
}
