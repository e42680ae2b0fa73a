/** What an attack is, and what several of them ask of the house. */
import type { MqttClient } from "../../../lib/mqtt/client.ts";
import { type AttackHouse, pause, TOPICS } from "./attack_house.ts";

/** One attack and its outcome. */
export interface AttackOutcome {
  /** What the attacker has: the network, another host's password, the broker, the dashboard's address. */
  readonly has: string;
  readonly attack: string;
  readonly tried: number;
  /** In words, with figures. */
  readonly outcome: string;
  readonly holds: boolean;
}

/** Attacks a house. @param random From 0 to 1, from the seed of the run */
export type Attack = (house: AttackHouse, random: () => number) => Promise<AttackOutcome>;

/** A payload as text. */
export const textOf = (payload: Uint8Array) => new TextDecoder().decode(payload);

/** Answers of a host that it obeys, since a place in what was seen. */
export function obeyed(house: AttackHouse, host: string, from: number): number {
  return house.seen.slice(from).filter(({ topic, payload }) =>
    topic === TOPICS.ack(host) && /"status":"(accepted|running|shutting_down|done)"/.test(textOf(payload))
  ).length;
}

/** Waits for a real shutdown of a host. @returns the time, ms; undefined: it did not come in a minute */
export async function timeToShutdown(house: AttackHouse, host: string): Promise<number | undefined> {
  const from = house.seen.length;
  const begunMs = performance.now();
  house.say({ soc: 5, grid_connected: false });
  let tookMs: number | undefined;
  while (tookMs === undefined && performance.now() - begunMs < 60_000) {
    await pause(20);
    if (obeyed(house, host, from) > 0) tookMs = performance.now() - begunMs;
  }
  house.say({ soc: 80, grid_connected: true });
  await pause(4000);
  return tookMs;
}

/** Such a time in words. */
export const shown = (ms: number | undefined) =>
  ms === undefined ? "NOT in a minute" : `in ${(ms / 1000).toFixed(1)} s`;

/** Attacks as the host whose password the attacker has. */
export async function asEvil(
  house: AttackHouse,
  run: (evil: MqttClient) => Promise<Omit<AttackOutcome, "has">>,
): Promise<AttackOutcome> {
  const evil = await house.connect("evil", house.passwordOf("evil"), "somebody");
  try {
    return { has: "another host's password", ...await run(evil) };
  } finally {
    await evil.close();
  }
}
