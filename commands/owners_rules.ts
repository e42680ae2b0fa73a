/** The policy as the owner wrote it: keys and policy file together. */
import type { HouseConfig } from "../lib/config/load.ts";
import type { HouseRules } from "../services/policy_engine/rules/rules.ts";
import { houseRules } from "../services/policy_engine/rules/rules_from_file.ts";
import { policyFileOf } from "../services/policy_engine/slice.ts";

/** The rules that the daemon goes by; the policy file was read before without a problem. */
export function ownersRules(house: HouseConfig): HouseRules {
  const limits = { ...house.policy, stations: house.agentsByStation, staleAfterSec: house.staleAfterSec };
  return houseRules(limits, policyFileOf(house), 0);
}
