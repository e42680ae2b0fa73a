/** Mutants of the hosts and the house that no test can or need notice, by the reason. Pure. */

/** Each reason with its mutants. */
export const HOSTS_SURVIVORS: readonly (readonly [reason: string, mutants: readonly string[]])[] = [
  [
    "of the time when a station last spoke only the time is read",
    [
      "services/policy_engine/house.ts «spoke: { value: true, ...at },» true -> false",
    ],
  ],
];
