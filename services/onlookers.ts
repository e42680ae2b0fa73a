/** The services that only look on: a house without them is as well protected. They may share a worker. Pure. */

/** Their names, as in the registry. */
export const ONLOOKERS = ["historian", "dashboard", "notifier", "discovery"] as const;

/** One of them. */
export type Onlooker = typeof ONLOOKERS[number];

/** Whether this service only looks on. */
export function isOnlooker(service: string): service is Onlooker {
  return (ONLOOKERS as readonly string[]).includes(service);
}
