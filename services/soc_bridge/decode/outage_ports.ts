/** Outlets that a station switches off at a charge of their own. Pure. */
import type { OutagePort } from "../../../lib/messages/power_state.ts";
import type { Fields } from "../../../proto/family_schema.ts";
import { numberAt } from "../models/field_path.ts";
import type { CompiledOutagePorts } from "../models/outage_ports.ts";
import { own } from "../../../lib/own.ts";

/** The outlets with a limit of their own, and when the station said so. */
export interface TimedOutagePorts {
  readonly ports: readonly OutagePort[];
  readonly atMonoMs: number;
}

/** More entries than this are not read. */
const MAX_PORTS = 8;

/**
 * Reads the list of a message, which replaces the one before as a whole.
 *
 * @returns The entries whose flag is set; undefined when the message does not carry the list
 */
export function readOutagePorts(
  rule: CompiledOutagePorts,
  message: string,
  fields: Fields,
): OutagePort[] | undefined {
  if (rule.message !== message) return undefined;
  let value: unknown = fields;
  for (const step of rule.steps) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = own(value as Record<string, unknown>, step);
  }
  if (!Array.isArray(value)) return undefined;
  return (value as readonly Fields[]).slice(0, MAX_PORTS).flatMap((entry) => {
    const of = (name: string) => numberAt(entry, [{ name, list: false }]);
    const port = own(rule.ports, String(of(rule.port)));
    const minSoc = of(rule.min_soc);
    if (port === undefined || of(rule.enabled) !== 1 || minSoc === undefined) return [];
    return minSoc >= 0 && minSoc <= 100 ? [{ port, min_soc: minSoc }] : [];
  });
}
