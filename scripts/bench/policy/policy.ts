/** The policy in generated outages with everything going wrong: how many, how fast, and which promise broke. */
import { type Played, playOutage } from "../../../services/policy_engine/testdata/chaos.ts";

/** What a run found. */
export interface PolicyFigures {
  readonly worlds: number;
  readonly seconds: number;
  readonly due: number;
  readonly commanded: number;
  readonly restarts: number;
  readonly ended: number;
  readonly untold: number;
  readonly violations: readonly NonNullable<Played["violation"]>[];
}

/**
 * Plays worlds by their seeds, one after the other.
 *
 * @param firstSeed The first seed; the others follow it
 * @param progress Called after each thousand with the number played
 */
export function measurePolicy(
  worlds: number,
  firstSeed: number,
  progress: (played: number) => void = () => {},
): PolicyFigures {
  const sum = { due: 0, commanded: 0, restarts: 0, ended: 0, untold: 0 };
  const violations: NonNullable<Played["violation"]>[] = [];
  const startMs = performance.now();
  for (let played = 0; played < worlds;) {
    const world = playOutage(firstSeed + played);
    if (world.violation) violations.push(world.violation);
    for (const key of ["due", "commanded", "restarts", "ended", "untold"] as const) sum[key] += world[key];
    if (++played % 1000 === 0) progress(played);
  }
  return { worlds, seconds: (performance.now() - startMs) / 1000, ...sum, violations };
}

/** The figures as lines. */
export function policyText(
  { worlds, seconds, due, commanded, restarts, ended, untold, violations }: PolicyFigures,
): string {
  const found = violations.slice(0, 10).map(({ seed, property, text }) =>
    `  seed ${seed} broke ${property}: ${text}`
  );
  return [
    `${worlds} outages in ${
      seconds.toFixed(0)
    } s; ${restarts} kills; ${ended} batteries ended; ${untold} grids untold; ` +
    `${commanded} hosts were commanded, ${due} of them had to be; ${violations.length} promises broken`,
    ...found,
  ].join("\n");
}
