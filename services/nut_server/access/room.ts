/** Who has to go when there is no room for a newcomer. Pure. */

/** An open connection, as far as it matters here. */
export interface Guest {
  readonly address: string;
  readonly isLoggedIn: boolean;
  /** When its last whole line came, monotonic ms. */
  readonly lastLineMonoMs: number;
}

/**
 * The connection that makes room: the idlest of the address that has most. So a flood from one address pays for itself, and a host
 * that has just come is not the next to go. Logged-in ones never do, nor does the only connection of an address from which
 * somebody logged in before.
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

/** An address with fewer sessions is somebody at home: hosts have one or two. */
const MANY_SESSIONS = 4;

/**
 * The same for a newcomer from an address that is kept a place, when nobody else can go: the idlest session of the address that has
 * most, of those that have many. Whoever has a password may log in often, and from many addresses. That must not keep a host out.
 *
 * @returns undefined when no address has many
 */
export function whoOfMany<T extends Guest>(guests: readonly T[]): T | undefined {
  const byAddress = Map.groupBy(guests, ({ address }) => address);
  const [most = []] = [...byAddress.values()].filter((all) => all.length >= MANY_SESSIONS)
    .sort((a, b) => b.length - a.length);
  return most.reduce<T | undefined>((a, b) => a && a.lastLineMonoMs <= b.lastLineMonoMs ? a : b, undefined);
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
