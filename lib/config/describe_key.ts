/** What a key takes, in words: for the reference, the example file and the terminal. Pure. */
import type { KeySpec } from "./key_spec.ts";

/** What its text must be: `whole number, 30 to 60 s`. */
export function valueText(spec: KeySpec): string {
  const unit = spec.unit === undefined ? "" : ` ${spec.unit}`;
  switch (spec.kind) {
    case "switch":
      return "on or off";
    case "integer":
      return `whole number, ${spec.min} to ${spec.max}${unit}`;
    case "number":
      return `number, ${spec.min} to ${spec.max}${unit}`;
    case "choice":
      return spec.choices.join(", ").replace(/, ([^,]*)$/, " or $1");
    case "json":
      return "JSON";
    case "text":
      return spec.wanted ?? (spec.secret ? "secret" : "text");
  }
}

/** What holds while it is not set: `45 s when not set`. */
export function defaultText(spec: KeySpec): string {
  const preset = presetText(spec);
  return preset === undefined ? "nothing when not set" : `${preset} when not set`;
}

/** The default, or what takes its place; undefined when there is neither. */
export function presetText(spec: KeySpec): string | undefined {
  if (spec.default === undefined) return spec.whenUnset;
  if (typeof spec.default === "boolean") return spec.default ? "on" : "off";
  return `${spec.default}${spec.unit === undefined ? "" : ` ${spec.unit}`}`;
}
