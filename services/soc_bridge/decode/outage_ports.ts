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

/** The list as it was read. */
export interface ReadOutagePorts {
  /** The entries whose flag is set. */
  readonly ports: readonly OutagePort[];
  /** Entries whose flag is set and that say no outlet or charge that can be used, one sentence each. */
  readonly problems: readonly string[];
}

/**
 * Reads the list of a message, which replaces the one before as a whole.
 *
 * @returns undefined when the message does not carry the list
 */
export function readOutagePorts(
  rule: CompiledOutagePorts,
  message: string,
  fields: Fields,
): ReadOutagePorts | undefined {
  if (rule.message !== message) return undefined;
  let value: unknown = fields;
  for (const step of rule.steps) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = own(value as Record<string, unknown>, step);
  }
  if (!Array.isArray(value)) return undefined;
  const ports: OutagePort[] = [];
  const problems: string[] = [];
  const path = [rule.message, ...rule.steps].join(".");
  for (const [i, entry] of (value as readonly Fields[]).slice(0, MAX_PORTS).entries()) {
    const of = (name: string) => numberAt(entry, [{ name, list: false }]);
    if (of(rule.enabled) !== 1) continue;
    const [number, minSoc] = [of(rule.port), of(rule.min_soc)];
    const port = own(rule.ports, String(number));
    if (port === undefined) {
      const wanted = Object.keys(rule.ports).join(", ");
      problems.push(`${path}[${i}].${rule.port} must be one of ${wanted}, found ${shown(number)}`);
    } else if (minSoc === undefined || minSoc < 0 || minSoc > 100) {
      problems.push(
        `${path}[${i}].${rule.min_soc} of outlet "${port}" must be 0 to 100 %, found ${shown(minSoc)}: ` +
          "a host on it may lose its power early",
      );
    } else ports.push({ port, min_soc: minSoc });
  }
  return { ports, problems };
}

function shown(value: number | undefined): string {
  return value === undefined ? "nothing" : String(value);
}
