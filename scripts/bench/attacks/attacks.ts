/** Attacks a house of real processes from outside, and says of each attack what came of it. */
import { pause, startAttackHouse } from "./attack_house.ts";
import { BROKER_ATTACKS } from "./broker_attacks.ts";
import { measureCloudAttacks } from "./cloud_attacks.ts";
import { LISTENER_ATTACKS } from "./listener_attacks.ts";
import { type Attack, type AttackOutcome, obeyed, shown, timeToShutdown } from "./outcome.ts";

/** Runs all of them in turn, those by the cloud against a house of their own. @param onOutcome Called after each */
export async function measureAttacks(
  seed: number,
  onOutcome: (outcome: AttackOutcome) => void,
): Promise<readonly AttackOutcome[]> {
  const house = await startAttackHouse();
  const outcomes: AttackOutcome[] = [];
  let state = seed;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  try {
    house.say({ soc: 80, grid_connected: true });
    await pause(3000);
    for (const attack of ATTACKS) {
      const outcome = await attack(house, random);
      outcomes.push(outcome);
      onOutcome(outcome);
    }
  } finally {
    await house.stop();
  }
  await measureCloudAttacks(random, (outcome) => {
    outcomes.push(outcome);
    onOutcome(outcome);
  });
  return outcomes;
}

const ATTACKS: readonly Attack[] = [
  async (house) => {
    const ms = await timeToShutdown(house, "good");
    return {
      has: "nothing",
      attack: "none: an outage, to compare with",
      tried: 1,
      outcome: `host told ${shown(ms)}`,
      holds: ms !== undefined,
    };
  },
  ...BROKER_ATTACKS,
  ...LISTENER_ATTACKS,
  async (house) => {
    const from = house.seen.length;
    const ms = await timeToShutdown(house, "good");
    const evil = obeyed(house, "evil", from) > 0;
    return {
      has: "nothing",
      attack: "none: the last outage",
      tried: 1,
      outcome: `host told ${shown(ms)}${evil ? ", the other one too" : ""}`,
      holds: ms !== undefined && house.isAlive(),
    };
  },
];

/** A table. */
export const ATTACKS_HEAD =
  "| the attacker has | attack | tried | outcome | holds |\n| --- | --- | --- | --- | --- |";

/** One row of it. */
export function attackRow({ has, attack, tried, outcome, holds }: AttackOutcome): string {
  return `| ${has} | ${attack} | ${tried.toLocaleString("en")} | ${outcome} | ${holds ? "yes" : "**NO**"} |`;
}
