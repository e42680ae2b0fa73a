/** Which rules are mutated, and which tests must notice. */

/** A place whose rules must be held by tests. */
export interface MutantTarget {
  readonly name: string;
  /** Files, or folders with all their files but tests. */
  readonly sources: readonly string[];
  /** Files or folders of tests, the closest first and all at last; slow ones are left out. */
  readonly tests: readonly string[];
}

const POLICY = "services/policy_engine";

/** Tests that start programs, play thousands of outages or wait: they would only make a run longer. */
export const SLOW_TESTS = new RegExp(
  [
    "chaos_test|many_stations_test|upsd_test|living_test|end_to_end_test|debian_|differential|load_test",
    "policy_engine/names_test|plan_and_daemon_test|truth_property_test|soc_bridge/hostile_test",
    "nut_server/server_test|winnut_test",
  ].join("|"),
);

/** All targets, in the order of a plain run. */
export const TARGETS: readonly MutantTarget[] = [
  { name: "rules", sources: [`${POLICY}/rules`], tests: [`${POLICY}/rules`, POLICY] },
  { name: "outage", sources: [`${POLICY}/outage`], tests: [`${POLICY}/outage`, POLICY] },
  { name: "hosts", sources: [`${POLICY}/hosts`, `${POLICY}/house.ts`], tests: [`${POLICY}/hosts`, POLICY] },
  { name: "snapshot", sources: [`${POLICY}/snapshot`], tests: [`${POLICY}/snapshot`, POLICY] },
  { name: "requests", sources: [`${POLICY}/requests`], tests: [`${POLICY}/requests`, POLICY] },
  {
    name: "judge",
    sources: ["services/soc_bridge/judge"],
    tests: ["services/soc_bridge/judge", "services/soc_bridge"],
  },
  {
    name: "agent",
    sources: [
      "agents/obey/verify.ts",
      "agents/obey/admission.ts",
      "agents/alone/last_resort.ts",
      "agents/alone/plan_keeper.ts",
      "agents/alone/alone_watch.ts",
    ],
    tests: ["agents/obey", "agents/alone", "agents"],
  },
  {
    name: "nut",
    sources: ["services/nut_server/protocol/session.ts", "services/nut_server/ups/latch.ts"],
    tests: [
      "services/nut_server/protocol/session_test.ts",
      "services/nut_server/ups/latch_test.ts",
      "services/nut_server",
    ],
  },
  {
    name: "cloud",
    sources: ["services/cloud_bridge/session/session.ts"],
    tests: ["services/cloud_bridge/session", "services/cloud_bridge"],
  },
];
