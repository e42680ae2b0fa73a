/** Mutants that no test can or need notice, each with the reason. Everything else that survives is a missing test. */
import { AGENT_SURVIVORS } from "./survivors/agent.ts";
import { CLOUD_SURVIVORS } from "./survivors/cloud.ts";
import { HOSTS_SURVIVORS } from "./survivors/hosts.ts";
import { JUDGE_SURVIVORS } from "./survivors/judge.ts";
import { OUTAGE_SURVIVORS } from "./survivors/outage.ts";
import { RULES_SURVIVORS } from "./survivors/rules.ts";
import { SNAPSHOT_SURVIVORS } from "./survivors/snapshot.ts";

const ROOMS = [
  AGENT_SURVIVORS,
  CLOUD_SURVIVORS,
  HOSTS_SURVIVORS,
  JUDGE_SURVIVORS,
  OUTAGE_SURVIVORS,
  RULES_SURVIVORS,
  SNAPSHOT_SURVIVORS,
];

/** See the file comment; the reason by the mutant. */
export const EXPLAINED: ReadonlyMap<string, string> = new Map(
  ROOMS.flatMap((room) =>
    room.flatMap(([reason, mutants]) => mutants.map((mutant) => [mutant, reason] as const))
  ),
);
