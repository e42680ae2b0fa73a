/** What a command line says of scenarios, the same in the program and in a checkout. Pure. */
import { wrap } from "../../lib/text/wrap.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

/** The scenario of this name, or all of them. @throws RangeError saying what was wanted */
export function chooseScenarios(wanted: string): readonly Scenario[] {
  const scenarios = SCENARIOS.filter(({ name }) => wanted === "all" || name === wanted);
  if (scenarios.length > 0) return scenarios;
  const names = SCENARIOS.map(({ name }) => name).join(", ");
  throw new RangeError(wrap(`Cannot play "${wanted}": must be all, ${names}`, 80, 2));
}

/** How much faster than life. @throws RangeError saying what was wanted */
export function readSpeed(text: string, most: number): number {
  const speed = Number(text);
  if (speed >= 1 && speed <= most) return speed;
  throw new RangeError(`Cannot play at speed "${text}": must be 1 to ${most}`);
}

/** A line for each scenario. */
export function scenarioList(): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length)) + 2;
  return SCENARIOS.map(({ name, title }) => `${wrap(`${name.padEnd(width)}${title}`, 80, width)}\n`).join("");
}
