/** Builds the client ids at EcoFlow's brokers: in one place, so that a suffix can be added. Pure. */

/**
 * The app API's client id. One without the user's id at its end is refused as "not authorised" since March 2023.
 *
 * @param uuid The installation's own, upper case with dashes; the same at every start, for the cloud allows about ten a day
 * @param userId Decimal digits
 * @see docs/protocol.md "Broker and topics"
 */
export function appClientId(uuid: string, userId: string): string {
  return `ANDROID_${uuid}_${userId}`;
}

/** The developer API's client id: free form, but stable. */
export function openClientId(uuid: string): string {
  return `ecoflow-power-${uuid}`;
}
