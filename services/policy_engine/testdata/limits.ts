/** The configuration beside the policy files of tests. */
import type { SimpleLimits } from "../rules/simple_rules.ts";

/** Two stations; `nas` hangs on both. */
export const LIMITS: SimpleLimits = {
  stations: { Study: ["tv", "pc", "nas", "pi"], "Attic room": ["nas", "mac"] },
  socMinPercent: 10,
  debounceSec: 180,
  cooldownSec: 300,
  abortWindowSec: 120,
  shutdownDelaySec: 60,
  staleAfterSec: 120,
};
