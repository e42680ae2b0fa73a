/** Whether a cable's serial number is a station's. Pure. */

/** Letters and digits count, in either case: drivers put blanks and hyphens where a station has none. */
export function isSameSerial(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

/**
 * Whether a cable belongs to another station than it is named for.
 *
 * @param said What the driver says; undefined: it says none, which contradicts nothing
 * @param wanted Of the station; undefined: it has none that is known
 */
export function isAnotherSerial(said: string | undefined, wanted: string | undefined): boolean {
  return said !== undefined && wanted !== undefined && !isSameSerial(said, wanted);
}

const plain = (serial: string) => serial.replaceAll(/[^\p{L}\p{N}]/gu, "").toUpperCase();
