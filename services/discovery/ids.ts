/** Words that stay the same for ever: object ids in topics, unique ids of entities, and text inside templates. Pure. */
import { sha256Hex } from "../../lib/text/sha256.ts";

/** What a device of Home Assistant stands for. */
export type DeviceKind = "daemon" | "station" | "host";

/** The daemon's own object id. */
export const DAEMON_ID = "daemon";

/** The longest readable part of an id made from a name, characters. */
const SLUG_LENGTH = 32;

/** The object id of a station: by its serial number, which stays when it is renamed; by its name where none is known. */
export function stationId(sn: string | undefined, name: string): string {
  return sn !== undefined && /^[A-Za-z0-9-]{4,32}$/.test(sn)
    ? `station_${sn.toLowerCase()}`
    : `station_named_${nameWord(name)}`;
}

/** The object id of a host. */
export function hostId(agent: string): string {
  return `host_${nameWord(agent)}`;
}

/** What the object id stands for; undefined when it is not one of ours. */
export function kindOfId(id: string): DeviceKind | undefined {
  if (id === DAEMON_ID) return "daemon";
  return /^(station|host)_[a-z0-9_-]{1,120}$/.exec(id)?.[1] as DeviceKind | undefined;
}

/** The id by which Home Assistant tells devices apart. */
export function deviceIdentifier(id: string): string {
  return `ecoflow_power_${id}`;
}

/** The id by which Home Assistant tells entities apart. */
export function uniqueId(id: string, key: string): string {
  return `ecoflow_power_${id}_${key}`;
}

/**
 * Any text as a literal inside a template: whatever is not plainly harmless is escaped, so that no name ends the
 * literal or the template.
 */
export function templateText(text: string): string {
  const safe = [...text].map((character) =>
    /[A-Za-z0-9 _.-]/.test(character)
      ? character
      : `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`
  );
  return `'${safe.join("")}'`;
}

/** A name in the characters that a discovery topic may have; two different names never give the same word. */
function nameWord(name: string): string {
  if (/^[a-z0-9-]{1,64}$/.test(name)) return name;
  const slug = name.normalize("NFKD").toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
  const mark = sha256Hex(name).slice(0, 10);
  return `${slug.slice(0, SLUG_LENGTH)}_${mark}`;
}
