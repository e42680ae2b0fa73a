/** Which name each station has in topics. */

/** A station as configuration or account know it. */
export interface NamedStation {
  readonly sn: string;
  readonly name?: string;
}

/** The longest name in topics, characters. */
const MAX_NAME_LENGTH = 64;

/**
 * Gives every serial number a name of its own: the configured one, else the account's, else the serial number. A name
 * that is already taken, or that is another station's serial number, falls back to the serial number.
 *
 * @param configured First of all, in order
 * @param listed What the account says
 * @param heard Serial numbers from traffic alone
 */
export function nameStations(
  configured: readonly NamedStation[],
  listed: readonly NamedStation[],
  heard: readonly string[],
): Map<string, string> {
  const wanted = new Map<string, string | undefined>();
  for (const { sn, name } of [...configured, ...listed]) {
    wanted.set(sn, wanted.get(sn) ?? topicName(name));
  }
  for (const sn of heard) if (!wanted.has(sn)) wanted.set(sn, undefined);
  const taken = new Set(wanted.keys());
  const names = new Map<string, string>();
  for (const [sn, name] of wanted) {
    if (name === undefined || name === sn || taken.has(name)) names.set(sn, sn);
    else {
      taken.add(name);
      names.set(sn, name);
    }
  }
  return names;
}

/** A name without what a topic cannot hold; undefined when nothing is left. */
export function topicName(name: string | undefined): string | undefined {
  // A broker ends the connection of whoever sends control characters, half characters or noncharacters in a topic.
  const clean = name?.replaceAll(/[/+#\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu, "_").trim().replace(
    /^\$/,
    "_",
  )
    .slice(0, MAX_NAME_LENGTH).replace(/\p{Cs}$/u, "").trim();
  return clean === undefined || clean === "" ? undefined : clean;
}
