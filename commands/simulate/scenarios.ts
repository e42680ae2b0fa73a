/** All scenarios. `deno task simulate --list` prints them. */
import type { Scenario } from "./scenario.ts";
import { CABLE_SCENARIOS } from "./scenarios/cable.ts";
import { FAILURE_SCENARIOS } from "./scenarios/failures.ts";
import { GRID_SCENARIOS } from "./scenarios/grid.ts";
import { POLICY_SCENARIOS } from "./scenarios/policy.ts";

/** See the file comment. */
export const SCENARIOS: readonly Scenario[] = [
  ...GRID_SCENARIOS,
  ...FAILURE_SCENARIOS,
  ...POLICY_SCENARIOS,
  ...CABLE_SCENARIOS,
];
