/** The policy with two sources a station, and the same worlds with the cloud alone: what a cable is worth. */
import { type Played, playOutage } from "../../../services/policy_engine/testdata/chaos.ts";

/** A host that is told within one step of the world is told at the same time, s. */
const SAME_SEC = 10;

/** What a run found. */
export interface SourcesFigures {
  readonly worlds: number;
  readonly seconds: number;
  /** Promises broken with both sources. */
  readonly violations: readonly NonNullable<Played["violation"]>[];
  /** Hosts that had to be told with both sources. */
  readonly due: number;
  /** Hosts that the cloud alone told. */
  readonly told: number;
  /** Of those, with the cable: told later, not told at all, told earlier. */
  readonly later: number;
  readonly spared: number;
  readonly earlier: number;
  /** Hosts that only the cable's house told. */
  readonly added: number;
  /** Hosts that lost their power unprepared, whether anybody could have known or not: the cloud alone, both. */
  readonly lostByCloud: number;
  readonly lostByBoth: number;
}

/** Plays each world twice. @param progress Called after each 250 with what was found so far */
export function measureSources(
  worlds: number,
  firstSeed: number,
  progress: (soFar: SourcesFigures) => void = () => {},
): SourcesFigures {
  const sum = { due: 0, told: 0, later: 0, spared: 0, earlier: 0, added: 0, lostByCloud: 0, lostByBoth: 0 };
  const violations: NonNullable<Played["violation"]>[] = [];
  const startMs = performance.now();
  const figures = (played: number): SourcesFigures => ({
    worlds: played,
    seconds: (performance.now() - startMs) / 1000,
    violations,
    ...sum,
  });
  for (let played = 0; played < worlds;) {
    const both = playOutage(firstSeed + played, undefined, false, "both");
    const cloud = playOutage(firstSeed + played, undefined, false, "cloud");
    if (both.violation) violations.push(both.violation);
    sum.due += both.due;
    sum.lostByBoth += both.lost;
    sum.lostByCloud += cloud.lost;
    for (const [agent, sec] of cloud.firstToldSec) {
      const withCable = both.firstToldSec.get(agent);
      sum.told++;
      if (withCable === undefined) sum.spared++;
      else if (withCable > sec + SAME_SEC) sum.later++;
      else if (withCable < sec - SAME_SEC) sum.earlier++;
    }
    for (const agent of both.firstToldSec.keys()) if (!cloud.firstToldSec.has(agent)) sum.added++;
    if (++played % 250 === 0) progress(figures(played));
  }
  return figures(worlds);
}

/** The figures as lines. */
export function sourcesText(found: SourcesFigures): string {
  const { worlds, seconds, violations, due, told, later, spared, earlier, added } = found;
  return [
    `${worlds} outages with cloud and cable in ${
      seconds.toFixed(0)
    } s (each played twice): ${due} hosts had to be told; ` +
    `${violations.length} promises broken`,
    `of ${told} hosts that the cloud alone told: ${later} later, ${spared} not at all, ${earlier} earlier; ${added} more were told; ` +
    `unprepared: ${found.lostByCloud} with the cloud alone, ${found.lostByBoth} with both`,
    ...violations.slice(0, 10).map(({ seed, property, text }) => `  seed ${seed} broke ${property}: ${text}`),
  ].join("\n");
}
