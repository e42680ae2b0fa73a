/** Field paths of tables: reading them from decoded messages, and their names in the developer API's JSON. */
import { own } from "../../../lib/own.ts";

/** A path below a message: names in order; a step whose `list` is true holds many, of which the largest counts. */
export type PathSteps = readonly { readonly name: string; readonly list: boolean }[];

/** `bp_info.packs[].temp` becomes its steps. */
export function parsePath(path: string): PathSteps {
  return path.split(".").map((part) =>
    part.endsWith("[]") ? { name: part.slice(0, -2), list: true } : { name: part, list: false }
  );
}

/**
 * The number at a path; true counts 1 and false 0.
 *
 * @returns undefined when a part of the path was not sent, or what is there is no finite number
 */
export function numberAt(fields: unknown, steps: PathSteps, from = 0): number | undefined {
  let value = fields;
  for (let i = from; i < steps.length; i++) {
    const step = steps[i];
    if (!step || typeof value !== "object" || value === null) return undefined;
    value = own(value as Record<string, unknown>, step.name);
    if (step.list) return largestAt(value, steps, i + 1);
  }
  return asNumber(value);
}

/** The largest number that {@link numberAt} finds in the entries of a list; undefined when it is none, or holds none. */
export function largestAt(list: unknown, steps: PathSteps, from = 0): number | undefined {
  if (!Array.isArray(list)) return undefined;
  const numbers = list.map((item) => numberAt(item, steps, from)).filter((n) => n !== undefined);
  return numbers.length > 0 ? Math.max(...numbers) : undefined;
}

/** Whether a number is a counter's way to say that it has no value, of 16 bits or 32; of flags and bits it is one. */
export function isNoValue(value: number): boolean {
  return value === 0xffff || value === 0xffff_ffff;
}

/** A finite number, or 1 and 0 for a boolean; anything else is unknown. */
export function asNumber(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  return typeof value === "boolean" ? Number(value) : undefined;
}

/**
 * The ways a snake_case field is spelled in JSON: `plug_in_info_4p8_1_vol` is `plugInInfo4p81Vol` with protobuf's own
 * rule and `plugInInfo_4p8_1Vol` with the one that leaves digits alone.
 */
export function camelCases(name: string): string[] {
  const keepDigits = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const all = name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return keepDigits === all ? [all] : [keepDigits, all];
}
