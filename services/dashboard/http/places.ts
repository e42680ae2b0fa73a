/**
 * Who makes room when all places are taken: whoever only holds one without a request, the busiest network first. So
 * many half-open connections keep nobody out, and a network with a log-in keeps places of its own. Pure.
 */

/** How many places there are. */
export interface PlaceLimits {
  readonly total: number;
  readonly perNetwork: number;
}

/** Somebody who has a place. */
export interface Occupant {
  /** See `networkOf`. */
  readonly network: string;
  /** Nothing is being answered: there is no request, or half of one. */
  readonly isIdle: boolean;
}

/** Nobody from elsewhere takes these from a network with a log-in. */
export const KEPT_PLACES = 8;

/** There is room; or there is, once `who` has gone; or there is none. */
export type Room<T> =
  | { readonly kind: "free" }
  | { readonly kind: "displace"; readonly who: T }
  | { readonly kind: "none" };

/**
 * Looks for a place.
 *
 * @param network Where the newcomer is from
 * @param occupants The oldest first
 * @param hasLogin Whether a log-in from that network holds
 */
export function findRoom<T extends Occupant>(
  network: string,
  occupants: readonly T[],
  hasLogin: (network: string) => boolean,
  limits: PlaceLimits,
): Room<T> {
  const own = occupants.filter((one) => one.network === network);
  if (own.length >= limits.perNetwork) return displace(own.find(({ isIdle }) => isIdle));
  if (occupants.length < limits.total) return { kind: "free" };
  const counts = new Map<string, number>();
  for (const one of occupants) counts.set(one.network, (counts.get(one.network) ?? 0) + 1);
  const safe = new Set(
    [...counts].filter(([name, count]) => count <= KEPT_PLACES && hasLogin(name)).map(([n]) => n),
  );
  const open = occupants.filter((one) => !safe.has(one.network));
  // The newcomer would be one more of its own network.
  const sizeOf = (name: string) => (counts.get(name) ?? 0) + (name === network ? 1 : 0);
  const idle = ofBusiest(open.filter(({ isIdle }) => isIdle), sizeOf);
  if (idle) return displace(idle);
  const busiest = ofBusiest(open, sizeOf);
  if (!busiest) return { kind: "none" };
  const isOwed = own.length < KEPT_PLACES && hasLogin(network);
  // Whoever is being answered goes only for a newcomer with a log-in, or for one whose network has less.
  return isOwed || sizeOf(busiest.network) > own.length + 1 ? displace(busiest) : { kind: "none" };
}

function displace<T>(who: T | undefined): Room<T> {
  return who === undefined ? { kind: "none" } : { kind: "displace", who };
}

/** The oldest of the network that has most. */
function ofBusiest<T extends Occupant>(
  some: readonly T[],
  sizeOf: (network: string) => number,
): T | undefined {
  let found: T | undefined;
  for (const one of some) {
    if (found === undefined || sizeOf(one.network) > sizeOf(found.network)) found = one;
  }
  return found;
}
