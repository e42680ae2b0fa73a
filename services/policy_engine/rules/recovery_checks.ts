/** Whether hosts that a policy file wakes could stay up. Pure. */
import type { FileProblem, PolicyFile } from "./policy_file_schema.ts";
import type { Triggers } from "./rules.ts";
import { stationFromFile } from "./rules_from_file.ts";
import type { SimpleLimits } from "./simple_rules.ts";
import { effectiveSocMin } from "./soc_limit.ts";
import { own } from "../../../lib/own.ts";
import { quoted } from "../../../lib/text/quoted.ts";

/** A host that is woken below the charge at which it is shut down would go down again at the next flicker. */
export function recoveryProblems(file: PolicyFile, limits: SimpleLimits): readonly FileProblem[] {
  const wakeSoc = file.recovery?.soc_min;
  if (wakeSoc === undefined) return [];
  const woken = new Set(Object.entries(file.host).filter(([, { mac }]) => mac).map(([host]) => host));
  return Object.keys(limits.stations).flatMap((device) => {
    const floorPercent = own(file.station, device)?.min_soc ?? 0;
    const groups = stationFromFile(device, file, limits).stages.flatMap((stage) => stage.groups);
    return groups.filter(({ hosts }) => hosts.some((host) => woken.has(host))).flatMap(
      ({ hosts, triggers }): FileProblem[] => {
        const then = tooEarly(wakeSoc, triggers, floorPercent);
        if (then === undefined) return [];
        const text = `is an impossible order: ${quoted(hosts)} would be woken at ${wakeSoc} %${then}`;
        return [{ path: ["recovery", "soc_min"], text }];
      },
    );
  });
}

/**
 * What would follow at once on waking at this charge; undefined when nothing would.
 *
 * @param floorPercent Where the station switches off, as the owner says it; 0: nobody says
 */
function tooEarly(wakeSoc: number, { socMinPercent }: Triggers, floorPercent: number): string | undefined {
  if (socMinPercent === undefined) {
    return floorPercent > 0 && wakeSoc <= floorPercent
      ? `, and the station switches off at ${floorPercent} %`
      : undefined;
  }
  const limit = effectiveSocMin(socMinPercent, { floorPercent });
  return wakeSoc <= limit ? ` and shut down at ${limit} %` : undefined;
}
