/** The form of a device's configuration, as Home Assistant wants it; full key names, no abbreviations. */

/** One condition of availability. Several are joined by `all`: each must say `online`. */
export interface Availability {
  readonly topic: string;
  /** Gives `online` or `offline`, nothing else: any other word would leave the last one standing. */
  readonly value_template: string;
}

/** What an entity says about itself; its id and its topics are added when the device is put together. */
export interface EntityTraits {
  readonly platform: "sensor" | "binary_sensor" | "event";
  readonly name: string;
  readonly value_template?: string;
  readonly device_class?: string;
  readonly state_class?: "measurement";
  readonly unit_of_measurement?: string;
  readonly suggested_display_precision?: number;
  readonly options?: readonly string[];
  readonly event_types?: readonly string[];
  readonly entity_category?: "diagnostic";
  readonly enabled_by_default?: false;
  readonly icon?: string;
  /** Not heard for this long, the entity is unavailable, s. */
  readonly expire_after?: number;
  readonly qos?: 1;
}

/** One entity of a device. */
export interface Component extends EntityTraits {
  readonly unique_id: string;
  readonly state_topic: string;
  /** Absent: always available. */
  readonly availability?: readonly Availability[];
  readonly availability_mode?: "all";
}

/** With nothing but its platform a component is taken away. */
export interface RemovedComponent {
  readonly platform: string;
}

/** A device with all that belongs to it. */
export interface DevicePayload {
  readonly device: {
    readonly identifiers: readonly string[];
    readonly name: string;
    readonly manufacturer?: string;
    readonly model?: string;
    readonly serial_number?: string;
    readonly sw_version?: string;
  };
  readonly origin: { readonly name: string; readonly sw_version: string };
  readonly components: Readonly<Record<string, Component | RemovedComponent>>;
}

/** A value of a JSON payload; an absent one becomes the word for unknown, and never keeps what was there before. */
export function valueOf(path: string): string {
  return `{{ value_json.${path} | default(None) }}`;
}

/** A template that gives what `template` gives while the value's own age allows it, and beyond that the word for unknown. */
export function whileFresh(template: string, ageKey: string, limitSec: number): string {
  const [, expression] = /^\{\{ (.*) \}\}$/s.exec(template) ?? [];
  if (expression === undefined) {
    throw new SyntaxError(`Cannot limit a template: wanted "{{ … }}", found "${template}"`);
  }
  // A state without an age of its own is as old as its newest reading, and as fresh as its arrival without any.
  const age = `value_json.${ageKey} | default(value_json.age_s | default(0))`;
  return `{{ (${expression}) if (${age}) <= ${limitSec} else 'None' }}`;
}

/** A text that may be longer than a state of Home Assistant, which has at most 255 characters. */
export function textOf(path: string): string {
  return `{{ (value_json.${path} | default('None', true))[:250] }}`;
}

/** True, false or unknown. */
export function switchOf(path: string): string {
  const value = `value_json.${path} | default(None)`;
  return `{{ 'ON' if ${value} == true else 'OFF' if ${value} == false else 'None' }}`;
}

/** True, or else false: for keys whose absence means "no". */
export function markOf(path: string): string {
  return `{{ 'ON' if value_json.${path} | default(false) == true else 'OFF' }}`;
}
