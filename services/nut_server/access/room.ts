/** Who has to go when there is no room for a newcomer. Pure. */

/** An open connection, as far as it matters here. */
export interface Guest {
  readonly address: string;
  readonly isLoggedIn: boolean;
  /** When its last whole line came, monotonic ms. */
  readonly lastLineMonoMs: number;
}

/**
 * The connection that makes room: the idlest of the address that has most, so that a flood from one address pays for
 * itself and a host that has just come is not the next to go. Logged-in ones never do, nor does the only connection of an
 * address from which somebody logged in before.
 *
 * @returns undefined when nobody can go
 */
export function whoMakesRoom<T extends Guest>(
  guests: readonly T[],
  isKnown: (address: string) => boolean,
): T | undefined {
  const strangers = new Map<string, T[]>();
  for (const guest of guests) {
    if (guest.isLoggedIn) continue;
    strangers.set(guest.address, [...strangers.get(guest.address) ?? [], guest]);
  }
  let found: { readonly guest: T; readonly count: number } | undefined;
  for (const [address, all] of strangers) {
    if (isKnown(address) && all.length === 1) continue;
    const guest = all.reduce((a, b) => b.lastLineMonoMs < a.lastLineMonoMs ? b : a);
    const isMore = !found || all.length > found.count ||
      (all.length === found.count && guest.lastLineMonoMs < found.guest.lastLineMonoMs);
    if (isMore) found = { guest, count: all.length };
  }
  return found?.guest;
}

/**
 * How many connections a newcomer may find: places are kept for addresses from which somebody logged in before and that
 * have no connection now.
 *
 * @param known The addresses that are kept a place
 */
export function placesFor(
  newcomer: string,
  maxConnections: number,
  known: readonly string[],
  guests: readonly Pick<Guest, "address">[],
): number {
  if (known.includes(newcomer)) return maxConnections;
  const present = new Set(guests.map(({ address }) => address));
  return maxConnections - known.filter((address) => !present.has(address)).length;
}
