/** What an MQTT message says of the grid, by the owner's rule. Pure. */
import type { WitnessSection } from "../rules/policy_file_schema.ts";
import { own } from "../../../lib/own.ts";

type Rule = Pick<
  WitnessSection,
  "pointer" | "present_when_equals" | "absent_when_equals" | "present_when_above"
>;

/**
 * Reads a payload.
 *
 * JSON when it is JSON, else its text as it is. With only one of the two "equals" every other value means the opposite;
 * with both, other values mean nothing. "Above" needs a number, also as text; everything else means nothing.
 *
 * @returns true: the grid is there; false: it is gone; undefined: the message does not say
 */
export function readWitness(payload: Uint8Array, rule: Rule): boolean | undefined {
  const value = at(decode(payload), rule.pointer ?? "");
  if (value === undefined || value === null || typeof value === "object") return undefined;
  const { present_when_above: above, present_when_equals: present, absent_when_equals: absent } = rule;
  if (above !== undefined) {
    const number = typeof value === "boolean" || value === "" ? NaN : Number(value);
    return Number.isFinite(number) ? number > above : undefined;
  }
  if (present !== undefined && value === present) return true;
  if (absent !== undefined && value === absent) return false;
  if (present !== undefined && absent !== undefined) return undefined;
  return present === undefined;
}

function decode(payload: Uint8Array): unknown {
  const text = new TextDecoder().decode(payload.subarray(0, 65_536));
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** RFC 6901. */
function at(value: unknown, pointer: string): unknown {
  let found = value;
  for (const step of pointer.split("/").slice(1)) {
    const key = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (found === null || typeof found !== "object" || !Object.hasOwn(found, key)) return undefined;
    found = own(found as Record<string, unknown>, key);
  }
  return found;
}
