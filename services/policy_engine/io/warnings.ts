/** What is wrong with the house as a whole, for the health of the service: who is not protected, and why. Pure. */
import type { HealthCondition } from "../../../lib/health.ts";
import type { HostClocks } from "../hosts/host_clocks.ts";
import type { House } from "../house.ts";

/** Stations and agents have so long to be heard after a start, ms. */
export const FIRST_WORD_MS = 300_000;

/** Every code that {@link houseWarnings} can give. */
export const WARNING_CODES = [
  "station_unheard",
  "station_blind",
  "agent_unseen",
  "clocks_differ",
  "agent_twins",
] as const;

/** The conditions that hold now. @param runningMs How long the service has run */
export function houseWarnings(
  { rules, state }: House,
  clocks: HostClocks["apart"],
  twins: readonly string[],
  runningMs: number,
): readonly HealthCondition[] {
  const conditions: HealthCondition[] = [];
  const warn = (code: typeof WARNING_CODES[number], names: readonly string[], text: string) => {
    if (names.length === 0) return;
    conditions.push({
      code,
      severity: "warning",
      text: `${names.map((name) => `"${name}"`).join(", ")} ${text}`,
    });
  };
  const devices = Object.keys(rules.stations);
  const isUnheard = (device: string) => state.stations.get(device)?.verdict?.connected === undefined;
  if (runningMs >= FIRST_WORD_MS) {
    warn(
      "station_unheard",
      devices.filter(isUnheard),
      "never told whether the grid is there: hosts on it are not protected",
    );
    const unseen = [...state.hosts].filter(([, { online }]) => online === undefined).map(([agent]) => agent);
    warn("agent_unseen", unseen, "was never seen: a shutdown would reach nobody there");
  }
  const blind = devices.filter((device) => state.stations.get(device)?.isBlind && !isUnheard(device));
  warn("station_blind", blind, "is silent: the last word on it is old");
  warn(
    "clocks_differ",
    clocks.agents,
    `refused a command for its time: clocks there and here differ by up to ${clocks.most}; set them`,
  );
  warn(
    "agent_twins",
    twins,
    "is the name of two hosts, as after a disk was copied: give one another name and key (ecoflow-agent pair)",
  );
  return conditions;
}
